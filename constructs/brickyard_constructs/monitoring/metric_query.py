"""Queries over the metric tables of a monitor, from typed parts: the latest window's value of one metric.

Source: docs.databricks.com/aws/en/data-quality-monitoring/data-profiling/monitor-output (columns of both tables)
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from brickyard_constructs.checks import check_full_name, check_not_empty, check_one_of
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.monitoring.profiles import GRANULARITIES
from brickyard_constructs.monitoring.sql_text import identifier, table, text

# A column of the metric table, or a field of one: `js_distance`, `ks_test.pvalue`.
_METRIC = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
_DRIFT = {"previous": "CONSECUTIVE", "baseline": "BASELINE"}
WHOLE_TABLE = ":table"
_INPUT = "log_type = 'INPUT'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Rows for which a slicing expression, as the monitor has it, gives this value."""

    expression: str
    value: str

    def __post_init__(self) -> None:
        check_not_empty("expression", self.expression)


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftMetric:
    """How much a column changed, against the window before or the baseline. A snapshot has no granularity."""

    metrics_table: str
    column: str
    metric: str
    against: str = "previous"
    granularity: str | None = None
    slice: Slice | None = None

    def __post_init__(self) -> None:
        _check(self)
        check_one_of("against", self.against, tuple(_DRIFT))

    @property
    def sql(self) -> str:
        """The query; its one column is called `value`."""
        return _latest(self, self._rows)

    @property
    def history_sql(self) -> str:
        """The same metric of every window: columns `window_start` and `value`."""
        return _history(self, self._rows)

    @property
    def _rows(self) -> str:
        return f"drift_type = {text(_DRIFT[self.against])}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileMetric:
    """What a column was like; of the model's quality the column is `:table`."""

    metrics_table: str
    metric: str
    column: str = WHOLE_TABLE
    granularity: str | None = None
    slice: Slice | None = None

    def __post_init__(self) -> None:
        _check(self)

    @property
    def sql(self) -> str:
        """The query; its one column is called `value`."""
        return _latest(self, _INPUT)

    @property
    def history_sql(self) -> str:
        """The same metric of every window: columns `window_start` and `value`."""
        return _history(self, _INPUT)


MetricQuery: TypeAlias = DriftMetric | ProfileMetric


def _check(query: MetricQuery) -> None:
    check_full_name("metrics_table", query.metrics_table)
    check_not_empty("column", query.column)
    if not _METRIC.fullmatch(query.metric):
        raise InvalidProps(
            "metric", query.metric, rule="a metric like js_distance, or a part of one like ks_test.pvalue"
        )
    if query.granularity is not None:
        check_one_of("granularity", query.granularity, GRANULARITIES)


def _latest(query: MetricQuery, kind: str) -> str:
    """All rows of the newest window: of predictions there is one for each model, and who asks takes the worst."""
    source, rows = table(query.metrics_table), _rows(query, kind)
    newest = f"SELECT max(window.start) FROM {source} WHERE {rows}"  # noqa: S608 - every part is quoted
    return f"SELECT {_metric(query)} AS value FROM {source} WHERE {rows} AND window.start = ({newest})"  # noqa: S608


def _history(query: MetricQuery, kind: str) -> str:
    shown = f"window.start AS window_start, {_metric(query)} AS value"
    return f"SELECT {shown} FROM {table(query.metrics_table)} WHERE {_rows(query, kind)} ORDER BY 1"  # noqa: S608


def _metric(query: MetricQuery) -> str:
    return ".".join(identifier(part) for part in query.metric.split("."))


def _rows(query: MetricQuery, kind: str) -> str:
    where = [f"column_name = {text(query.column)}", kind, *_sliced(query.slice), *_grained(query.granularity)]
    return " AND ".join(where)


def _sliced(wanted: Slice | None) -> list[str]:
    if wanted is None:
        return ["slice_key IS NULL"]
    return [f"slice_key = {text(wanted.expression)}", f"slice_value = {text(wanted.value)}"]


def _grained(granularity: str | None) -> list[str]:
    return ["granularity IS NULL"] if granularity is None else [f"granularity = {text(granularity)}"]
