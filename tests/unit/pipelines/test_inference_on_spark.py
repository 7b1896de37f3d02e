"""Batch, stream and labels into one table on real Spark: everything once, whoever is killed or comes twice."""

import datetime as dt
import secrets
from pathlib import Path
from typing import Any

import psutil
import pytest
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput

from brickyard_local.pytest_plugin import LocalWorkspace, until

pytestmark = pytest.mark.slow

BATCHES = """
make_features()
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
spark.sql(f"INSERT INTO {features} SELECT 'k30', timestamp'2013-11-02', double(id), 'x' FROM range(2)")
try:
    batch_inference(settings, project)
    twice = ""
except Exception as error:
    twice = str(error)
spark.sql(f"INSERT INTO {events} VALUES ('k1', 1), ('k2', 0), ('k3', null), ('k4', 1)")
join_labels(settings, project)
labelled = kept("id", "late", where="late IS NOT NULL")
before = tables.state(spark, table).version
join_labels(settings, project)
untouched = tables.state(spark, table).version == before
spark.sql(f"UPDATE {events} SET late = 0 WHERE id = 'k1'")
join_labels(settings, project)
changed = kept("id", "late", "label_known_at IS NOT NULL", where="late IS NOT NULL")
print(json.dumps([first, late, old, second, "version 1 of" in refused and "for id bad" in refused, twice, counts(),
                  labelled, untouched, changed]))
"""


def test_batches_score_each_row_once_and_labels_are_joined_when_they_come(demo: Any) -> None:
    code = BATCHES.replace("more(0, 20)", 'spark.sql(f"CREATE TABLE {events} (id string, late int)")\nmore(0, 20)', 1)
    first, late, old, second, refused, twice, after, labelled, untouched, changed = demo.run(code)
    assert first == [20, 20, 20]
    assert late == [["batch", "1", "3.0", "True"]]
    assert old == [["batch", "9.0", "True"]]
    assert second == [26, 26, 26]
    assert refused
    assert twice.startswith("3 rows to score have only 2 different id")
    assert after == second  # nothing was written with the row that cannot be scored, nor of a key that stands twice
    assert labelled == [["k1", "1"], ["k2", "0"], ["k4", "1"]]
    assert untouched
    assert changed == [["k1", "0", "True"], ["k2", "0", "True"], ["k4", "1", "True"]]


def test_two_batches_at_once_write_each_row_once(demo: Any) -> None:
    demo.run("make_features()\nmore(0, 50)\ninference_table.ensure(spark, settings, project)\nprint(1)")
    both = [demo.begin("batch_inference(settings, project)\nprint(json.dumps(counts()))") for _ in range(2)]
    assert [50, 50, 50] in [demo.ended(process) for process in both]  # of who ended last


def test_a_stream_that_was_killed_writes_each_row_once_and_a_new_champion_goes_on(lonely_demo: Any) -> None:
    demo = lonely_demo
    demo.run("make_features()\nmore(0, 5)\ninference_table.ensure(spark, settings, project)\nmore(5, 40, 3)\nprint(1)")
    stream = demo.begin("streaming_inference(settings, project)")
    location = Path(
        str(
            demo.workspace.client().tables.get(f"{demo.catalog}.inference.scored_predictions").storage_location
        ).removeprefix("file:")
    )
    until(lambda: not stream.process.is_alive() or any(location.glob("*.parquet")), timeout_s=300)
    engine = spark_of(demo.workspace)
    stream.process.kill()
    engine.kill()
    stream.over()
    until(lambda: not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE)  # its parent has yet to look
    demo.champion(2)
    counted, versions = demo.run(
        "more(90, 95)\nmore(0, 3)\nstreaming_inference(settings, project)\n"
        "print(json.dumps([counts(), kept('model_version', where=\"id = 'k93'\")]))"
    )
    assert counted == [45, 45, 45]
    assert versions == [["2"]]


LIBRARIES = """
import types, mlflow, numpy as np, pandas as pd
from dataclasses import replace
from brickyard_pipelines.ml.project import refer
from brickyard_pipelines.ml.registry import models
from brickyard_pipelines.ml.training import libraries
from brickyard_pipelines.ml.training.packing import Trained
frame = pd.DataFrame({"a": np.arange(20.0)})
labels = (frame["a"] > 9).astype("int64")
def lightgbm():
    from lightgbm import LGBMClassifier
    return LGBMClassifier(n_estimators=5, min_child_samples=2, verbose=-1, n_jobs=1).fit(frame, labels)
def xgboost():
    from xgboost import XGBClassifier
    return XGBClassifier(n_estimators=5).fit(frame, labels)
def torch():
    import torch
    torch.set_num_threads(1)
    return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
said = {}
def look(predict, _model_id):
    said["answers"] = np.asarray(predict(frame), dtype=float).reshape(-1).tolist()
    return {"a": 1.0}
sys.modules["only_a"] = types.SimpleNamespace(FEATURES=[column for column in refer(project.workflow.features.columns)
    if column.name == "a"])
workflow = replace(project.workflow, features=replace(project.workflow.features, columns="only_a:FEATURES"))
model = globals()[LIBRARY]()
mlflow.set_experiment("/Shared/" + C)
with mlflow.start_run():
    trained = Trained(model=model, library=libraries.recognise(model, LIBRARY), function=LIBRARY)
    info = models.log_and_register(trained, frame.head(2), settings, replace(project, workflow=workflow), look)
version = info.registered_model_version
mlflow.MlflowClient().set_registered_model_alias(settings.model, "champion", version)
make_features()
more(0, 20)
batch_inference(settings, project)
rows = spark.table(table).where(f"model_version = '{version}'").orderBy("a").select("prediction").collect()
print(json.dumps([version, said["answers"], [row[0] for row in rows]]))
"""


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "torch"])
def test_a_model_of_another_library_scores_batches_and_requests_as_it_did_in_training(demo: Any, library: str) -> None:
    pytest.importorskip(library)
    version, trained, scored = demo.run(f"LIBRARY = {library!r}\n" + LIBRARIES)
    assert scored == pytest.approx(trained, abs=1e-6)
    client, name = demo.workspace.client(), f"{library}-{secrets.token_hex(4)}"
    entity = ServedEntityInput(
        entity_name=f"{demo.catalog}.models.scored",
        entity_version=str(version),
        workload_size="Small",
        scale_to_zero_enabled=True,
    )
    client.serving_endpoints.create_and_wait(
        name, config=EndpointCoreConfigInput(name=name, served_entities=[entity]), timeout=dt.timedelta(minutes=5)
    )
    answer = client.serving_endpoints.query(name, dataframe_records=[{"a": float(n)} for n in range(20)])
    client.serving_endpoints.delete(name)
    assert answer.predictions == pytest.approx(trained, abs=1e-6)


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
