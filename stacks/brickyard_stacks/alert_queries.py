"""What an alert over a monitor asks: the metric of the newest window that has a value.

The dashboard's counters ask for the newest window of all, whose labels are not known yet; an alert that did would
compare nothing, and nothing is OK.
"""

# ruff: noqa: S608 - the query within is quoted

from brickyard_constructs.monitoring import DriftMetric, MetricQuery, ProfileMetric, QualityMonitorProps
from brickyard_constructs.monitoring.metric_query import WHOLE_TABLE
from brickyard_stacks.settings.deployment.monitors import Monitor, MonitoredMetric, SnapshotMonitor


class KnownProfile(ProfileMetric):
    """A `ProfileMetric` of the newest window that has a value: labels come later than rows."""

    @property
    def sql(self) -> str:
        """The query; its one column is called `value`."""
        return _newest_known(self.history_sql)


class KnownDrift(DriftMetric):
    """A `DriftMetric` of the newest window that has a value."""

    @property
    def sql(self) -> str:
        """The query; its one column is called `value`."""
        return _newest_known(self.history_sql)


def metric_query(metric: MonitoredMetric, monitor: Monitor, made: QualityMonitorProps) -> MetricQuery:
    """The metric of the newest window where it is known, as the monitor writes it."""
    first = None if isinstance(monitor, SnapshotMonitor) else monitor.granularities[0]
    granularity = metric.granularity or first
    if metric.table == "profile":
        return KnownProfile(
            metrics_table=made.profile_table,
            metric=metric.name,
            column=metric.column or WHOLE_TABLE,
            granularity=granularity,
        )
    return KnownDrift(
        metrics_table=made.drift_table,
        metric=metric.name,
        column=metric.column or WHOLE_TABLE,
        against=metric.against,
        granularity=granularity,
    )


def _newest_known(history: str) -> str:
    """All rows with a value of the newest window that has one: there is one for each model, the worst is compared."""
    known = f"WITH known AS (SELECT window_start, value FROM ({history}) WHERE value IS NOT NULL)"
    return f"{known} SELECT value FROM known WHERE window_start = (SELECT max(window_start) FROM known)"
