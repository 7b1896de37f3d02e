"""Monitoring: quality monitors, and alerts over what they measure."""

from brickyard_constructs.monitoring.metric_query import DriftMetric, MetricQuery, ProfileMetric, Slice
from brickyard_constructs.monitoring.profiles import CustomMetric, InferenceLog, Profile, Snapshot, TimeSeries
from brickyard_constructs.monitoring.quality_monitor import QualityMonitor, QualityMonitorProps
from brickyard_constructs.monitoring.sql_alert import SqlAlert, SqlAlertProps
from brickyard_constructs.monitoring.table_listing import TableListing

__all__ = [
    "CustomMetric",
    "DriftMetric",
    "InferenceLog",
    "MetricQuery",
    "Profile",
    "ProfileMetric",
    "QualityMonitor",
    "QualityMonitorProps",
    "Slice",
    "Snapshot",
    "SqlAlert",
    "SqlAlertProps",
    "TableListing",
    "TimeSeries",
]
