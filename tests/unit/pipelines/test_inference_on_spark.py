"""Batch, stream, payloads and labels into one table on real Spark: everything once, whoever is killed or comes twice.

The steps run in processes of their own, as tasks do, on a small project whose model is a few lines.
"""

# ruff: noqa: S608 - the names in these statements are ours

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput

from brickyard_local.pytest_plugin import LocalWorkspace, until

ROOT = Path(__file__).parents[3]
FOLDERS = [str(ROOT / "pipelines"), str(ROOT / "local")]
DEFINITIONS = """
from brickyard_pipelines.ml.data.contract import Feature
TABLES = ()
FEATURES = (Feature(name="a", type="double", comment="A"), Feature(name="c", type="string", comment="C"))
def nothing(*_):
    raise NotImplementedError
def labels(tables):
    return tables["events"].select("id", "late")
"""
PROJECT = """
name: scored
workflow:
  contract: scored.definitions:TABLES
  features:
    {function: "scored.definitions:nothing", columns: "scored.definitions:FEATURES", inputs: [events], key: id,
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
sys.path[:0] = {folders!r}
from pathlib import Path
from brickyard_local.runtime import lazy_spark, shared_models
lazy_spark.install([])
shared_models.install(Path({copies!r}))
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

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """The project in a catalog of its own, its model, and processes that work on it."""

    workspace: LocalWorkspace
    catalog: str
    folder: Path

    def begin(self, code: str) -> "subprocess.Popen[str]":
        """A process that runs `code` after the preamble."""
        preamble = PREAMBLE.format(folders=[*FOLDERS, str(self.folder)], copies=str(self.folder), catalog=self.catalog)
        return subprocess.Popen(
            [sys.executable, "-c", preamble + code],
            env=os.environ | self.workspace.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str) -> Any:
        """What the process printed last, as JSON."""
        return ended(self.begin(code))

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


def ended(process: "subprocess.Popen[str]") -> Any:
    """What it printed last, as JSON; the test fails with its words when it failed."""
    said, complained = process.communicate()
    told = [line for line in complained.splitlines() if not line.lstrip().startswith("at org.")]
    assert process.returncode == 0, "\n".join(told)[-4000:]
    return json.loads(said.splitlines()[-1])


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


CREATE = """
spark.sql(f"CREATE TABLE {features} (id string NOT NULL, at timestamp NOT NULL, a double, c string) USING DELTA")
"""
BATCHES = (
    CREATE
    + """
# The table as it was before it had other sources: migrated, and its row is not scored again.
spark.sql(f"CREATE TABLE {table} (model_name string NOT NULL, model_version string NOT NULL, scored_at timestamp"
          " NOT NULL, job_run_id string, id string NOT NULL, at timestamp NOT NULL, a double, c string,"
          " prediction double, late int) USING DELTA")
spark.sql(f"INSERT INTO {table} VALUES ('{settings.model}', '1', now(), null, 'k0', timestamp'2013-11-01', 0, 'x',"
          " 9, null)")
more(0, 20)
batch_inference(settings, project); batch_inference(settings, project)
first = counts()
more(20, 25)
spark.sql(f"INSERT INTO {features} VALUES ('late', timestamp'2012-01-01', 4, null)")
spark.sql(f"UPDATE {features} SET a = 100 WHERE id = 'k3'")
batch_inference(settings, project)
late = kept("source", "model_version", "prediction", "features_hash IS NOT NULL", where="id = 'late'")
old = kept("source", "prediction", "request_id IS NOT NULL", where="id = 'k0'")
second = counts()
spark.sql(f"INSERT INTO {features} VALUES ('bad', timestamp'2013-12-01', double('NaN'), 'x')")
try:
    batch_inference(settings, project)
    refused = ""
except Exception as error:
    refused = str(error)
spark.sql(f"INSERT INTO {events} VALUES ('k1', 1), ('k2', 0), ('k3', null), ('k4', 1)")
join_labels(settings, project)
labelled = kept("id", "late", where="late IS NOT NULL")
before = tables.state(spark, table).version
join_labels(settings, project)
untouched = tables.state(spark, table).version == before
spark.sql(f"UPDATE {events} SET late = 0 WHERE id = 'k1'")
join_labels(settings, project)
changed = kept("id", "late", "label_known_at IS NOT NULL", where="late IS NOT NULL")
print(json.dumps([first, late, old, second, "version 1 of" in refused and "for id bad" in refused, counts(),
                  labelled, untouched, changed]))
