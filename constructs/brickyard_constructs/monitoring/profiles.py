"""What a monitor looks at: predictions, rows with a time, or a table as a whole.

Source: docs.databricks.com/aws/en/data-quality-monitoring/data-profiling
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from cdktf_cdktf_provider_databricks.quality_monitor import (
    QualityMonitorCustomMetrics,
    QualityMonitorInferenceLog,
    QualityMonitorSnapshot,
    QualityMonitorTimeSeries,
)

from brickyard_constructs.checks import check_each_once, check_not_empty, check_one_of
from brickyard_constructs.errors import InvalidProps

GRANULARITIES = (
    "5 minutes",
    "30 minutes",
    "1 hour",
    "1 day",
    "1 week",
    "2 weeks",
    "3 weeks",
    "4 weeks",
    "1 month",
    "1 year",
)
_PROBLEMS = {"classification": "PROBLEM_TYPE_CLASSIFICATION", "regression": "PROBLEM_TYPE_REGRESSION"}
_METRIC_TYPES = {
    "aggregate": "CUSTOM_METRIC_TYPE_AGGREGATE",
    "derived": "CUSTOM_METRIC_TYPE_DERIVED",
    "drift": "CUSTOM_METRIC_TYPE_DRIFT",
}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@dataclass(frozen=True, kw_only=True, slots=True)
class InferenceLog:
    """Predictions of models, and their labels once they are known."""

    problem_type: str
    timestamp_column: str
    prediction_column: str
    model_id_column: str
    granularities: tuple[str, ...]
    label_column: str | None = None
    prediction_probability_column: str | None = None

    def __post_init__(self) -> None:
        check_one_of("problem_type", self.problem_type, tuple(_PROBLEMS))
        for prop in ("timestamp_column", "prediction_column", "model_id_column"):
            check_not_empty(prop, getattr(self, prop))
        _check_granularities(self.granularities)

    def fields(self) -> dict[str, Any]:
        """The monitor's argument."""
        log = QualityMonitorInferenceLog(
            problem_type=_PROBLEMS[self.problem_type],
            timestamp_col=self.timestamp_column,
            prediction_col=self.prediction_column,
            model_id_col=self.model_id_column,
            granularities=list(self.granularities),
            label_col=self.label_column,
            prediction_proba_col=self.prediction_probability_column,
        )
        return {"inference_log": [log]}


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSeries:
    """Rows with a time, in windows."""

    timestamp_column: str
    granularities: tuple[str, ...]

    def __post_init__(self) -> None:
        check_not_empty("timestamp_column", self.timestamp_column)
        _check_granularities(self.granularities)

    def fields(self) -> dict[str, Any]:
        """The monitor's argument."""
        series = QualityMonitorTimeSeries(timestamp_col=self.timestamp_column, granularities=list(self.granularities))
        return {"time_series": [series]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The table as a whole, at each refresh."""

    def fields(self) -> dict[str, Any]:
        """The monitor's argument."""
        return {"snapshot": [QualityMonitorSnapshot()]}


Profile: TypeAlias = InferenceLog | TimeSeries | Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomMetric:
    """A metric of the team's own: SQL over the table's columns, over other metrics, or over two windows.

    The SQL runs with the rights of whoever defined the monitor.
    """

    name: str
    type: str
    definition: str
    input_columns: tuple[str, ...]
    output_type: str = "double"

    def __post_init__(self) -> None:
        if not _WORD.fullmatch(self.name):
            raise InvalidProps("name", self.name, rule="a word of letters, digits and _: it becomes a column")
        check_one_of("type", self.type, tuple(_METRIC_TYPES))
        for prop in ("definition", "input_columns", "output_type"):
            check_not_empty(prop, getattr(self, prop))

    def block(self) -> QualityMonitorCustomMetrics:
        """As a monitor takes it."""
        return QualityMonitorCustomMetrics(
            name=self.name,
            type=_METRIC_TYPES[self.type],
            definition=self.definition,
            input_columns=list(self.input_columns),
            output_data_type=self.output_type,
        )


def _check_granularities(granularities: Sequence[str]) -> None:
    check_not_empty("granularities", granularities)
    check_each_once("granularities", granularities)
    for each in granularities:
        check_one_of("granularities", each, GRANULARITIES)
