"""A step in a notebook's cell: the text of docs/guides/steps.md, as a notebook task with the two wheels."""

import io
import json
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.workspace import ImportFormat, Language

from brickyard_stacks.artifacts import build_wheel

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "noted"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["noted"]
"""
PROJECT = """
name: noted
workflow:
  contract: noted.definitions:TABLES
  features:
    {function: "noted.definitions:build", columns: "noted.definitions:FEATURES", inputs: [events], key: id,
     time_key: at}
  labels: {function: "noted.definitions:build", inputs: [events], column: late}
  split:
    train: {since: 2013-01-01, until: 2013-10-01}
    validation: {since: 2013-10-01, until: 2013-11-01}
    holdout: {since: 2013-11-01, until: 2014-01-01}
  training: {function: "noted.definitions:build"}
  baseline_groups: [a]
  gate: {min_rows: 100, thresholds: {roc_auc: {min: 0.6}}, baseline_min_gain: 0.0}
"""
DEFINITIONS = """
from types import SimpleNamespace
from brickyard_pipelines.ml.data.contract import Feature
TABLES = (SimpleNamespace(name="events", key=("id",)),)
FEATURES = (Feature(name="a", type="double", comment="A"),)
def build(tables):
    return tables["events"].selectExpr("id", "at", "2 * a AS a")
"""
BEFORE = """
silver = f"`{dbutils.widgets.get('catalog')}`.silver.events"
spark.sql(f"CREATE TABLE {silver} USING DELTA AS SELECT string(id) AS id, timestamp'2013-01-01' AS at, double(id) AS a"
          " FROM range(3)")
"""
AFTER = """
import json, brickyard_pipelines
features_table = settings.table("features", "noted")
rows = [[row["id"], row["a"]] for row in spark.table(features_table).orderBy("id").collect()]
dbutils.notebook.exit(json.dumps([rows, brickyard_pipelines.__file__]))
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    """Of the pipelines and of a small project, as a stack builds them."""
    folder = tmp_path / "noted"
    (folder / "noted").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    for name, text in (("__init__.py", ""), ("project.yaml", PROJECT), ("definitions.py", DEFINITIONS)):
        (folder / "noted" / name).write_text(text)
    return [build_wheel(each, tmp_path / "cache").path for each in (ROOT / "pipelines", folder)]


def test_the_guides_cell_runs_a_step(client: WorkspaceClient, wheels: list[Path]) -> None:
    catalog = f"noted-{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    for schema in ("silver", "features"):
        client.schemas.create(schema, catalog)
    client.volumes.create(catalog, "silver", "wheels", VolumeType.MANAGED)
    dependencies = [f"/Volumes/{catalog}/silver/wheels/{wheel.name}" for wheel in wheels]
    for path, wheel in zip(dependencies, wheels, strict=True):
        client.files.upload(path, wheel.open("rb"))

    (cell,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/guides/steps.md").read_text(), flags=re.DOTALL)
    cells = ["# Databricks notebook source", BEFORE, cell, AFTER]
    source = "\n# COMMAND ----------\n".join(cells)
    notebook = f"/Shared/{catalog}"
    client.workspace.upload(notebook, io.BytesIO(source.encode()), format=ImportFormat.SOURCE, language=Language.PYTHON)
    given = {"notebook_path": notebook, "base_parameters": {"project": "noted", "catalog": catalog}}
    task = {"task_key": "by_hand", "environment_key": "default", "notebook_task": given}
    environment = {"environment_key": "default", "spec": {"environment_version": "4", "dependencies": dependencies}}
    body = {"name": catalog, "tasks": [task], "environments": [environment]}
    made: Any = client.api_client.do("POST", "/api/2.2/jobs/create", body=body)

    run = client.jobs.run_now(made["job_id"]).result(timeout=timedelta(minutes=5))
    output = client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)
    assert output.notebook_output is not None
    rows, code = json.loads(output.notebook_output.result or "")
    assert rows == [["0", 0.0], ["1", 2.0], ["2", 4.0]]
    assert "unpacked-wheels" in code, "the wheel's code, not the clone's"
    assert f"`{catalog}`.`features`.`noted`: 3 rows" in (output.logs or "")
    client.jobs.delete(made["job_id"])
    client.catalogs.delete(catalog, force=True)