"""
)


def test_batches_score_each_row_once_and_labels_are_joined_when_they_come(demo: Demo) -> None:
    code = BATCHES.replace("more(0, 20)", 'spark.sql(f"CREATE TABLE {events} (id string, late int)")\nmore(0, 20)', 1)
    first, late, old, second, refused, after, labelled, untouched, changed = demo.run(code)
    assert first == [20, 20, 20]
    assert late == [["batch", "1", "3.0", "True"]]
    assert old == [["batch", "9.0", "True"]]
    assert second == [26, 26, 26]
    assert refused
    assert after == second  # nothing was written with the row that cannot be scored
    assert labelled == [["k1", "1"], ["k2", "0"], ["k4", "1"]]
    assert untouched
    assert changed == [["k1", "0", "True"], ["k2", "0", "True"], ["k4", "1", "True"]]


KILLS = """
import os, signal
from brickyard_pipelines.ml.inference import append, pending, streams
from brickyard_pipelines.ml.steps import unpack_payloads
def dies(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
def before(module, name):
    setattr(module, name, dies)
"""


def killed(process: "subprocess.Popen[str]") -> bool:
    """Whether it died of the signal that it gave itself, and of nothing else."""
    _, complained = process.communicate()
    assert process.returncode == -signal.SIGKILL, complained[-2000:]
    return True


def test_a_batch_killed_before_its_rows_or_before_its_mark_leaves_what_one_that_was_not_killed_leaves(
    demo: Demo,
) -> None:
    demo.run(CREATE + "more(0, 20)\nprint(1)")
    score, written = "batch_inference(settings, project)\n", "print(json.dumps([counts(), tables.note(spark, table)]))"
    assert killed(demo.begin(f"{KILLS}before(append, 'run')\n{score}"))
    assert killed(demo.begin(f"{KILLS}before(pending, 'record')\n{score}"))
    assert demo.run(written) == [[20, 20, 20], None]  # the rows are there, and nothing says that they are
    counted, mark = demo.run(f"{score}more(20, 25)\n{score}{written}")
    assert counted == [25, 25, 25]
    assert mark["scored_until"] > 0


def test_two_batches_at_once_write_each_row_once(demo: Demo) -> None:
    demo.run(CREATE + "more(0, 50)\ninference_table.ensure(spark, settings, project)\nprint(1)")
    both = [demo.begin("batch_inference(settings, project)\nprint(1)") for _ in range(2)]
    assert [ended(process) for process in both] == [1, 1]
    assert demo.run("print(json.dumps(counts()))") == [50, 50, 50]


def test_a_stream_that_was_killed_writes_each_row_once_and_a_new_champion_goes_on(lonely_demo: Demo) -> None:
    demo = lonely_demo
    demo.run(CREATE + "more(0, 5)\ninference_table.ensure(spark, settings, project)\nmore(5, 90, 4)\nprint(1)")
    stream = demo.begin("streaming_inference(settings, project)")
    location = Path(
        str(
            demo.workspace.client().tables.get(f"{demo.catalog}.inference.scored_predictions").storage_location
        ).removeprefix("file:")
    )
    until(lambda: stream.poll() is not None or any(location.glob("*.parquet")), timeout_s=300)
    engine = spark_of(demo.workspace)
    stream.send_signal(signal.SIGKILL)
    engine.kill()
    stream.communicate()
    until(lambda: not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE)  # its parent has yet to look
    demo.champion(2)
    counted, versions = demo.run(
        "streaming_inference(settings, project)\nmore(90, 95)\nmore(0, 3)\nstreaming_inference(settings, project)\n"
        "print(json.dumps([counts(), kept('model_version', where=\"id = 'k93'\")]))"
    )
    assert counted == [95, 95, 95]
    assert versions == [["2"]]


def spark_of(workspace: LocalWorkspace) -> psutil.Process:
    """The workspace's Spark server."""
    from brickyard_local import process

    info = process.running(workspace.home)
    assert info is not None
    [engine] = [
        child
        for child in psutil.Process(info.pid).children(recursive=True)
        if any("io.unitycatalog.brickyard.Server" in part for part in child.cmdline())
    ]
    return engine


PAYLOADS = """
source = f"`{C}`.inference.e_payload"
quarantine = f"`{C}`.inference.quarantine"
spark.sql(f"CREATE TABLE IF NOT EXISTS {source} (databricks_request_id string, client_request_id string,"
          " request_time timestamp, request_date date, status_code int, sampling_fraction double,"
          " execution_duration_ms bigint, request string, response string, served_entity_id string,"
          " requester string, logging_error_codes array<string>) USING DELTA")
inference_table.ensure(spark, settings, project)
tables.create(spark, quarantine, unpacking.QUARANTINE, comment="", statistics=2)
ship("brickyard_pipelines")
def asked(name, status, request, response, entity):
    spark.sql(f"INSERT INTO {source} VALUES ('{name}', null, timestamp'2013-11-05 10:00:00', date'2013-11-05',"
              f" {status}, 1, 3, '{request}', '{response}', '{entity}', 'ann', array())")
"""
ASKED = """
asked("r1", 200, '{"dataframe_records": [{"a": 2, "id": "k7", "at": "2013-11-04T00:00:00"}, {"a": 4}]}',
      '{"predictions": [0.5, 0.25]}', ENTITY)
asked("r2", 400, '{"a": 1}', '{"error_code": "BAD_REQUEST"}', ENTITY)
asked("r3", 200, '{"inputs": {"c": ["x"]}}', '{"predictions": [0.75]}', "unknown")
whole = streams.running
def broken_between(statements, **named):
    return whole([statements[0], "SELECT raise_error('broken between the writes')", *statements[1:]], **named)
streams.running = broken_between
try:
    unpack(spark, settings, project, source, quarantine)
except Exception as error:
    print(json.dumps([str(error), len(kept("id")), spark.table(quarantine).count()]))
"""
KILLED_WHILE_IT_STREAMS = """
begin = streams.begin
def begin_and_die(writer):
    begin(writer)
    dies()
streams.begin = begin_and_die
unpack(spark, settings, project, source, quarantine)
"""
UNPACKED = """
unpack(spark, settings, project, source, quarantine)
unpack(spark, settings, project, source, quarantine)
reasons = sorted([row["databricks_request_id"], row["reason"]] for row in spark.table(quarantine).collect())
print(json.dumps([kept("request_id", "model_version", "source", "id", "at", "a", "c", "prediction"), reasons]))
"""


def test_payloads_become_rows_of_the_version_that_answered_or_are_kept_with_a_reason_once_however_often_killed(
    demo: Demo,
) -> None:
    endpoints, name = demo.workspace.client().serving_endpoints, f"scored-{secrets.token_hex(4)}"
    entity = ServedEntityInput(
        entity_name=f"{demo.catalog}.models.scored",
        entity_version="1",
        workload_size="Small",
        scale_to_zero_enabled=True,
    )
    endpoints.create(name, config=EndpointCoreConfigInput(name=name, served_entities=[entity]))
    known = f"SELECT served_entity_id FROM system.serving.served_entities WHERE endpoint_name = '{name}'"
    code = f'spark.sql(f"CREATE TABLE {{features}} (id string)")\nENTITY = spark.sql("{known}").first()[0]\n'
    said, rows_then, refused_then = demo.run(code + PAYLOADS + KILLS + ASKED)
    assert "broken between the writes" in said
    assert (rows_then, refused_then) == (2, 0)  # half done, and the checkpoint says nothing of it
    assert killed(demo.begin(PAYLOADS + KILLS + KILLED_WHILE_IT_STREAMS))
    rows, reasons = demo.run(PAYLOADS + UNPACKED)
    endpoints.delete(name)
    assert rows == [
        ["r1:0", "1", "endpoint", "k7", "2013-11-04 00:00:00", "2.0", "None", "0.5"],
        ["r1:1", "1", "endpoint", "None", "2013-11-05 10:00:00", "4.0", "None", "0.25"],
    ]
    assert reasons == [["r2", "the endpoint answered 400"], ["r3", "the served entity is unknown: unknown"]]
