"""Experiments, runs, artifacts, models and traces through the unmodified mlflow client."""

import io
import json
import os
import secrets
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
)
from databricks.sdk.errors import NotImplemented as NotServed
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace

LOG = """
mlflow.set_experiment(given["experiment"])
X, y = np.array([[1.0], [2.0], [3.0]]), np.array([2.0, 4.0, 6.0])
with mlflow.start_run() as run:
    mlflow.log_param("depth", 3)
    mlflow.log_metrics({"mae": 0.5}, step=1)
    mlflow.log_metrics({"mae": 0.25}, step=2)
    mlflow.log_text("hello", "notes/a b.txt")
    mlflow.log_input(mlflow.data.from_numpy(X, name="x"))
    model = mlflow.sklearn.log_model(
        LinearRegression().fit(X, y), name="model", signature=infer_signature(X, y), pip_requirements=["scikit-learn"],
    )
result = {"run_id": run.info.run_id, "model_uri": model.model_uri, "experiment_id": run.info.experiment_id}
"""

READ = """
run = mlflow.get_run(given["run_id"])
found = mlflow.search_runs(experiment_names=[given["experiment"]], filter_string="metrics.mae < 0.3")
result = {
    "user": [run.info.user_id, run.data.tags["mlflow.user"]],
    "params": run.data.params,
    "mae": [metric.value for metric in mlflow.MlflowClient().get_metric_history(given["run_id"], "mae")],
    "text": mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/a b.txt"),
    "predicted": mlflow.pyfunc.load_model(given["model_uri"]).predict(np.array([[4.0]])).round(6).tolist(),
    "found": found["run_id"].tolist(),
    "datasets": [used.dataset.name for used in run.inputs.dataset_inputs],
    "artifact_uri": run.info.artifact_uri,
}
"""


def run_client(workspace: LocalWorkspace, code: str, *, token: str | None = None, **given: Any) -> dict[str, Any]:
    """Run mlflow's client in a process of its own, as a job or a laptop would."""
    prelude = """
    import json, sys, warnings
    warnings.simplefilter("ignore")
    import mlflow, numpy as np
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression
    given, result = json.loads(sys.argv[1]), {}
    """
    environment = {**os.environ, **workspace.environment(), "MLFLOW_DISABLE_TELEMETRY": "true"}
    environment["DATABRICKS_TOKEN"] = token or workspace.token
    program = textwrap.dedent(prelude) + code + "\nprint('\\n' + json.dumps(result))"
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(given)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture
def experiment(client: WorkspaceClient) -> str:
    folder = f"/Shared/{secrets.token_hex(4)}"
    client.workspace.mkdirs(folder)
    return f"{folder}/flights"


@pytest.fixture
def private(client: WorkspaceClient) -> str:
    """The id of an experiment that only administrators reach."""
    folder = f"/private-{secrets.token_hex(4)}"
    client.workspace.mkdirs(folder)
    return str(client.experiments.create_experiment(f"{folder}/e").experiment_id)


@pytest.fixture
def guest(local_workspace: LocalWorkspace, client: WorkspaceClient) -> tuple[str, WorkspaceClient]:
    """A service principal without rights: its application id and its client."""
    robot = client.service_principals.create(display_name="guest")
    token = client.token_management.create_obo_token(application_id=robot.application_id).token_value
    return str(robot.application_id), local_workspace.client(token=token)


def tracking_children(workspace: LocalWorkspace) -> list[psutil.Process]:
    info = process.running(workspace.home)
    assert info is not None
    children = psutil.Process(info.pid).children(recursive=True)
    return [child for child in children if "brickyard_local.tracking.child" in _command(child)]


def _command(child: psutil.Process) -> list[str]:
    """Empty for a child that ended meanwhile."""
    try:
        return child.cmdline()
    except psutil.NoSuchProcess:  # a zombie too
        return []


