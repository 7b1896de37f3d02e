"""When a monitor's metrics start a job by themselves: limits on the newest window.

Source: docs.databricks.com/aws/en/data-quality-monitoring/data-profiling/monitor-output (the metrics and their columns)
"""

from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Form, Kebab, Strict, Text

Granularity = Literal[
    "5 minutes", "30 minutes", "1 hour", "1 day", "1 week", "2 weeks", "3 weeks", "4 weeks", "1 month", "1 year"
]
Metric = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$", max_length=255),
    Form("a metric such as js_distance, or a part of one, such as ks_test.pvalue"),
]


class Limit(Strict):
    """What a metric must not be; one that is not there yet breaks no limit."""

    metric: Metric = Field(description="a column of the metric tables, or a field of one")
    column: Text = Field(default=":table", description="whose metric it is; `:table` has those of the whole table")
    against: Literal["previous", "baseline"] | None = Field(
        default=None, description="drift against the window before, or the baseline; default: a metric of one window"
    )
    granularity: Granularity | None = Field(default=None, description="one of the monitor's; a snapshot has none")
    operator: Literal[">", ">=", "<", "<="] = Field(description="how a metric that breaks the limit compares")
    threshold: float = Field(allow_inf_nan=False, description="what the metric is compared with")


class Retrain(Strict):
    """A job that starts when a limit is broken."""

    job: Kebab = Field(default="workflow", description="the project's workflow, or one of its extra jobs")
    limits: Annotated[dict[Kebab, Limit], Field(min_length=1)] = Field(description="by name; one that breaks is enough")
    hours_between: int = Field(default=24, ge=1, le=24 * 28, description="hours between two looks at least, 1 to 672")
