"""What an alert over a monitor asks: the metric by the queries that the dashboard has."""

from brickyard_constructs.monitoring import DriftMetric, MetricQuery, ProfileMetric, QualityMonitorProps
from brickyard_constructs.monitoring.metric_query import WHOLE_TABLE
from brickyard_stacks.settings.deployment.monitors import Monitor, MonitoredMetric, SnapshotMonitor


def metric_query(metric: MonitoredMetric, monitor: Monitor, made: QualityMonitorProps) -> MetricQuery:
    """The metric of the newest window, where the monitor writes it."""
    first = None if isinstance(monitor, SnapshotMonitor) else monitor.granularities[0]
    granularity = metric.granularity or first
    if metric.table == "profile":
        return ProfileMetric(
            metrics_table=made.profile_table,
            metric=metric.name,
            column=metric.column or WHOLE_TABLE,
            granularity=granularity,
        )
    return DriftMetric(
        metrics_table=made.drift_table,
        metric=metric.name,
        column=metric.column or WHOLE_TABLE,
        against=metric.against,
        granularity=granularity,
    )
