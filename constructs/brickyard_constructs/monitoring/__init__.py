"""Monitoring: quality monitors, alerts over what they measure, and dashboards."""

from brickyard_constructs.monitoring.dashboard import Chart, Dashboard, DashboardProps
from brickyard_constructs.monitoring.metric_query import DriftMetric, MetricQuery, ProfileMetric, Slice
from brickyard_constructs.monitoring.profiles import CustomMetric, InferenceLog, Profile, Snapshot, TimeSeries
from brickyard_constructs.monitoring.quality_monitor import QualityMonitor, QualityMonitorProps
from brickyard_constructs.monitoring.sql_alert import SqlAlert, SqlAlertProps
from brickyard_constructs.monitoring.table_listing import TableListing

__all__ = [
    "Chart",
    "CustomMetric",
    "Dashboard",
    "DashboardProps",
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
