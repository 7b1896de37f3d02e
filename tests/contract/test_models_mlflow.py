"""The unmodified mlflow client against `databricks` and `databricks-uc`: log, register, alias, copy, load, delete.

It runs in a process of its own, as mlflow keeps its URIs and clients in module state.
"""

import os
import secrets
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import ModelVersionInfoStatus

from brickyard_local.pytest_plugin import LocalWorkspace

CLIENT = textwrap.dedent("""
    import sys
    import warnings

    warnings.simplefilter("ignore")
    import mlflow
    import numpy as np
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sklearn.linear_model import LinearRegression

    name = sys.argv[1]
    x = np.array([[1.0], [2.0], [3.0]])
    fitted = LinearRegression().fit(x, np.array([2.0, 4.0, 6.0]))
    signature = mlflow.models.infer_signature(x, fitted.predict(x))
    mlflow.set_experiment("/Shared/" + name)
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(
            fitted, name="m", signature=signature, registered_model_name=name, pip_requirements=["scikit-learn"]
        )
    second = mlflow.register_model(logged.model_uri, name, tags={"by": "test"})
    assert (second.version, second.status, second.tags) == ("2", "READY", {"by": "test"})
    assert second.run_id == run.info.run_id

    client = MlflowClient()
    client.set_registered_model_alias(name, "champion", 2)
    client.set_model_version_tag(name, "2", "validation_status", "passed")
    client.set_registered_model_tag(name, "team", "ml")
    client.update_registered_model(name, "flight delays")
    champion = client.get_model_version_by_alias(name, "champion")
    assert (champion.version, champion.aliases) == ("2", ["champion"])
    assert champion.tags == {"by": "test", "validation_status": "passed"}
    model = client.get_registered_model(name)
    assert (model.description, model.tags, model.aliases) == ("flight delays", {"team": "ml"}, {"champion": "2"})
    assert [v.version for v in client.search_model_versions(f"name='{name}'")] == ["2", "1"]
    assert name in [m.name for m in client.search_registered_models()]

    assert [v.version for v in client.search_model_versions(f"run_id='{run.info.run_id}'")] == ["2", "1"]

    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    assert loaded.predict(np.array([[4.0]])).round(6).tolist() == [8.0]
    copy = client.copy_model_version(f"models:/{name}/2", name + "_copy")
    assert (copy.version, copy.status) == ("1", "READY")
    assert mlflow.pyfunc.load_model(f"models:/{name}/2") is not None, "the source of a copy is left alone"

    client.delete_model_version_tag(name, "2", "validation_status")
    client.delete_registered_model_tag(name, "team")
    client.delete_registered_model_alias(name, "champion")
    for lost, of in ((client.get_model_version_by_alias, "champion"), (client.get_model_version, "9")):
        try:
            lost(name, of)
        except MlflowException as error:
            assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error.error_code
        else:
            raise AssertionError
    client.delete_model_version(name, "1")
    client.delete_registered_model(name + "_copy")
    assert client.get_model_version(name, "2").aliases == []
""")


@pytest.mark.slow
def test_mlflow_registers_aliases_loads_and_deletes(
    local_workspace: LocalWorkspace, client: WorkspaceClient, tmp_path: Path
) -> None:
    catalog = f"mlf_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    environment = {
        **os.environ,
        **local_workspace.environment(),
        "DATABRICKS_CONFIG_FILE": os.devnull,
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    argv = [sys.executable, "-c", CLIENT, f"{catalog}.default.m"]
    done = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    versions = list(client.model_versions.list(f"{catalog}.default.m"))
    assert [(each.version, each.status) for each in versions] == [(2, ModelVersionInfoStatus.READY)]
    client.catalogs.delete(catalog, force=True)
