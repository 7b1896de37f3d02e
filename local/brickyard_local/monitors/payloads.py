"""Bodies of the quality monitors API, and what a monitor is defined by.

Source: databricks-sdk's `service/catalog.py` (MonitorInfo and its parts).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1)]


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude_none=True)


class TimeSeries(Payload):
    """Windows of a table's own timestamps."""

    timestamp_col: Name
    granularities: list[str]


class InferenceLog(TimeSeries):
    """Predictions of models, and their labels where known."""

    problem_type: Literal["PROBLEM_TYPE_CLASSIFICATION", "PROBLEM_TYPE_REGRESSION"]
    prediction_col: Name
    model_id_col: Name
    label_col: Name | None = None
    prediction_proba_col: str | None = None


class Snapshot(Payload):
    """All of the table, as it is at each refresh."""


class Metric(Payload):
    """A custom metric."""

    name: Name
    definition: Name
    input_columns: list[str] = Field(min_length=1)
    output_data_type: Name
    type: Literal["CUSTOM_METRIC_TYPE_AGGREGATE", "CUSTOM_METRIC_TYPE_DERIVED", "CUSTOM_METRIC_TYPE_DRIFT"]


class Schedule(Payload):
    """When the monitor is refreshed by itself."""

    quartz_cron_expression: Name
    timezone_id: Name
    pause_status: Literal["PAUSED", "UNPAUSED", "UNSPECIFIED", ""] | None = None


class Destination(Payload):
    """Who is told."""

    email_addresses: list[str] = []


class Notifications(Payload):
    """When somebody is told."""

    on_failure: Destination | None = None
    on_new_classification_tag_detected: Destination | None = None


class DataClassification(Payload):
    """Whether columns are classified."""

    enabled: bool | None = None


class MonitorBody(Payload):
    """POST and PUT /tables/{table}/monitor; what only the server fills is accepted and dropped on PUT."""

    output_schema_name: str | None = None
    assets_dir: str | None = None
    baseline_table_name: str | None = None
    custom_metrics: list[Metric] | None = None
    dashboard_id: str | None = None
    data_classification_config: DataClassification | None = None
    inference_log: InferenceLog | None = None
    notifications: Notifications | None = None
    schedule: Schedule | None = None
    skip_builtin_dashboard: bool | None = None
    slicing_exprs: list[Name] | None = None
    snapshot: Snapshot | None = None
    time_series: TimeSeries | None = None
    warehouse_id: str | None = None
    latest_monitor_failure_msg: str | None = None
    table_name: str | None = Field(default=None, exclude=True)


class RegenerateDashboard(Payload):
    """POST …/monitor/dashboard."""

    warehouse_id: str | None = None
