"""One whole flow of mlflow's client, for every version that is to work: experiment to deleted model.

It runs with the installed mlflow, in both dialects of its registry. BRICKYARD_MLFLOW_PYTHONS names interpreters of
other environments (separated as in PATH), each with `mlflow-skinny`, `pandas<3`, `scikit-learn` and `skops`; e.g. the
versions of Databricks Runtime ML: 3.0.1 (17.3 LTS; with `opentelemetry-sdk<1.34`), 3.8.1 (18 LTS), 3.12.0 (19).
"""

import os
import secrets
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from databricks.sdk import WorkspaceClient

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace

BIG_BYTES = 100 * 1024 * 1024
FLOW = textwrap.dedent("""
    import hashlib, pathlib, sys, warnings

    warnings.simplefilter("ignore")
    import mlflow
    import numpy as np
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.exceptions import MlflowException
    from sklearn.linear_model import LinearRegression

    name, big_bytes = sys.argv[1], int(sys.argv[2])
    catalog = name.split(".")[0]
    client = MlflowClient()
    print("mlflow", mlflow.__version__)

    experiment_id = client.create_experiment(f"/Shared/{name}", tags={"team": "ml"})
    assert client.get_experiment_by_name(f"/Shared/{name}").experiment_id == experiment_id
    mlflow.set_experiment(experiment_id=experiment_id)
    x = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    fitted = LinearRegression().fit(x, [2.0, 4.0, 6.0])
    with mlflow.start_run(run_name="first") as run:
        run_id = run.info.run_id
        metrics = [Metric("loss", 1.0 / (step + 1), 1700000000000 + step, step) for step in range(500)]
        client.log_batch(run_id, metrics, [Param("depth", "3")], [RunTag("kind", "test")])
        mlflow.log_metric("mae", 0.25)
        mlflow.log_dict({"a": [1, 2]}, "conf/a.json")
        mlflow.log_text("hello", "notes/a b.txt")
        if big_bytes:
            big = pathlib.Path("big.bin")
            with big.open("wb") as out:
                for number in range(big_bytes // 1048576):
                    out.write(hashlib.sha256(bytes([number])).digest() * 32768)
            mlflow.log_artifact(str(big), "big")
        model = mlflow.sklearn.log_model(
            fitted, name="model", input_example=x, signature=mlflow.models.infer_signature(x, fitted.predict(x)),
            registered_model_name=name, pip_requirements=["scikit-learn"],
        )

    with mlflow.start_span("ask") as span:
        span.set_inputs({"question": "why"})
        span.set_outputs("because")
    if hasattr(mlflow, "flush_trace_async_logging"):
        mlflow.flush_trace_async_logging()
    trace = client.get_trace(mlflow.get_last_active_trace_id())
    assert [(each.name, each.outputs) for each in trace.data.spans] == [("ask", "because")]

    found = client.search_runs([experiment_id], "metrics.mae < 0.3 and params.depth = '3' and tags.kind = 'test'")
    assert [each.info.run_id for each in found] == [run_id]
    assert len(client.get_metric_history(run_id, "loss")) == 500
    assert sorted(f.path for f in client.list_artifacts(run_id)) == (["big"] if big_bytes else []) + ["conf", "notes"]
    uri = run.info.artifact_uri
    assert mlflow.artifacts.load_dict(f"{uri}/conf/a.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_text(f"{uri}/notes/a b.txt") == "hello"
    if big_bytes:
        down = pathlib.Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/big/big.bin", dst_path="down"))
        digests = [hashlib.file_digest(path.open("rb"), "sha256").hexdigest() for path in (big, down)]
        assert digests[0] == digests[1]
    assert mlflow.pyfunc.load_model(model.model_uri).predict(x).round(6).tolist() == [2.0, 4.0, 6.0]
    assert [m.model_id for m in mlflow.search_logged_models(experiment_ids=[experiment_id], output_format="list")]

    second = mlflow.register_model(model.model_uri, name, tags={"by": "flow"})
    assert (int(second.version), second.status, second.tags) == (2, "READY", {"by": "flow"})
    client.update_registered_model(name, "flight delays")
    client.set_registered_model_tag(name, "team", "ml")
    client.set_registered_model_alias(name, "champion", second.version)
    client.set_model_version_tag(name, second.version, "validation", "passed")
    client.update_model_version(name, second.version, "the second")
    champion = client.get_model_version_by_alias(name, "champion")
    assert (int(champion.version), champion.description) == (2, "the second")
    assert champion.tags == {"by": "flow", "validation": "passed"}
    shown = client.get_registered_model(name)
    assert (shown.description, shown.tags) == ("flight delays", {"team": "ml"})
    assert {alias: int(version) for alias, version in shown.aliases.items()} == {"champion": 2}
    assert sorted(int(v.version) for v in client.search_model_versions(f"name='{name}'")) == [1, 2]
    assert name in [m.name for m in client.search_registered_models()]
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    assert loaded.predict(pd.DataFrame({"x": [4.0]})).round(6).tolist() == [8.0]
    assert loaded.metadata.get_input_schema().input_names() == ["x"]

    client.delete_model_version_tag(name, second.version, "validation")
    client.delete_registered_model_tag(name, "team")
    client.delete_registered_model_alias(name, "champion")
    client.delete_model_version(name, "1")
    for lost, of in ((client.get_model_version_by_alias, "champion"), (client.get_model_version, "1")):
        try:
            lost(name, of)
        except MlflowException as error:
            assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error.error_code
        else:
            raise AssertionError(of)
    client.delete_registered_model(name)
    assert name not in [m.name for m in client.search_registered_models()]
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    client.restore_run(run_id)
    client.delete_experiment(experiment_id)
""")


def run_flow(workspace: LocalWorkspace, folder: Path, python: str, *, big_bytes: int = 0, **environment: str) -> str:
    """Run the flow in a catalog of its own. What it said first."""
    client: WorkspaceClient = workspace.client()
    catalog = f"flow_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    known = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "DATABRICKS_CONFIG_FILE": os.devnull,
    }
    done = subprocess.run(
        [python, "-c", FLOW, f"{catalog}.default.m", str(big_bytes)],
        env={**known, **workspace.environment(), "MLFLOW_DISABLE_TELEMETRY": "true", **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    client.catalogs.delete(catalog, force=True)
    return done.stdout.splitlines()[0]


@pytest.mark.slow
def test_the_installed_mlflow_does_all_and_a_big_file_takes_no_memory(
    local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    info = process.running(local_workspace.home)
    assert info is not None
    server = psutil.Process(info.pid)
    before = server.memory_info().rss
    run_flow(local_workspace, tmp_path, sys.executable, big_bytes=BIG_BYTES)
    assert server.memory_info().rss - before < 80_000_000


@pytest.mark.slow
def test_the_installed_mlflow_does_all_in_unity_catalogs_own_dialect(
    local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    run_flow(local_workspace, tmp_path, sys.executable, MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY="true")


@pytest.mark.slow
@pytest.mark.parametrize("python", [path for path in os.environ.get("BRICKYARD_MLFLOW_PYTHONS", "").split(":") if path])
def test_other_mlflows_do_all(local_workspace: LocalWorkspace, tmp_path: Path, python: str) -> None:
    assert run_flow(local_workspace, tmp_path, python, big_bytes=BIG_BYTES).startswith("mlflow 3.")
