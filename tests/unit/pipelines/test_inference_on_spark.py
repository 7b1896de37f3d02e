"""Batch, stream and labels into one table on real Spark: everything once, whoever is killed or comes twice."""

import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

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
    both = [demo.begin("batch_inference(settings, project)\nprint(1)") for _ in range(2)]
    assert [demo.ended(process) for process in both] == [1, 1]
    assert demo.run("print(json.dumps(counts()))") == [50, 50, 50]


def test_a_stream_that_was_killed_writes_each_row_once_and_a_new_champion_goes_on(lonely_demo: Any) -> None:
    demo = lonely_demo
    demo.run("make_features()\nmore(0, 5)\ninference_table.ensure(spark, settings, project)\nmore(5, 90, 4)\nprint(1)")
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
