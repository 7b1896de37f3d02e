"""Bodies of the data quality API. Source: databricks-sdk's `service/dataquality.py`."""

from typing import Any, Literal

from pydantic import Field

from brickyard_local.monitors.payloads import Name, Payload

GRANULARITIES = {
    "5 minutes": "AGGREGATION_GRANULARITY_5_MINUTES",
    "30 minutes": "AGGREGATION_GRANULARITY_30_MINUTES",
    "1 hour": "AGGREGATION_GRANULARITY_1_HOUR",
    "1 day": "AGGREGATION_GRANULARITY_1_DAY",
    "1 week": "AGGREGATION_GRANULARITY_1_WEEK",
    "2 weeks": "AGGREGATION_GRANULARITY_2_WEEKS",
    "3 weeks": "AGGREGATION_GRANULARITY_3_WEEKS",
    "4 weeks": "AGGREGATION_GRANULARITY_4_WEEKS",
    "1 month": "AGGREGATION_GRANULARITY_1_MONTH",
    "1 year": "AGGREGATION_GRANULARITY_1_YEAR",
}
Granularity = Literal[
    "AGGREGATION_GRANULARITY_5_MINUTES",
    "AGGREGATION_GRANULARITY_30_MINUTES",
    "AGGREGATION_GRANULARITY_1_HOUR",
    "AGGREGATION_GRANULARITY_1_DAY",
    "AGGREGATION_GRANULARITY_1_WEEK",
    "AGGREGATION_GRANULARITY_2_WEEKS",
    "AGGREGATION_GRANULARITY_3_WEEKS",
    "AGGREGATION_GRANULARITY_4_WEEKS",
    "AGGREGATION_GRANULARITY_1_MONTH",
    "AGGREGATION_GRANULARITY_1_YEAR",
]


class TimeSeriesConfig(Payload):
    """Windows of a table's own timestamps."""

    timestamp_column: Name
    granularities: list[Granularity]


class InferenceLogConfig(TimeSeriesConfig):
    """Predictions of models, and their labels where known."""

    problem_type: Literal["INFERENCE_PROBLEM_TYPE_CLASSIFICATION", "INFERENCE_PROBLEM_TYPE_REGRESSION"]
    prediction_column: Name
    model_id_column: Name
    label_column: Name | None = None


class CustomMetric(Payload):
    """A custom metric."""

    name: Name
    definition: Name
    input_columns: list[str] = Field(min_length=1)
    output_data_type: Name
    type: Literal[
        "DATA_PROFILING_CUSTOM_METRIC_TYPE_AGGREGATE",
        "DATA_PROFILING_CUSTOM_METRIC_TYPE_DERIVED",
        "DATA_PROFILING_CUSTOM_METRIC_TYPE_DRIFT",
    ]


class CronSchedule(Payload):
    """When the monitor is refreshed by itself."""

    quartz_cron_expression: Name
    timezone_id: Name
    pause_status: Literal["CRON_SCHEDULE_PAUSE_STATUS_PAUSED", "CRON_SCHEDULE_PAUSE_STATUS_UNPAUSED"] | None = None


class DataProfilingConfig(Payload):
    """What a monitor of a table computes; what only the server fills is accepted and dropped."""

    output_schema_id: str | None = None
    assets_dir: str | None = None
    baseline_table_name: str | None = None
    custom_metrics: list[CustomMetric] | None = None
    dashboard_id: str | None = None
    inference_log: InferenceLogConfig | None = None
    notification_settings: dict[str, Any] | None = None
    schedule: CronSchedule | None = None
    skip_builtin_dashboard: bool | None = None
    slicing_exprs: list[Name] | None = None
    snapshot: dict[str, Any] | None = None
    time_series: TimeSeriesConfig | None = None
    warehouse_id: str | None = None
    drift_metrics_table_name: str | None = Field(default=None, exclude=True)
    effective_warehouse_id: str | None = Field(default=None, exclude=True)
    latest_monitor_failure_message: str | None = Field(default=None, exclude=True)
    monitor_version: int | None = Field(default=None, exclude=True)
    monitored_table_name: str | None = Field(default=None, exclude=True)
    profile_metrics_table_name: str | None = Field(default=None, exclude=True)
    status: str | None = Field(default=None, exclude=True)


class QualityMonitor(Payload):
    """POST /monitors, PATCH /monitors/{object_type}/{object_id}."""

    object_type: str | None = None
    object_id: str | None = None
    anomaly_detection_config: dict[str, Any] | None = None
    data_profiling_config: DataProfilingConfig | None = None


class RefreshBody(Payload):
    """POST …/refreshes; the server fills the rest."""

    object_type: str | None = None
    object_id: str | None = None
