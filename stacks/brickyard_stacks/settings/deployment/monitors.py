"""Quality monitors of a project's tables, and alerts over what they measure.

Source: docs.databricks.com/aws/en/lakehouse-monitoring/ ; docs.databricks.com/api/workspace/alertsv2
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.deployment.schedule import Schedule
from brickyard_stacks.settings.strict import Broken, Dotted, Form, Kebab, LongText, Snake, Strict, Text, Texts

Granularity = Literal[
    "5 minutes", "30 minutes", "1 hour", "1 day", "1 week", "2 weeks", "3 weeks", "4 weeks", "1 month", "1 year"
]
Granularities = Annotated[tuple[Granularity, ...], Field(strict=False, min_length=1)]


class CustomMetric(Strict):
    """A metric of the team's own, as a SQL expression."""

    type: Literal["aggregate", "derived", "drift"] = Field(
        description="of a table, of other metrics, or of two windows"
    )
    definition: LongText = Field(description="a SQL expression, as a Jinja template")
    input_columns: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] = Field(
        description="columns it is computed of"
    )
    output_type: Text = Field(default="double", description="a type of Spark")


class _Monitor(Strict):
    """What every monitor has."""

    slices: Texts = Field(default=(), description="SQL expressions by which the metrics are split as well")
    custom_metrics: dict[Snake, CustomMetric] = Field(default={}, description="metrics of the team's own, by name")
    schedule: Schedule | None = Field(default=None, description="when it is refreshed; default: when a step asks")
    baseline: Dotted | None = Field(default=None, description="schema.table to compare with")


class InferenceMonitor(_Monitor):
    """Of predictions, and of labels once they are known."""

    kind: Literal["inference"]
    problem_type: Literal["classification", "regression"] = Field(description="which metrics are computed")
    timestamp_column: Text = Field(description="when a row is of")
    prediction_column: Text = Field(description="what was predicted")
    model_id_column: Text = Field(description="which model predicted it")
    label_column: Text | None = Field(default=None, description="what was true")
    prediction_probability_column: Text | None = Field(default=None, description="how sure the model was")
    granularities: Granularities = Field(description="how long the windows are")


class TimeSeriesMonitor(_Monitor):
    """Of a table whose rows have a time."""

    kind: Literal["timeseries"]
    timestamp_column: Text = Field(description="when a row is of")
    granularities: Granularities = Field(description="how long the windows are")


class SnapshotMonitor(_Monitor):
    """Of a table as a whole."""

    kind: Literal["snapshot"]


Monitor = Annotated[InferenceMonitor | TimeSeriesMonitor | SnapshotMonitor, Field(discriminator="kind")]


Aggregation = Literal["AVG", "COUNT", "COUNT_DISTINCT", "MAX", "MEDIAN", "MIN", "STDDEV", "SUM"]
Operator = Literal["EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL"]


MetricName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$", max_length=255),
    Form("a metric like js_distance, or a part of one like ks_test.statistic"),
]


class MonitoredMetric(Strict):
    """What a monitor of the project measures of its newest window. Where it knows several models, the worst one's."""

    monitor: Dotted = Field(description="a table of monitors")
    table: Literal["profile", "drift"] = Field(description="which of its metric tables")
    name: MetricName = Field(description="the metric, as the metric table calls it")
    column: Text | None = Field(
        default=None, description="the monitored column; default: the table as a whole, which only profile knows"
    )
    granularity: Granularity | None = Field(
        default=None, description="how long the windows are; default: the monitor's first"
    )
    against: Literal["previous", "baseline"] = Field(
        default="previous", description="what drift is measured against: the window before, or the monitor's baseline"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """Drift is a column's."""
        if self.table == "drift" and self.column is None:
            yield Broken(key=("column",), rule="required: drift is measured of a column, not of a table")


class Alert(Strict):
    """A metric or a query's result compared with a threshold; a breach is told to the environment's notifications."""

    metric: MonitoredMetric | None = Field(
        default=None, description="what a monitor measures; this or sql. The alert comes and goes with the monitor"
    )
    sql: LongText | None = Field(
        default=None,
        description="a query, where no monitor's metric is meant; ${catalog} stands for the environment's catalog",
    )
    column: Text | None = Field(default=None, description="the column of the query's result that is compared")
    aggregation: Aggregation | None = Field(
        default=None, description="of the column; default: the first row's value, or a metric's worst"
    )
    operator: Operator = Field(description="how the value and the threshold are compared for a breach")
    threshold: float = Field(allow_inf_nan=False, description="what the value is compared with")
    warehouse: Kebab = Field(description="one of the environment's warehouses")
    schedule: Schedule = Field(description="when the query runs")
    when_empty: Literal["OK", "TRIGGERED", "ERROR", "UNKNOWN"] = Field(
        default="OK", description="what a result without rows means"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """One thing is compared."""
        if (self.metric is None) == (self.sql is None):
            yield Broken(key=("sql",), rule="an alert has either metric or sql")
        elif (self.sql is None) != (self.column is None):
            rule = (
                "required with sql"
                if self.column is None
                else "is of a query's result: remove it, the metric says it all"
            )
            yield Broken(key=("column",), rule=rule)


class Dashboard(Strict):
    """A page over what the project's monitors and steps measure."""

    warehouse: Kebab = Field(description="one of the environment's warehouses, which runs its queries")