def wait_until_dead(child: psutil.Process) -> None:
    """Dead, though perhaps not yet reaped by its parent."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if not child.is_running() or child.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    message = f"process {child.pid} still runs"
    raise AssertionError(message)


def start_run(client: WorkspaceClient, experiment_id: str) -> str:
    run = client.experiments.create_run(experiment_id=experiment_id, user_id="somebody else").run
    assert run is not None
    assert run.info is not None
    return str(run.info.run_id)


@pytest.mark.slow
def test_what_was_logged_is_read_back_after_a_kill(fresh_local_workspace: LocalWorkspace) -> None:
    workspace = fresh_local_workspace
    workspace.client().workspace.mkdirs("/Shared/kit")
    name = "/Shared/kit/flights"
    logged = run_client(workspace, LOG, experiment=name)
    assert run_client(workspace, READ, experiment=name, **logged)["predicted"] == [8.0]
    [child] = tracking_children(workspace)
    assert child.memory_info().rss < 600_000_000
    workspace.kill()
    wait_until_dead(child)  # it never outlives the workspace
    workspace.start()
    found = run_client(workspace, READ, experiment=name, **logged)
    assert found == {
        "user": ["admin@brickyard.local", "admin@brickyard.local"],
        "params": {"depth": "3"},
        "mae": [0.5, 0.25],
        "text": "hello",
        "predicted": [8.0],
        "found": [logged["run_id"]],
        "datasets": ["x"],
        "artifact_uri": f"dbfs:/databricks/mlflow-tracking/{logged['experiment_id']}/{logged['run_id']}/artifacts",
    }


@pytest.mark.slow
def test_traces_are_kept_with_their_experiment(local_workspace: LocalWorkspace, experiment: str) -> None:
    told = run_client(
        local_workspace,
        textwrap.dedent("""
        mlflow.set_experiment(given["experiment"])
        with mlflow.start_span("answer") as span:
            span.set_inputs({"question": 1})
        mlflow.flush_trace_async_logging()
        result = {"traces": [trace.info.state.value for trace in mlflow.search_traces(return_type="list")]}
        """),
        experiment=experiment,
    )
    assert told == {"traces": ["OK"]}


def test_an_experiment_lives_from_create_to_delete_and_its_name_is_free_again(
    client: WorkspaceClient, experiment: str
) -> None:
    first = client.experiments.create_experiment(experiment).experiment_id
    with pytest.raises(ResourceAlreadyExists):
        client.experiments.create_experiment(experiment)
    client.experiments.delete_experiment(str(first))
    with pytest.raises(NotFound):
        client.experiments.get_by_name(experiment)
    again = client.experiments.create_experiment(experiment).experiment_id
    assert again != first
    gone = client.experiments.get_experiment(str(first)).experiment
    assert gone is not None
    assert (gone.name, gone.lifecycle_stage) == (experiment, "deleted")
    with pytest.raises(ResourceAlreadyExists):
        client.experiments.restore_experiment(str(first))
    client.experiments.delete_experiment(str(again))
    client.experiments.restore_experiment(str(first))
    back = client.experiments.get_by_name(experiment).experiment
    assert back is not None
    assert (back.experiment_id, back.lifecycle_stage) == (first, "active")


def test_an_experiment_is_an_object_of_the_tree(client: WorkspaceClient, experiment: str) -> None:
    made = client.experiments.create_experiment(f"/Workspace{experiment}").experiment_id
    found = client.workspace.get_status(experiment)
    assert (str(found.object_id), found.path) == (made, experiment)
    client.experiments.update_experiment(str(made), new_name=f"{experiment}-renamed")
    assert client.experiments.get_by_name(f"{experiment}-renamed").experiment is not None
    with pytest.raises(NotFound):
        client.experiments.get_by_name(experiment)
    client.workspace.delete(experiment.rsplit("/", 1)[0], recursive=True)
    with pytest.raises(NotFound):
        client.experiments.get_by_name(f"{experiment}-renamed")


def test_an_experiments_name_is_a_path_whose_folder_exists(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match="must be an absolute path"):
        client.experiments.create_experiment("flights")
    with pytest.raises(NotFound, match="parent folder"):
        client.experiments.create_experiment(f"/Shared/{secrets.token_hex(4)}/flights")


def test_artifacts_cannot_be_kept_where_clients_do_not_reach(client: WorkspaceClient, experiment: str) -> None:
    with pytest.raises(InvalidParameterValue, match="/Volumes/"):
        client.experiments.create_experiment(experiment, artifact_location="file:///tmp/x")


def test_a_run_is_its_callers_whatever_the_client_says(client: WorkspaceClient, experiment: str) -> None:
    made = client.experiments.create_experiment(experiment).experiment_id
    run = client.experiments.get_run(start_run(client, str(made))).run
    assert run is not None
    assert run.info is not None
    assert run.data is not None
    assert run.info.user_id == "admin@brickyard.local"
    assert {tag.key: tag.value for tag in run.data.tags or []}["mlflow.user"] == "admin@brickyard.local"


def test_artifacts_are_listed_by_the_tracking_api_too(client: WorkspaceClient, experiment: str) -> None:
    made = client.experiments.create_experiment(experiment).experiment_id
    run_id = start_run(client, str(made))
    assert list(client.experiments.list_artifacts(run_id=run_id)) == []
    root = f"/WorkspaceInternal/Mlflow/Artifacts/{made}/Runs/{run_id}/artifacts"
    client.files.upload(f"{root}/d/f.txt", io.BytesIO(b"abc"))
    found = [(info.path, info.is_dir, info.file_size) for info in client.experiments.list_artifacts(run_id=run_id)]
    assert found == [("d", True, None)]
    below = client.experiments.list_artifacts(run_id=run_id, path="d")
    assert [(info.path, info.file_size) for info in below] == [("d/f.txt", 3)]


@pytest.mark.parametrize(
    ("level", "rights"),
    [
        (None, ""),
        (PermissionLevel.CAN_READ, "read"),
        (PermissionLevel.CAN_EDIT, "read write"),
        (PermissionLevel.CAN_MANAGE, "read write manage"),
    ],
)
def test_each_level_allows_what_it_says(
    client: WorkspaceClient,
    private: str,
    guest: tuple[str, WorkspaceClient],
    level: PermissionLevel | None,
    rights: str,
) -> None:
    name, theirs = guest
    run_id = start_run(client, private)
    artifact = f"/WorkspaceInternal/Mlflow/Artifacts/{private}/Runs/{run_id}/artifacts/x"
    client.files.upload(artifact, io.BytesIO(b"1"))
    if level is not None:
        grant = AccessControlRequest(service_principal_name=name, permission_level=level)
        client.permissions.update("experiments", private, access_control_list=[grant])
    for needed, act in (
        ("read", lambda: theirs.experiments.get_experiment(private)),
        ("read", lambda: theirs.experiments.get_run(run_id)),
        ("read", lambda: list(theirs.experiments.search_runs(experiment_ids=[private]))),
        ("read", lambda: list(theirs.experiments.list_artifacts(run_id=run_id))),
        ("read", lambda: theirs.files.download(artifact)),
        ("write", lambda: theirs.experiments.create_run(experiment_id=private)),
        ("write", lambda: theirs.experiments.log_metric("m", 1.0, 1, run_id=run_id)),
        ("write", lambda: theirs.experiments.set_experiment_tag(private, "k", "v")),
        ("write", lambda: theirs.files.upload(artifact, io.BytesIO(b"2"), overwrite=True)),
        ("manage", lambda: theirs.permissions.update("experiments", private, access_control_list=[])),
        ("manage", lambda: theirs.experiments.delete_experiment(private)),
    ):
        if needed in rights.split():
            act()
        else:
            with pytest.raises(PermissionDenied):
                act()


def test_a_search_shows_only_what_may_be_read(
    client: WorkspaceClient, private: str, guest: tuple[str, WorkspaceClient], experiment: str
) -> None:
    shared = client.experiments.create_experiment(experiment).experiment_id
    theirs = {found.experiment_id for found in guest[1].experiments.search_experiments(max_results=1000)}
    assert shared in theirs
    assert private not in theirs
    mine = {found.experiment_id for found in client.experiments.search_experiments(max_results=1000)}
    assert {shared, private} <= mine
    assert "0" not in mine  # mlflow's own 'Default' does not exist on Databricks


def test_a_body_cannot_say_two_things(local_workspace: LocalWorkspace, private: str) -> None:
    headers = {"Authorization": f"Bearer {local_workspace.token}"}
    with httpx.Client(base_url=local_workspace.host, headers=headers, trust_env=False) as http:
        both = {"runUuid": "a", "run_id": "b", "key": "k", "value": "v"}
        refused = http.post("/api/2.0/mlflow/runs/set-tag", json=both)
        assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        for body in (b"[1]", b"{", b'"x"'):
            assert http.post("/api/2.0/mlflow/runs/create", content=body).json()["error_code"] == "MALFORMED_REQUEST"
        refused = http.get("/api/2.0/mlflow/experiments/get")
        assert "experiment_id" in refused.json()["message"]


def test_what_is_not_served_says_so_and_never_reaches_mlflow(client: WorkspaceClient) -> None:
    with pytest.raises(NotServed, match="registered-models"):
        client.model_registry.create_model("legacy")
    with pytest.raises((NotServed, BadRequest)):
        client.api_client.do("GET", "/api/2.0/mlflow-artifacts/artifacts")


def test_workspaces_have_experiments_of_their_own(
    local_workspace: LocalWorkspace, client: WorkspaceClient, experiment: str
) -> None:
    client.experiments.create_experiment(experiment)
    with pytest.raises(NotFound):
        local_workspace.client(workspace="other").experiments.get_by_name(experiment)


@pytest.mark.slow
def test_a_child_that_dies_is_started_again(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    made = client.experiments.create_experiment("/Shared/e").experiment_id
    [child] = tracking_children(fresh_local_workspace)
    child.kill()
    wait_until_dead(child)
    assert client.experiments.get_experiment(str(made)).experiment is not None
    [other] = tracking_children(fresh_local_workspace)
    assert other.pid != child.pid


@pytest.mark.slow
def test_nobody_waits_for_mlflow_but_who_asks_for_it(fresh_local_workspace: LocalWorkspace) -> None:
    """While mlflow starts, more callers wait for it than there are threads; everything else answers at once."""
    headers = {"Authorization": f"Bearer {fresh_local_workspace.token}"}
    script = (
        "import asyncio, httpx, sys\n"
        "async def main(host, token):\n"
        "    async with httpx.AsyncClient(base_url=host, headers={'Authorization': 'Bearer ' + token}, timeout=120,"
        " limits=httpx.Limits(max_connections=100), trust_env=False) as http:\n"
        "        path = '/api/2.0/mlflow/experiments/get?experiment_id=9'\n"
        "        await asyncio.gather(*(http.get(path) for _ in range(60)))\n"
        "asyncio.run(main(*sys.stdin.read().split()))\n"
    )
    waiting = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    assert waiting.stdin is not None
    waiting.stdin.write(f"{fresh_local_workspace.host} {fresh_local_workspace.token}".encode())
    waiting.stdin.close()
    deadline = time.monotonic() + 20
    while not tracking_children(fresh_local_workspace) and time.monotonic() < deadline:
        time.sleep(0.02)
    with httpx.Client(base_url=fresh_local_workspace.host, headers=headers, trust_env=False) as http:
        started = time.monotonic()
        assert http.get("/api/2.0/preview/scim/v2/Me", timeout=2.0).status_code == 200
        took_s = time.monotonic() - started
    assert waiting.wait(timeout=120) == 0
    assert took_s < 2.0


def test_the_socket_cannot_be_entered_by_others(local_workspace: LocalWorkspace, client: WorkspaceClient) -> None:
    list(client.experiments.search_experiments(max_results=1))
    [child] = tracking_children(local_workspace)[:1]
    folder = Path(child.cmdline()[-1]).parent
    assert folder.stat().st_mode & 0o077 == 0
    assert not [connection for connection in child.net_connections(kind="inet") if connection.status == "LISTEN"]
