"""What several tests build: a tracking store and registry of files, and a small project on real Spark.

The project's steps run in processes of their own, as tasks do; its model is a few lines.
"""

import json
import os
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from databricks.sdk.service.catalog import VolumeType
from mlflow.tracking import fluent

import spark_tasks
from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).parents[3]
FOLDERS = tuple(str(ROOT / part) for part in ("pipelines", "local", "tests/unit/pipelines_support"))
DEFINITIONS = """
from types import SimpleNamespace
from brickyard_pipelines.ml.data.contract import Feature
TABLES = (SimpleNamespace(name="events", key=("id",)),)
FEATURES = (Feature(name="a", type="double", comment="A"), Feature(name="c", type="string", comment="C"))
def nothing(*_):
    raise NotImplementedError
def build(tables):
    return tables["events"].select("id", "at", "a", "c")
def labels(tables):
    return tables["events"].select("id", "late")
"""
PROJECT = """
name: scored
workflow:
  contract: scored.definitions:TABLES
  features:
    {function: "scored.definitions:build", columns: "scored.definitions:FEATURES", inputs: [events], key: id,
     time_key: at}
  labels: {function: "scored.definitions:labels", inputs: [events], column: late}
  split:
    train: {since: 2013-01-01, until: 2013-10-01}
    validation: {since: 2013-10-01, until: 2013-11-01}
    holdout: {since: 2013-11-01, until: 2014-01-01}
  training: {function: "scored.definitions:nothing"}
  baseline_groups: [c]
  gate: {min_rows: 100, thresholds: {roc_auc: {min: 0.6}}, baseline_min_gain: 0.0}
  inference: {streaming: {files_per_batch: 1}}
"""
MLMODEL = """
flavors:
  python_function: {loader_module: halves, code: code, env: {virtualenv: python_env.yaml}}
model_uuid: 0123456789abcdef
signature:
  inputs: '[{"type": "double", "name": "a", "required": false}, {"type": "string", "name": "c", "required": false}]'
  outputs: '[{"type": "double"}]'
"""
MODEL = """
class Halves:
    def predict(self, data, params=None):
        return (data["a"] / 2 + VERSION).to_numpy()
def _load_pyfunc(path):
    return Halves()
"""
PREAMBLE = """
import json, sys
sys.path.insert(0, {folder!r})
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import session, ship
from brickyard_pipelines.ml.inference import table as inference_table, unpacking
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps.batch_inference import batch_inference
from brickyard_pipelines.ml.steps.join_labels import join_labels
from brickyard_pipelines.ml.steps.streaming_inference import streaming_inference
from brickyard_pipelines.ml.steps.unpack_payloads import unpack
C = {catalog!r}
settings = StepSettings(project="scored", catalog=C, model=C + ".models.scored", available_now=True)
project = load_project("scored")
spark = session()
features, table, events = f"`{{C}}`.features.scored", f"`{{C}}`.inference.scored_predictions", f"`{{C}}`.silver.events"
def make_features():
    spark.sql(f"CREATE TABLE {{features}} (id string NOT NULL, at timestamp NOT NULL, a double, c string) USING DELTA")
def more(first, last, files=1):
    rows = spark.sql(
        f"SELECT 'k' || id AS id, timestamp'2013-11-01' + make_interval(0, 0, 0, 0, 0, id) AS at,"
        f" double(id) AS a, 'x' AS c FROM range({{first}}, {{last}}, 1, {{files}})"
    )
    rows.writeTo(features).append()
def kept(*columns, where="true"):
    rows = spark.table(table).where(where).selectExpr(*columns).collect()
    return sorted([str(value) for value in row] for row in rows)
def counts():
    row = spark.table(table).selectExpr("count(*) n", "count(DISTINCT id) k", "count(DISTINCT request_id) r").first()
    return list(row)
"""

