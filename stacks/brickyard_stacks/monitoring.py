"""The stack of a project's monitors, alerts and dashboard: the second phase, over tables that are there by then."""

from collections.abc import Mapping

from cdktf import TerraformOutput
from constructs import Construct

from brickyard_constructs.monitoring import (
    Chart,
    CustomMetric,
    Dashboard,
    DashboardProps,
    InferenceLog,
    MetricQuery,
    Profile,
    QualityMonitor,
    QualityMonitorProps,
    Snapshot,
    SqlAlert,
    SqlAlertProps,
    TimeSeries,
)
from brickyard_stacks.alert_queries import metric_query
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.compute import referenced_warehouse
from brickyard_stacks.dashboard import charts
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.identities import referenced_identities
from brickyard_stacks.jobs import cron
from brickyard_stacks.names import METRICS_SCHEMA, ProjectNames
from brickyard_stacks.permissions import alert_levels, dashboard_levels
from brickyard_stacks.settings.deployment.monitors import (
    Alert,
    InferenceMonitor,
    Monitor,
    SnapshotMonitor,
)


class MonitoringStack(EnvironmentStack):
    """Monitors, alerts over SQL and a dashboard; each appears with what it looks at, and outputs say so.

    Creates: databricks_quality_monitor, none or one for each; databricks_alert_v2; databricks_dashboard;
    databricks_permissions.
    """

    def __init__(self, scope: Construct, deployment: ProjectDeployment) -> None:
        self._deployment = deployment
        self._names: ProjectNames = deployment.names
        super().__init__(scope, self._names.monitoring_stack, environment=deployment.environment, root=deployment.root)
        settings = deployment.project.deployment
        if settings.alerts or settings.dashboard:
            roles = {**alert_levels(self.environment.stage), **dashboard_levels()}
            self._identities = referenced_identities(
                Construct(self, "iam"), self.environment, (*roles, "run_as"), deployer=deployment.deployer
            )
            self._warehouses: dict[str, str] = {}
        made = {dotted: self._monitor(dotted, monitor) for dotted, monitor in settings.monitors.items()}
        for name, alert in settings.alerts.items():
            self._alert(name, alert, made)
        if settings.dashboard:
            self._dashboard(settings.dashboard.warehouse, charts(self._names, settings, made))

    def _monitor(self, dotted: str, settings: Monitor) -> QualityMonitorProps:
        table = ".".join(self._names.table(dotted))
        schema = self._names.sandbox_schema or METRICS_SCHEMA
        props = QualityMonitorProps(
            table=table,
            output_schema=f"{self._names.shared.catalog}.{schema}",
            assets_dir=f"{self._names.monitoring_folder}/{dotted}",
            profile=_profile(settings),
            slices=settings.slices,
            custom_metrics=tuple(
                CustomMetric(
                    name=name,
                    type=metric.type,
                    definition=metric.definition,
                    input_columns=metric.input_columns,
                    output_type=metric.output_type,
                )
                for name, metric in settings.custom_metrics.items()
            ),
            baseline=".".join(self._names.table(settings.baseline)) if settings.baseline else None,
            schedule=cron(settings.schedule, paused=self._deployment.paused) if settings.schedule else None,
            tell_of_failures=self.environment.notifications.on_failure,
            protected=self._deployment.protected,
        )
        monitor = QualityMonitor(self, f"monitor-{dotted}", props)
        TerraformOutput(self, f"monitor_status_{dotted.replace('.', '_')}", value=monitor.status)
        return props

    def _alert(self, name: str, settings: Alert, made: Mapping[str, QualityMonitorProps]) -> None:
        told, metric = self.environment.notifications, settings.metric
        query: str | MetricQuery = (settings.sql or "").replace("${catalog}", self._names.shared.catalog)
        needs: tuple[str, ...] = ()
        if metric:
            watched, monitor = made[metric.monitor], self._deployment.project.deployment.monitors[metric.monitor]
            # Not the metric tables: they come minutes after the monitor, so the alert would need another deployment.
            query, needs = metric_query(metric, monitor, watched), (watched.table,)
        props = SqlAlertProps(
            name=self._names.extra_job(name),
            query=query,
            needs=needs,
            warehouse_id=self._warehouse(f"the alert {name}", settings.warehouse),
            operator=settings.operator,
            threshold=settings.threshold,
            schedule=cron(settings.schedule, paused=self._deployment.paused),
            permissions=self._identities.permissions(alert_levels(self.environment.stage)),
            column=settings.column or "value",
            aggregation=settings.aggregation,
            when_empty=settings.when_empty,
            tell=told.on_failure,
            destinations=told.destinations,
            run_as=self._identities.principals["run_as"],
        )
        SqlAlert(self, f"alert-{name}", props)

    def _dashboard(self, warehouse: str, shown: tuple[Chart, ...]) -> None:
        props = DashboardProps(
            name=self._names.monitoring_stack,
            title=self._deployment.project.title,
            # Not in a folder of its own: the provider would make it, and leave it behind in the platform's.
            folder=self._names.workspace_folder,
            warehouse_id=self._warehouse("the dashboard", warehouse),
            charts=shown,
            permissions=self._identities.permissions(dashboard_levels()),
        )
        dashboard = Dashboard(self, "dashboard", props)
        TerraformOutput(self, "dashboard_id", value=dashboard.dashboard.dashboard_id)

    def _warehouse(self, asker: str, name: str) -> str:
        if name not in self.environment.compute.warehouses:
            where = f"environments/{self.environment.name}.yaml"
            raise CannotBuildStacks(f"{asker} needs the warehouse {name}; add it to compute.warehouses of {where}")
        if name not in self._warehouses:
            self._warehouses[name] = referenced_warehouse(self, self.environment, name)
        return self._warehouses[name]


def _profile(settings: Monitor) -> Profile:
    if isinstance(settings, SnapshotMonitor):
        return Snapshot()
    if isinstance(settings, InferenceMonitor):
        return InferenceLog(
            problem_type=settings.problem_type,
            timestamp_column=settings.timestamp_column,
            prediction_column=settings.prediction_column,
            model_id_column=settings.model_id_column,
            granularities=settings.granularities,
            label_column=settings.label_column,
            prediction_probability_column=settings.prediction_probability_column,
        )
    return TimeSeries(timestamp_column=settings.timestamp_column, granularities=settings.granularities)
