"""Quality monitors of a project's tables, and alerts over what they measure.

Source: docs.databricks.com/aws/en/lakehouse-monitoring/ ; docs.databricks.com/api/workspace/alertsv2
"""

from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.deployment.schedule import Schedule
from brickyard_stacks.settings.strict import Dotted, Kebab, LongText, Snake, Strict, Text, Texts

Granularity = Literal[
    "5 minutes", "30 minutes", "1 hour", "1 day", "1 week", "2 weeks", "3 weeks", "4 weeks", "1 month", "1 year"
]
Granularities = Annotated[tuple[Granularity, ...], Field(strict=False, min_length=1)]


class CustomMetric(Strict):
    """A metric of the team's own, as a SQL expression."""

    type: Literal["aggregate", "derived", "drift"]
    definition: LongText
    input_columns: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    output_type: Text = "double"


class _Monitor(Strict):
    """What every monitor has."""

    slices: Texts = Field(default=(), description="SQL expressions by which the metrics are split as well")
    custom_metrics: dict[Snake, CustomMetric] = Field(default={}, description="metrics of the team's own, by name")
    schedule: Schedule | None = Field(default=None, description="when it is refreshed; default: when a step asks")
    baseline: Dotted | None = Field(default=None, description="schema.table to compare with")


class InferenceMonitor(_Monitor):
    """Of predictions, and of labels once they are known."""

    kind: Literal["inference"]
    problem_type: Literal["classification", "regression"]
    timestamp_column: Text
    prediction_column: Text
    model_id_column: Text
    label_column: Text | None = None
    prediction_probability_column: Text | None = None
    granularities: Granularities


class TimeSeriesMonitor(_Monitor):
    """Of a table whose rows have a time."""

    kind: Literal["timeseries"]
    timestamp_column: Text
    granularities: Granularities


class SnapshotMonitor(_Monitor):
    """Of a table as a whole."""

    kind: Literal["snapshot"]


Monitor = Annotated[InferenceMonitor | TimeSeriesMonitor | SnapshotMonitor, Field(discriminator="kind")]


class Alert(Strict):
    """A SQL query whose result is compared with a threshold; a breach is told to the environment's notifications."""

    sql: LongText = Field(description="a query; ${catalog} stands for the environment's catalog")
    column: Text = Field(description="the column of the result that is compared")
    aggregation: Literal["AVG", "COUNT", "COUNT_DISTINCT", "MAX", "MEDIAN", "MIN", "STDDEV", "SUM"] | None = None
    operator: Literal["EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL"]
    threshold: float = Field(allow_inf_nan=False, description="a number")
    warehouse: Kebab = Field(description="one of the environment's warehouses")
    schedule: Schedule
    when_empty: Literal["OK", "TRIGGERED", "ERROR", "UNKNOWN"] = "OK"
