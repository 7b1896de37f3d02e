"""What an alert over a monitor of a project asks."""

from brickyard_constructs.monitoring import DriftMetric, MetricQuery, ProfileMetric, QualityMonitorProps
from brickyard_constructs.monitoring.metric_query import WHOLE_TABLE
from brickyard_stacks.settings.deployment.monitors import Monitor, MonitoredMetric, SnapshotMonitor


def metric_query(metric: MonitoredMetric, monitor: Monitor, made: QualityMonitorProps) -> MetricQuery:
    """The metric as the monitor writes it."""
    first = None if isinstance(monitor, SnapshotMonitor) else monitor.granularities[0]
    column, granularity = metric.column or WHOLE_TABLE, metric.granularity or first
    if metric.table == "profile":
        return ProfileMetric(
            metrics_table=made.profile_table, metric=metric.name, column=column, granularity=granularity
        )
    return DriftMetric(
        metrics_table=made.drift_table,
        metric=metric.name,
        column=column,
        against=metric.against,
        granularity=granularity,
    )
