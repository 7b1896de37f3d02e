"""The two metric tables: their columns, and how rows get into them.

Rows of a refresh replace those of the same windows in one commit, so that a refresh which runs again changes nothing.
Source: docs.databricks.com/data-governance/unity-catalog/data-quality-monitoring/data-profiling/monitor-output
"""

# ruff: noqa: S608 - names are quoted; expressions are those of the principal that runs them

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from brickyard_local.monitors.engine.columns import quoted, quoted_table
from brickyard_local.monitors.engine.custom import AGGREGATE, DERIVED, DRIFT, CustomMetrics
from brickyard_local.monitors.engine.frames import Key
from brickyard_local.monitors.engine.quality import CLASSIFICATION, CLASSIFICATION_COLUMNS, REGRESSION_COLUMNS
from brickyard_local.monitors.engine.request import Request

_WINDOW = "struct<start: timestamp, end: timestamp>"
_TEST = "struct<statistic: double, pvalue: double>"
_PROFILE_KEY = {
    "window": _WINDOW,
    "log_type": "string",
    "logging_table_commit_version": "int",
    "monitor_version": "bigint",
    "granularity": "string",
    "slice_key": "string",
    "slice_value": "string",
}
_PROFILE = {
    "column_name": "string",
    "count": "bigint",
    "data_type": "string",
    "num_nulls": "bigint",
    "avg": "double",
    "quantiles": "array<double>",
    "min": "double",
    "max": "double",
    "stddev": "double",
    "num_zeros": "bigint",
    "num_nan": "bigint",
    "min_length": "double",
    "max_length": "double",
    "avg_length": "double",
    "non_null_columns": "array<string>",
    "frequent_items": "array<struct<item: string, count: bigint>>",
    "median": "double",
    "distinct_count": "bigint",
    "percent_nan": "double",
    "percent_null": "double",
    "percent_zeros": "double",
    "percent_distinct": "double",
}
_DRIFT_KEY = {
    "window": _WINDOW,
    "granularity": "string",
    "monitor_version": "bigint",
    "slice_key": "string",
    "slice_value": "string",
}
_DRIFT = {
    "column_name": "string",
    "data_type": "string",
    "window_cmp": _WINDOW,
    "drift_type": "string",
    "count_delta": "bigint",
    "avg_delta": "double",
    "percent_null_delta": "double",
    "percent_zeros_delta": "double",
    "percent_distinct_delta": "double",
    "non_null_columns_delta": "struct<added: int, missing: int>",
    "js_distance": "double",
    "ks_test": _TEST,
    "wasserstein_distance": "double",
    "population_stability_index": "double",
    "chi_squared_test": _TEST,
    "tv_distance": "double",
    "l_infinity_distance": "double",
}
_MICROS = "struct<start: bigint, end: bigint>"
NOTHING = "false"
Columns = Mapping[str, str]


def profile_columns(request: Request, custom: CustomMetrics) -> Columns:
    """Columns of the profile metrics table and their types, in order."""
    quality: Columns = {}
    if request.inference_log.get("label_col"):
        classes = request.inference_log["problem_type"] == CLASSIFICATION
        quality = CLASSIFICATION_COLUMNS if classes else REGRESSION_COLUMNS
    return {**_PROFILE_KEY, **_model(request), **_PROFILE, **quality, **custom.columns(AGGREGATE, DERIVED)}


def drift_columns(request: Request, custom: CustomMetrics) -> Columns:
    """Columns of the drift metrics table and their types, in order."""
    return {**_DRIFT_KEY, **_model(request), **_DRIFT, **custom.columns(DRIFT)}


def key_values(request: Request, key: Key) -> dict[str, Any]:
    """What both tables say of a group; windows in microseconds."""
    model = {request.model_id_col: key.model} if request.model_id_col else {}
    return {
        "window": window(key),
        "monitor_version": request.monitor_version,
        "granularity": key.granularity,
        "slice_key": key.slice_key,
        "slice_value": key.slice_value,
        **model,
    }


def window(key: Key) -> dict[str, int | None] | None:
    """None for all of a baseline."""
    return None if key.start is None else {"start": key.start, "end": key.end}


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricTable:
    """One of the two tables. `known` are the names of the columns that it has, in order."""

    spark: Any
    name: str
    columns: Columns
    known: Sequence[str] = ()

    def made(self) -> Self:
        """The table, created, or with the columns that it lacked."""
        listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in self.columns.items())
        self.spark.sql(f"CREATE TABLE IF NOT EXISTS {quoted_table(self.name)} ({listed}) USING DELTA")
        known = list(self.spark.table(quoted_table(self.name)).columns)
        lower = {name.lower() for name in known}
        lacking = [name for name in self.columns if name.lower() not in lower]
        if lacking:
            added = ", ".join(f"{quoted(name)} {self.columns[name]}" for name in lacking)
            self.spark.sql(f"ALTER TABLE {quoted_table(self.name)} ADD COLUMNS ({added})")
        return replace(self, known=[*known, *lacking])

    def show(self, rows: Sequence[Mapping[str, Any]], view: str) -> None:
        """Make a temporary view of rows, with the position of each as `:row`."""
        kinds = {name: _MICROS if kind == _WINDOW else kind for name, kind in self.columns.items()}
        schema = ", ".join(f"{quoted(name)} {kind}" for name, kind in {":row": "int", **kinds}.items())
        values = [(n, *(row.get(name) for name in kinds)) for n, row in enumerate(rows)]
        raw = self.spark.createDataFrame(values, schema)
        shown = [
            f"{_moments(name) if kind == _WINDOW else quoted(name)} AS {quoted(name)}"
            for name, kind in self.columns.items()
        ]
        raw.selectExpr("`:row`", *shown).createOrReplaceTempView(view)

    def replace(self, rows: Sequence[Mapping[str, Any]], where: str) -> None:
        """Put rows in the place of those for which the condition holds; `NOTHING` holds for none."""
        if not rows and where == NOTHING:
            return
        view = f"written_{self.name.rpartition('.')[2]}"
        self.show(rows, quoted(view))
        ordered = ", ".join(quoted(name) if name in self.columns else f"NULL AS {quoted(name)}" for name in self.known)
        self.spark.sql(
            f"INSERT INTO {quoted_table(self.name)} REPLACE WHERE {where} SELECT {ordered} FROM {quoted(view)}"
        )


def _moments(name: str) -> str:
    """A window of timestamps from one of microseconds."""
    start, end = (f"timestamp_micros({quoted(name)}.{side})" for side in ("start", "`end`"))
    return f"CASE WHEN {quoted(name)} IS NOT NULL THEN named_struct('start', {start}, 'end', {end}) END"


def _model(request: Request) -> Columns:
    return {request.model_id_col: "string"} if request.model_id_col else {}
