"""The platform's quality monitor: a refresh by its API, then its drift table by its own columns.

Source: docs.databricks.com/aws/en/data-quality-monitoring/data-profiling/monitor-output
"""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import MonitorFailed
from brickyard_pipelines.ml.monitoring.drift import ColumnDrift
from brickyard_pipelines.ml.monitoring.windows import moment
from brickyard_pipelines.ml.settings import unquoted

if TYPE_CHECKING:
    from databricks.sdk.service.catalog import MonitorInfo, QualityMonitorsAPI
    from pyspark.sql import SparkSession

_POLL_S = 1.0
_DRIFT_TYPE = {"previous": "CONSECUTIVE", "baseline": "BASELINE"}
_ENDED_BADLY = ("FAILED", "CANCELED")


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftTable:
    """Where the drift metrics are, and the column that says whose rows they are; None of a time series."""

    name: str
    model_id_column: str | None


def refresh(monitors: "QualityMonitorsAPI", table: str, *, within_s: float) -> DriftTable | None:
    """Bring the metrics of a table up to date; None when it has no monitor.

    Errors: MonitorFailed when the refresh fails, or does not end in time.
    """
    from databricks.sdk.errors import NotFound

    plain = unquoted(table)
    try:
        monitor = monitors.get(plain)
    except NotFound:
        return None
    ends = time.monotonic() + within_s
    refreshed = monitors.run_refresh(plain)
    while (state := refreshed.state.value if refreshed.state else "") != "SUCCESS":
        if state in _ENDED_BADLY:
            raise MonitorFailed(
                f"The refresh {refreshed.refresh_id} of the quality monitor of {plain} is {state}:"
                f" {refreshed.message or 'no message'}. Nothing was measured; mend it and run this step again."
            )
        if time.monotonic() > ends:
            raise MonitorFailed(
                f"The refresh {refreshed.refresh_id} of the quality monitor of {plain} has not ended after"
                f" {within_s / 60:g} minutes (workflow.monitoring.refresh_within_minutes)."
            )
        time.sleep(_POLL_S)
        refreshed = monitors.get_refresh(plain, refreshed.refresh_id)
    return _drift_table(monitor)


def _drift_table(monitor: "MonitorInfo") -> DriftTable:
    log = monitor.inference_log
    return DriftTable(name=str(monitor.drift_metrics_table_name), model_id_column=log.model_id_col if log else None)


def drift_by_window(
    spark: "SparkSession", table: DriftTable, *, granularity: str, against: str, starts: Collection[dt.datetime]
) -> Mapping[dt.datetime, list[ColumnDrift]]:
    """The drift of every column in these windows, of all models together; empty while the table is not there."""
    name = ".".join(f"`{part}`" for part in table.name.split("."))
    if not starts or not spark.catalog.tableExists(name):
        return {}
    found = spark.table(name).where(
        f"granularity = '{granularity}' AND slice_key IS NULL AND drift_type = '{_DRIFT_TYPE[against]}'"
    )
    if table.model_id_column:
        found = found.where(f"`{table.model_id_column}` = '*'")
    columns = found.selectExpr(
        "unix_seconds(window.start) AS at",
        "column_name",
        "ks_test.statistic AS ks",
        "tv_distance AS tv",
        "percent_null_delta AS nulls",
    )
    windows: dict[dt.datetime, list[ColumnDrift]] = defaultdict(list)
    for row in columns.collect():
        if moment(row["at"]) in starts:
            windows[moment(row["at"])].append(_column_drift(row))
    return windows


def _column_drift(row: Any) -> ColumnDrift:
    return ColumnDrift(
        column=row["column_name"], ks_statistic=row["ks"], tv_distance=row["tv"], percent_null_delta=row["nulls"]
    )
