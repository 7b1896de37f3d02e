"""Requests to the endpoint by window: how many, how many failed, how long they took. From its payload table.

Source: docs.databricks.com/aws/en/ai-gateway/inference-tables (columns of the table)
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.monitoring.windows import moment, start_sql

if TYPE_CHECKING:
    from databricks.sdk.service.serving import ServingEndpointsAPI
    from pyspark.sql import SparkSession

_FAILED_FROM = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """The requests of one window."""

    count: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None

    def metrics(self) -> Mapping[str, float]:
        """By the names of metrics.<project>_monitoring."""
        known = {
            "endpoint_requests": float(self.count),
            "endpoint_error_rate": self.failed / self.count if self.count else None,
            "endpoint_latency_p50_ms": self.p50_ms,
            "endpoint_latency_p99_ms": self.p99_ms,
        }
        return {name: value for name, value in known.items() if value is not None}


def payload_table(endpoints: "ServingEndpointsAPI", endpoint: str | None) -> str | None:
    """The quoted name of the table that the endpoint records in; None where it is gone, or records nothing."""
    from databricks.sdk.errors import NotFound

    if not endpoint:
        return None
    try:
        gateway = endpoints.get(endpoint).ai_gateway
    except NotFound:
        return None
    log = gateway.inference_table_config if gateway else None
    if log is None or not log.enabled:
        return None
    return f"`{log.catalog_name}`.`{log.schema_name}`.`{log.table_name_prefix}_payload`"


def by_window(spark: "SparkSession", table: str | None, *, granularity: str) -> Mapping[dt.datetime, Requests]:
    """The requests of every window, by when they came; none where nothing is recorded yet."""
    if table is None or not spark.catalog.tableExists(table):
        return {}
    start = start_sql(granularity, "request_time")
    found = spark.table(table).selectExpr(f"{start} AS at", "status_code", "execution_duration_ms AS ms")
    found.createOrReplaceTempView("requests_by_window")
    rows = spark.sql(
        "SELECT at, count(*) AS n, count_if(status_code IS NULL OR status_code >= :failed) AS failed,"
        " percentile(ms, 0.5) AS p50, percentile(ms, 0.99) AS p99"
        " FROM requests_by_window WHERE at IS NOT NULL GROUP BY at",
        args={"failed": _FAILED_FROM},
    ).collect()
    return {
        moment(row["at"]): Requests(count=row["n"], failed=row["failed"], p50_ms=row["p50"], p99_ms=row["p99"])
        for row in rows
    }
