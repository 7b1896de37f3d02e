"""Tasks killed for real at every write, on real Spark: run again, they leave what one that was not killed leaves.

Ingest's kills are in test_tables_on_spark, the stream's in test_inference_on_spark.
"""

# ruff: noqa: S608 - the names in these statements are ours

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput

pytestmark = pytest.mark.slow

EVENTS = """
spark.sql(f"CREATE TABLE {events} (id string, at timestamp, a double, c string, late int) USING DELTA")
rows = spark.sql("SELECT 'k' || id AS id, timestamp'2013-11-01' + make_interval(0, 0, 0, 0, 0, id) AS at,"
    " double(id) AS a, 'x' AS c, int(id % 2) AS late FROM range(9)")
tables.replace(rows, events, made_from={"load": 1, "contract": "c"})
"""
STEPS = """
from brickyard_pipelines.ml.steps import features as feature_step, join_labels as label_step
def written():
    return [spark.table(t).count() if spark.catalog.tableExists(t) else 0 for t in (features, table)]
"""
RUN = {
    "features": "feature_step.features(settings, project)\n",
    "batch": "batch_inference(settings, project)\n",
    "labels": "label_step.join_labels(settings, project)\n",
}
LEFT = """
print(json.dumps([written(), counts(), kept("prediction = a / 2 + 1", "late = cast(a as int) % 2"),
    [len(tables.note(spark, table)), spark.sql(f"DESCRIBE HISTORY {features}").count()]]))
"""


def test_features_scores_and_labels_of_killed_tasks_are_those_of_tasks_that_were_not(demo: Any) -> None:
    """Each dies after its one commit, before it says so: the next process finds what is done, and what is left."""
    done = STEPS
    demo.killed(EVENTS + done + 'dies_after(tables, "replace")\n' + RUN["features"])
    done += RUN["features"]
    demo.killed(done + 'dies_before(pending, "record")\n' + RUN["batch"])
    done += RUN["batch"]
    demo.killed(done + 'dies_after(label_step, "join")\n' + RUN["labels"])
    rows, counted, right, (marks, feature_commits) = demo.run(done + RUN["labels"] + LEFT)
    assert rows == [9, 9]
    assert counted == [9, 9, 9]
    assert right == [["True", "True"]] * 9
    assert marks > 0
    assert feature_commits == 2, "made with its change feed, which batches find so, and written: nothing twice"


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
from brickyard_pipelines.ml.inference import streams
whole = streams.running
def broken_between(statements, **named):
    return whole([statements[0], "SELECT raise_error('broken between the writes')", *statements[1:]], **named)
streams.running = broken_between
try:
    unpack(spark, settings, project, source, quarantine)
except Exception as error:
    print(json.dumps([str(error), len(kept("id")), spark.table(quarantine).count()]), flush=True)
streams.running = whole
"""
KILLED_WHILE_IT_STREAMS = """
dies_after(streams, "begin")
unpack(spark, settings, project, source, quarantine)
"""
UNPACKED = """
unpack(spark, settings, project, source, quarantine)
unpack(spark, settings, project, source, quarantine)
reasons = sorted([row["databricks_request_id"], row["reason"]] for row in spark.table(quarantine).collect())
print(json.dumps([kept("request_id", "model_version", "source", "id", "at", "a", "c", "prediction"), reasons]))
"""


@pytest.fixture
def served(demo: Any) -> Iterator[str]:
    """An endpoint of the demo's model; code that finds its served entity."""
    endpoints, name = demo.workspace.client().serving_endpoints, f"scored-{secrets.token_hex(4)}"
    entity = ServedEntityInput(
        entity_name=f"{demo.catalog}.models.scored",
        entity_version="1",
        workload_size="Small",
        scale_to_zero_enabled=True,
    )
    endpoints.create(name, config=EndpointCoreConfigInput(name=name, served_entities=[entity]))
    known = f"SELECT served_entity_id FROM system.serving.served_entities WHERE endpoint_name = '{name}'"
    yield f'ENTITY = spark.sql("{known}").first()[0]\n'
    endpoints.delete(name)


def test_payloads_become_rows_of_the_version_that_answered_or_are_kept_with_a_reason_once_however_often_killed(
    demo: Any, served: str
) -> None:
    code = 'spark.sql(f"CREATE TABLE {features} (id string)")\n'
    said, rows_then, refused_then = demo.killed(code + served + PAYLOADS + ASKED + KILLED_WHILE_IT_STREAMS)
    assert "broken between the writes" in said
    assert (rows_then, refused_then) == (2, 0)  # half done, and the checkpoint says nothing of it
    rows, reasons = demo.run(PAYLOADS + UNPACKED)
    assert rows == [
        ["r1:0", "1", "endpoint", "k7", "2013-11-04 00:00:00", "2.0", "None", "0.5"],
        ["r1:1", "1", "endpoint", "None", "2013-11-05 10:00:00", "4.0", "None", "0.25"],
    ]
    assert reasons == [["r2", "the endpoint answered 400"], ["r3", "the served entity is unknown: unknown"]]


WIDE = """
from brickyard_pipelines.ml.data.contract import Feature
columns = tuple(Feature(name=f"x{i}", type="double", comment="wide") for i in range(24))
unpacking.refer = inference_table.refer = lambda _: columns
"""
ASKED_WIDE = """
row = {column.name: float(place) for place, column in enumerate(columns)} | {"id": "k7", "x3": None}
asked("r1", 200, json.dumps({"dataframe_records": [row]}), '{"predictions": [0.5]}', ENTITY)
unpack(spark, settings, project, source, quarantine)
same = f"features_hash = {inference_table.features_hash(project)}"
print(json.dumps(kept("request_id", "x0", "x3", "x23", same)))
"""


def test_payloads_of_many_features_are_unpacked_at_once_with_the_hash_that_batches_give(demo: Any, served: str) -> None:
    """Spark's optimiser took minutes, and all of its memory, for 20 features and more."""
    rows = demo.run(WIDE + served + PAYLOADS + ASKED_WIDE)

    assert rows == [["r1:0", "0.0", "None", "23.0", "True"]]