KILLS = """
import os, signal
from brickyard_pipelines.ml.inference import append, pending, streams
def dies(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
def dies_before(module, name):
    setattr(module, name, dies)
def dies_after(module, name):
    work = getattr(module, name)
    setattr(module, name, lambda *given, **named: dies(work(*given, **named)))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A process that works, and the files that it writes to."""

    process: Any
    said: Path
    complained: Path

    def over(self) -> tuple[int, str, str]:
        """How it ended, and what it wrote."""
        self.process.join()
        return self.process.exitcode, self.said.read_text(), self.complained.read_text()


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """The project in a catalog of its own, its model, and processes that work on it."""

    workspace: LocalWorkspace
    catalog: str
    folder: Path

    def begin(self, code: str) -> Task:
        """A process that runs `code` after the preamble."""
        name = secrets.token_hex(4)
        said, complained = (self.folder / f"{name}.{stream}" for stream in ("out", "err"))
        preamble = PREAMBLE.format(folder=str(self.folder), catalog=self.catalog)
        given = (preamble + code, dict(os.environ | self.workspace.environment()), str(self.folder))
        process = spark_tasks.context(FOLDERS).Process(
            target=spark_tasks.run, args=(*given, str(said), str(complained))
        )
        process.start()
        return Task(process=process, said=said, complained=complained)

    def run(self, code: str) -> Any:
        """What the process printed last, as JSON."""
        return self.ended(self.begin(code))

    @staticmethod
    def ended(task: Task) -> Any:
        """What it printed last, as JSON; the test fails with its words when it failed."""
        status, said, complained = task.over()
        told = [line for line in complained.splitlines() if not line.lstrip().startswith("at org.")]
        assert status == 0, "\n".join(told)[-4000:]
        return json.loads(said.splitlines()[-1])

    def killed(self, code: str) -> Any:
        """Run what ends by the signal that it gives itself, and by nothing else. What it printed last before, if so."""
        status, said, complained = self.begin(KILLS + code).over()
        assert status == -signal.SIGKILL, complained[-2000:]
        return json.loads(said.splitlines()[-1]) if said else None

    def champion(self, version: int) -> None:
        """Make a version, and the champion of it."""
        client, name = self.workspace.client(), f"{self.catalog}.models.scored"
        registry = "/api/2.0/mlflow/unity-catalog/model-versions"
        client.api_client.do("POST", f"{registry}/create", body={"name": name, "source": "none"})
        folder = f"/Models/{self.catalog}/models/scored/{version}"
        for path, text in (("MLmodel", MLMODEL), ("code/halves.py", MODEL.replace("VERSION", str(version)))):
            client.files.create_directory(f"{folder}/{path}".rpartition("/")[0])
            headers = {"Content-Type": "text/plain"}
            client.api_client.do("PUT", f"/api/2.0/fs/files{folder}/{path}", data=text.encode(), headers=headers)
        client.api_client.do("POST", f"{registry}/finalize", body={"name": name, "version": str(version)})
        client.registered_models.set_alias(name, "champion", version)


def made(workspace: LocalWorkspace, folder: Path) -> Demo:
    """The project's catalog, its code, and a first champion."""
    client, catalog = workspace.client(), f"scored-{secrets.token_hex(4)}"  # a hyphen: names are quoted
    client.catalogs.create(catalog)
    for schema in ("bronze", "silver", "features", "inference", "models"):
        client.schemas.create(schema, catalog)
    client.volumes.create(catalog, "bronze", "landing", VolumeType.MANAGED)
    client.registered_models.create(catalog_name=catalog, schema_name="models", name="scored")
    package = folder / "scored"
    package.mkdir(parents=True)
    for name, text in (("__init__.py", ""), ("definitions.py", DEFINITIONS), ("project.yaml", PROJECT)):
        (package / name).write_text(text)
    demo = Demo(workspace=workspace, catalog=catalog, folder=folder)
    demo.champion(1)
    return demo


@pytest.fixture
def demo(local_workspace: LocalWorkspace, tmp_path: Path) -> Iterator[Demo]:
    project = made(local_workspace, tmp_path)
    yield project
    local_workspace.client().catalogs.delete(project.catalog, force=True)


@pytest.fixture
def lonely_demo(fresh_local_workspace: LocalWorkspace, tmp_path: Path) -> Demo:
    """In a workspace whose Spark nobody else uses, so that it can be killed."""
    return made(fresh_local_workspace, tmp_path / "project")


@pytest.fixture(scope="session")
def tracking_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests: making it takes longer than any of them."""
    folder = tmp_path_factory.mktemp("tracking")
    store = f"sqlite:///{folder}/mlflow.db"
    client = mlflow.MlflowClient(tracking_uri=store, registry_uri=store)
    client.create_experiment("training", artifact_location=str(folder / "artifacts"))
    return folder / "mlflow.db"


@pytest.fixture
def store(tracking_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The store as mlflow's default while a test runs; its experiment is called `training`.

    What `set_experiment` chose in an earlier test of this process is of another store.
    """
    monkeypatch.setattr(fluent, "_active_experiment_id", None)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tracking_database}")
    mlflow.set_registry_uri(f"sqlite:///{tracking_database}")
    yield tracking_database.parent
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])
