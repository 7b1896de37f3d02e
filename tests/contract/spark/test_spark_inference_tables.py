"""Inference tables, which the endpoints' own writer fills without Spark, read in Spark."""

# ruff: noqa: S608 - the names in these statements are ours

import datetime as dt
import json
import uuid
from typing import Any

from pyspark.sql import SparkSession

from brickyard_local.serving import payload_child
from brickyard_local.serving.payload_table import COLUMNS, FIRST_COMMIT, first_commit


def test_an_inference_table_and_its_change_feed_are_read(spark: SparkSession, schema: str, stub: Any) -> None:
    folder = stub.root / "tables" / str(uuid.uuid4())
    (folder / "_delta_log").mkdir(parents=True)
    (folder / "_delta_log" / FIRST_COMMIT).write_text(first_commit(folder.name, 1_700_000_000_000))
    at = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
    row = {
        "databricks_request_id": "r1",
        "request_date": (at.date() - dt.date(1970, 1, 1)).days,
        "request_time": int(at.timestamp() * 1_000_000),
        "status_code": 200,
        "sampling_fraction": 1.0,
        "execution_duration_ms": 12,
        "request": '{"inputs": [1]}',
        "logging_error_codes": ["MAX_RESPONSE_SIZE_EXCEEDED"],
    }
    for number in range(2):
        segment = folder.parent / f"{number:012d}.jsonl"
        segment.write_text(json.dumps(row | {"status_code": 200 + number}) + "\n")
        payload_child.append(segment, folder)
    stub.tables[f"{schema}.payload"] = {
        "table_id": "payload",
        "name": "payload",
        "table_type": "MANAGED",
        "data_source_format": "DELTA",
        "storage_location": folder.as_uri(),
        "columns": [],
        "properties": {},
    }
    table = spark.table(f"{schema}.payload")
    assert tuple(table.columns) == COLUMNS
    [first, _] = table.orderBy("status_code").collect()
    assert (first.request_date, first.status_code, first.request) == (at.date(), 200, row["request"])
    assert first.logging_error_codes == row["logging_error_codes"]
    assert table.where(f"request_time = TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}'").count() == 2
    changes = spark.sql(f"SELECT status_code, _change_type FROM table_changes('{schema}.payload', 1)").collect()
    assert {(change.status_code, change._change_type) for change in changes} == {(200, "insert"), (201, "insert")}
