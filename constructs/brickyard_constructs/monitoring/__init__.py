"""Monitoring: quality monitors, alerts over what they measure, and the trigger that retrains."""

from brickyard_constructs.monitoring.metric_query import DriftMetric, Limit, MetricQuery, ProfileMetric, Slice
from brickyard_constructs.monitoring.profiles import CustomMetric, InferenceLog, Profile, Snapshot, TimeSeries
from brickyard_constructs.monitoring.quality_monitor import QualityMonitor, QualityMonitorProps
from brickyard_constructs.monitoring.retraining import RetrainingTrigger, RetrainingTriggerProps
from brickyard_constructs.monitoring.sql_alert import SqlAlert, SqlAlertProps
from brickyard_constructs.monitoring.table_listing import TableListing

__all__ = [
    "CustomMetric",
    "DriftMetric",
    "InferenceLog",
    "Limit",
    "MetricQuery",
    "Profile",
    "ProfileMetric",
    "QualityMonitor",
    "QualityMonitorProps",
    "RetrainingTrigger",
    "RetrainingTriggerProps",
    "Slice",
    "Snapshot",
    "SqlAlert",
    "SqlAlertProps",
    "TableListing",
    "TimeSeries",
]
