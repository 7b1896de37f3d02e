"""Queries over the metric tables of a monitor, from typed parts: the newest value of one metric, or all of them.

Source: docs.databricks.com/aws/en/data-quality-monitoring/data-profiling/monitor-output (columns of both tables)
"""

# ruff: noqa: S608 - every part of a query is quoted

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

from brickyard_constructs.checks import check_full_name, check_not_empty, check_one_of
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.monitoring.profiles import GRANULARITIES
from brickyard_constructs.monitoring.sql_text import identifier, table, text

# A column of the metric table, or a field of one: `js_distance`, `ks_test.pvalue`.
_METRIC = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
_DRIFT = {"previous": "CONSECUTIVE", "baseline": "BASELINE"}
WHOLE_TABLE = ":table"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Rows for which a slicing expression, as the monitor has it, gives this value."""

    expression: str
    value: str

    def __post_init__(self) -> None:
        check_not_empty("expression", self.expression)


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricQuery(ABC):
    """A metric of a column, as a monitor measures it window by window. A snapshot has no granularity."""

    metrics_table: str
    column: str
    metric: str
    granularity: str | None = None
    slice: Slice | None = None

    def __post_init__(self) -> None:
        check_full_name("metrics_table", self.metrics_table)
        check_not_empty("column", self.column)
        if not _METRIC.fullmatch(self.metric):
            raise InvalidProps(
                "metric", self.metric, rule="a metric like js_distance, or a part of one like ks_test.pvalue"
            )
        if self.granularity is not None:
            check_one_of("granularity", self.granularity, GRANULARITIES)

    @property
    def sql(self) -> str:
        """The newest window's that has a value, since labels come later than rows; the one column is called `value`.

        All rows of the window: of predictions there is one for each model, and who asks takes the worst.
        """
        known = f"WITH known AS (SELECT window_start, value FROM ({self.history_sql}) WHERE value IS NOT NULL)"
        return f"{known} SELECT value FROM known WHERE window_start = (SELECT max(window_start) FROM known)"

    @property
    def history_sql(self) -> str:
        """The same metric of every window: columns `window_start` and `value`."""
        shown = f"window.start AS window_start, {self._value} AS value"
        return f"SELECT {shown} FROM {table(self.metrics_table)} WHERE {self._rows} ORDER BY 1"

    @property
    @abstractmethod
    def _kind(self) -> str:
        """A condition: which of the rows of a column and a window."""

    @property
    def _rows(self) -> str:
        of_column = f"column_name = {text(self.column)}"
        return " AND ".join([of_column, self._kind, *_sliced(self.slice), *_grained(self.granularity)])

    @property
    def _value(self) -> str:
        return ".".join(identifier(part) for part in self.metric.split("."))


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftMetric(MetricQuery):
    """How much a column changed, against the window before or the baseline."""

    against: str = "previous"

    def __post_init__(self) -> None:
        MetricQuery.__post_init__(self)  # with slots, `super()` is of a class that is replaced
        check_one_of("against", self.against, tuple(_DRIFT))

    @property
    def _kind(self) -> str:
        return f"drift_type = {text(_DRIFT[self.against])}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileMetric(MetricQuery):
    """What a column was like; of the model's quality the column is `:table`."""

    column: str = WHOLE_TABLE

    @property
    def _kind(self) -> str:
        return "log_type = 'INPUT'"


def _sliced(wanted: Slice | None) -> list[str]:
    if wanted is None:
        return ["slice_key IS NULL"]
    return [f"slice_key = {text(wanted.expression)}", f"slice_value = {text(wanted.value)}"]


def _grained(granularity: str | None) -> list[str]:
    return ["granularity IS NULL"] if granularity is None else [f"granularity = {text(granularity)}"]
