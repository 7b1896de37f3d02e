"""metrics.<project>_monitoring: a row per window, model version, slice, column and metric.

Windows are replaced as a whole, so that a step that runs again, or labels that come late, leave one truth.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.tables import ColumnDefinition
from brickyard_pipelines.ml.monitoring.windows import moment, seconds
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_WINDOW = ("window_start", "window_end")
WHOLE_TABLE, ALL_MODELS = ":table", "*"  # as the quality monitor's tables say it
_COLUMNS = (
    ColumnDefinition(name="window_start", type="timestamp", nullable=False, comment="Of the prediction moments"),
    ColumnDefinition(name="window_end", type="timestamp", nullable=False, comment="Not included"),
    ColumnDefinition(name="granularity", type="string", nullable=False, comment="How long a window is"),
    ColumnDefinition(name="model_version", type="string", nullable=False, comment="Version that scored; * is all"),
    ColumnDefinition(name="slice_key", type="string", comment="Feature that slices; null of all rows"),
    ColumnDefinition(name="slice_value", type="string", comment="Its value; null of all rows"),
    ColumnDefinition(name="column_name", type="string", nullable=False, comment="Feature; :table of the whole"),
    ColumnDefinition(name="metric", type="string", nullable=False, comment="See ml/monitoring/known_metrics.py"),
    ColumnDefinition(name="value", type="double", comment="The metric"),
    ColumnDefinition(name="low", type="double", comment="Of an estimate: 2.5 % of windows would show less"),
    ColumnDefinition(name="high", type="double", comment="Of an estimate: 2.5 % of windows would show more"),
    ColumnDefinition(name="rows", type="bigint", nullable=False, comment="Rows behind the value"),
    ColumnDefinition(name="computed_at", type="timestamp", nullable=False, comment="When it was computed"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricRow:
    """One row, but for when it was computed. Times are in UTC, without a zone."""

    window_start: dt.datetime
    window_end: dt.datetime
    granularity: str
    metric: str
    value: float
    rows: int
    model_version: str = ALL_MODELS
    slice_key: str | None = None
    slice_value: str | None = None
    column_name: str = WHOLE_TABLE
    low: float | None = None
    high: float | None = None

    @property
    def of_the_whole(self) -> bool:
        """Whether it is a metric of all rows of a window, whichever version scored them."""
        return (self.model_version, self.slice_key, self.column_name) == (ALL_MODELS, None, WHOLE_TABLE)


def table_of(settings: StepSettings, project: str) -> str:
    """Its quoted name."""
    return settings.table("metrics", f"{project}_monitoring")


def write(spark: "SparkSession", table: str, rows: Sequence[MetricRow], *, now: dt.datetime) -> None:
    """Put rows in the place of all rows of their windows, in one commit."""
    tables.create(spark, table, _COLUMNS, comment="What is measured of the model in use, by window")
    if not rows:
        return
    granularity = rows[0].granularity
    starts = sorted({seconds(row.window_start) for row in rows})
    moments = ", ".join(f"timestamp_seconds({start})" for start in starts)
    tables.replace(
        _frame(spark, rows, now),
        table,
        made_from={"granularity": granularity, "windows": len(starts)},
        where=f"granularity = '{granularity}' AND window_start IN ({moments})",
    )


def read(spark: "SparkSession", table: str, *, granularity: str) -> list[MetricRow]:
    """All rows of a granularity, without those of slices and single columns; none where the table is not there yet."""
    if not spark.catalog.tableExists(table):
        return []
    found = spark.table(table).where(
        f"granularity = '{granularity}' AND slice_key IS NULL AND column_name = '{WHOLE_TABLE}'"
    )
    shown = found.drop("computed_at").selectExpr(
        "* EXCEPT (window_start, window_end)", *(f"unix_seconds({name}) AS {name}" for name in _WINDOW)
    )
    return [_row(answer.asDict()) for answer in shown.collect()]


def features(spark: "SparkSession", table: str, start: dt.datetime) -> dict[str, float]:
    """The drift of each feature in one window."""
    found = spark.table(table).where(
        f"metric = 'drift' AND window_start = timestamp_seconds({seconds(start)}) AND slice_key IS NULL"
    )
    return {row["column_name"]: row["value"] for row in found.select("column_name", "value").collect()}


def newest(rows: Iterable[MetricRow], metric: str) -> MetricRow | None:
    """The newest window's value of a metric of the whole."""
    seen = [row for row in rows if row.metric == metric and row.of_the_whole]
    return max(seen, key=lambda row: row.window_start, default=None)


def _frame(spark: "SparkSession", rows: Sequence[MetricRow], now: dt.datetime) -> "DataFrame":
    """The rows as the table has them; moments travel as seconds."""
    schema = ", ".join(f"{c.name} {'bigint' if c.type == 'timestamp' else c.type}" for c in _COLUMNS)
    values = []
    for row in rows:
        facts = {**asdict(row), "computed_at": now}
        values.append(tuple(seconds(v) if isinstance(v := facts[c.name], dt.datetime) else v for c in _COLUMNS))
    named = [f"timestamp_seconds({c.name}) AS {c.name}" if c.type == "timestamp" else f"`{c.name}`" for c in _COLUMNS]
    return spark.createDataFrame(values, schema).selectExpr(*named)


def _row(facts: dict[str, Any]) -> MetricRow:
    moments: dict[str, Any] = {name: moment(facts[name]) for name in _WINDOW}
    return MetricRow(**facts | moments)
