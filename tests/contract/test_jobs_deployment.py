"""A registered model starts its deployment job for each new version, through the unmodified databricks-sdk."""

import io
import secrets
import time
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.store import Store

REGISTRY = "/api/2.0/mlflow/unity-catalog"
APPROVAL = """
import sys
from databricks.sdk import WorkspaceClient
def approval():
    name, version = sys.argv[1:3]
    path = "/api/2.0/mlflow/unity-catalog/model-versions/get"
    answer = WorkspaceClient().api_client.do("GET", path, query={"name": name, "version": version})
    tags = {tag["key"]: tag["value"] for tag in answer["model_version"].get("tags", [])}
    if tags.get("Approval_Check", "").lower() != "approved":
        raise RuntimeError("not approved: " + name + " " + version)
"""


@pytest.fixture
def model(client: WorkspaceClient) -> str:
    return new_model(client)


def new_model(client: WorkspaceClient) -> str:
    catalog = f"deploy_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("models", catalog)
    client.registered_models.create(name="m", catalog_name=catalog, schema_name="models")
    return f"{catalog}.models.m"


def call(client: WorkspaceClient, method: str, path: str, **fields: Any) -> dict[str, Any]:
    given = {"query": fields} if method == "GET" else {"body": fields}
    return client.api_client.do(method, f"{REGISTRY}/{path}", **given)  # type: ignore[return-value]


def new_version(client: WorkspaceClient, model: str) -> str:
    body = call(client, "POST", "model-versions/create", name=model, source="dbfs:/x")["model_version"]
    client.files.upload(f"/Models/{model.replace('.', '/')}/{body['version']}/MLmodel", io.BytesIO(b"flavors: {}"))
    call(client, "POST", "model-versions/finalize", name=model, version=body["version"])
    return str(body["version"])


def state_of(client: WorkspaceClient, model: str, version: str, *wanted: str) -> dict[str, Any]:
    """The deployment state of a version, once it is one of `wanted`."""
    deadline = time.monotonic() + 30
    while True:
        found = call(client, "GET", "model-versions/get", name=model, version=version)["model_version"]
        if found["deployment_job_state"]["run_state"] in wanted:
            return dict(found["deployment_job_state"])
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_new_version_starts_the_job_and_approval_by_tag_lets_a_repair_finish_it(
    client: WorkspaceClient, model: str, wheels: Any, job_builder: Any
) -> None:
    parameters = ["{{job.parameters.model_name}}", "{{job.parameters.model_version}}"]
    task = job_builder.wheel_task("Approval_Check", entry_point="approval", wheel={"parameters": parameters})
    named = [{"name": name, "default": ""} for name in ("model_name", "model_version")]
    job = job_builder.create(client, [task], wheels.upload({"tiny": APPROVAL}), parameters=named)
    connected = call(client, "PATCH", "registered-models/update", name=model, deployment_job_id=str(job))
    assert connected["registered_model"]["deployment_job_id"] == str(job)
    assert connected["registered_model"]["deployment_job_state"] == "CONNECTED"
    version = new_version(client, model)
    waiting = state_of(client, model, version, "APPROVAL", "FAILED")
    assert (waiting["run_state"], waiting["current_task_name"]) == ("APPROVAL", "Approval_Check")
    run_id = int(waiting["run_id"])
    shown = {entry.name: entry.value for entry in client.jobs.get_run(run_id).job_parameters}
    assert shown == {"model_name": model, "model_version": version}
    call(client, "POST", "model-versions/set-tag", name=model, version=version, key="Approval_Check", value="Approved")
    client.jobs.repair_run(run_id, rerun_all_failed_tasks=True)
    assert state_of(client, model, version, "SUCCEEDED")["run_id"] == str(run_id)
    client.jobs.delete(job)
    read = call(client, "GET", "registered-models/get", name=model)["registered_model"]
    assert read["deployment_job_state"] == "NOT_FOUND"


def test_only_a_job_with_the_two_parameters_can_be_connected(
    client: WorkspaceClient, model: str, job_builder: Any
) -> None:
    task = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
    job = job_builder.create(client, [task], parameters=[{"name": "model_name", "default": ""}])
    with pytest.raises(InvalidParameterValue, match=r"lacks the job parameters \['model_version'\]"):
        call(client, "PATCH", "registered-models/update", name=model, deployment_job_id=str(job))
    with pytest.raises(InvalidParameterValue, match="must be the id of a job"):
        call(client, "PATCH", "registered-models/update", name=model, deployment_job_id="nightly")
    assert "deployment_job_id" not in call(client, "GET", "registered-models/get", name=model)["registered_model"]


def test_a_start_that_a_kill_interrupted_is_made_up_for_once(
    fresh_local_workspace: LocalWorkspace, job_builder: Any
) -> None:
    client = fresh_local_workspace.client()
    model = new_model(client)
    task = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
    named = [{"name": name, "default": ""} for name in ("model_name", "model_version")]
    job = job_builder.create(client, [task], parameters=named)
    unstarted = new_version(client, model)
    call(client, "PATCH", "registered-models/update", name=model, deployment_job_id=str(job))
    started = new_version(client, model)
    run_id = state_of(client, model, started, "SUCCEEDED")["run_id"]
    fresh_local_workspace.kill()
    store = Store(fresh_local_workspace.home.database)
    ((owner, model_id),) = {
        (known["owner"], known["id"]) for known in store.all("models") if known["full_name"] == model
    }
    for version in (unstarted, started):  # as they are stored when a version becomes ready
        key = next(v["key"] for v in store.all("model_versions") if str(v["version"]) == version)
        pending = {"key": key, "version": int(version), "model": model, "job_id": job, "owner": owner}
        more = {"workspace_id": client.get_workspace_id(), "token": f"deployment {model_id}/{version}"}
        store.put("pending_deployments", key, {**pending, **more})
    fresh_local_workspace.start()
    made_up_for = state_of(client, model, unstarted, "SUCCEEDED")["run_id"]
    assert state_of(client, model, started, "SUCCEEDED")["run_id"] == run_id
    assert {str(run.run_id) for run in client.jobs.list_runs(job_id=job)} == {made_up_for, run_id}
    assert store.all("pending_deployments") == []


def test_a_model_made_anew_starts_its_job_for_its_first_version_again(
    client: WorkspaceClient, model: str, job_builder: Any
) -> None:
    task = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
    named = [{"name": name, "default": ""} for name in ("model_name", "model_version")]
    job = job_builder.create(client, [task], parameters=named)
    runs = []
    for _ in range(2):
        call(client, "PATCH", "registered-models/update", name=model, deployment_job_id=str(job))
        runs.append(state_of(client, model, new_version(client, model), "SUCCEEDED")["run_id"])
        client.registered_models.delete(model)
        catalog, schema, name = model.split(".")
        client.registered_models.create(name=name, catalog_name=catalog, schema_name=schema)
    assert len(set(runs)) == 2
