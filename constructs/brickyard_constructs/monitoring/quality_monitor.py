"""Quality monitors: what is in a table, and how it changes."""

from dataclasses import dataclass

from cdktf import Token
from cdktf_cdktf_provider_databricks.quality_monitor import (
    QualityMonitor as QualityMonitorResource,
)
from cdktf_cdktf_provider_databricks.quality_monitor import (
    QualityMonitorNotifications,
    QualityMonitorNotificationsOnFailure,
    QualityMonitorSchedule,
)
from constructs import Construct

from brickyard_constructs.checks import check_each_once, check_emails, check_full_name, check_workspace_path, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.expressions import quoted
from brickyard_constructs.jobs.triggers import Cron
from brickyard_constructs.monitoring.profiles import CustomMetric, Profile
from brickyard_constructs.monitoring.table_listing import all_there
from brickyard_constructs.ownership import protection

_MOST_SLICES = 100
_MOST_EMAILS = 5  # Source: the API's reference: on_failure takes at most five


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityMonitorProps:
    """The table, what of it is looked at, and where the metrics go.

    `output_schema` (catalog.schema) holds the metric tables. A paused schedule is left out: the provider cannot
    pause one.
    """

    table: str
    output_schema: str
    assets_dir: str
    profile: Profile
    slices: tuple[str, ...] = ()
    custom_metrics: tuple[CustomMetric, ...] = ()
    baseline: str | None = None
    schedule: Cron | None = None
    tell_of_failures: tuple[str, ...] = ()
    dashboard: bool = False
    warehouse_id: str | None = None
    protected: bool = True

    def __post_init__(self) -> None:
        check_full_name("table", self.table)
        check_full_name("output_schema", f"{self.output_schema}.table")
        check_workspace_path("assets_dir", self.assets_dir)
        check_each_once("slices", self.slices)
        check_each_once("custom_metrics", [metric.name.lower() for metric in self.custom_metrics])
        check_emails("tell_of_failures", self.tell_of_failures)
        for prop, most in (("slices", _MOST_SLICES), ("tell_of_failures", _MOST_EMAILS)):
            if len(getattr(self, prop)) > most:
                raise InvalidProps(prop, len(getattr(self, prop)), rule=f"at most {most}")
        if self.baseline is not None:
            check_full_name("baseline", self.baseline)
        if not known(self.table):
            raise InvalidProps("table", self.table, rule="a plain name: whether it is there is asked for by name")

    @property
    def profile_table(self) -> str:
        """Where the profile metrics go."""
        return f"{self.output_schema}.{self.table.rsplit('.', 1)[1]}_profile_metrics"

    @property
    def drift_table(self) -> str:
        """Where the drift metrics go."""
        return f"{self.output_schema}.{self.table.rsplit('.', 1)[1]}_drift_metrics"


class QualityMonitor(Construct):
    """A monitor of a table, once the table is there: jobs and endpoints make theirs long after the first deployment.

    The metric tables come minutes after the monitor (provider issue 3859), so that nothing can be granted on them:
    readers get their grants on the output schema, which its tables inherit. Where the table goes, so does the
    monitor. Where the monitor would be deleted while it is still there, since the planning principal no longer sees
    the table, a protected one stops the plan.

    Creates: databricks_quality_monitor, none or one.
    Gaps: metric tables stay when the monitor goes (provider issue 4042).
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/quality_monitor
    """

    def __init__(self, scope: Construct, id_: str, props: QualityMonitorProps) -> None:
        super().__init__(scope, id_)
        self._props = props
        needed = (props.table, *((props.baseline,) if props.baseline else ()))
        self._wanted = all_there(self, needed)
        cron = props.schedule if props.schedule and not props.schedule.paused else None
        scheduled = cron and QualityMonitorSchedule(quartz_cron_expression=cron.quartz, timezone_id=cron.timezone)
        self.monitor = QualityMonitorResource(
            self,
            "Resource",
            count=Token.as_number(f"${{{self._wanted} ? 1 : 0}}"),
            table_name=props.table,
            output_schema_name=props.output_schema,
            assets_dir=props.assets_dir,
            slicing_exprs=list(props.slices) or None,
            custom_metrics=[metric.block() for metric in props.custom_metrics] or None,
            baseline_table_name=props.baseline,
            schedule=[scheduled] if scheduled else None,
            notifications=self._notifications(),
            skip_builtin_dashboard=not props.dashboard,
            warehouse_id=props.warehouse_id,
            lifecycle=protection(props.protected),
            **props.profile.fields(),
        )

    @property
    def status(self) -> str:
        """A sentence, as a Terraform expression: what is monitored, or what is missing."""
        props = self._props
        needed = " and ".join((props.table, *((props.baseline,) if props.baseline else ())))
        missing = f"No monitor of {props.table} yet: {needed} must be there first. Deploy this stack again then."
        return f"${{{self._wanted} ? {quoted(f'{props.table} is monitored.')} : {quoted(missing)}}}"

    def _notifications(self) -> list[QualityMonitorNotifications] | None:
        if not self._props.tell_of_failures:
            return None
        told = QualityMonitorNotificationsOnFailure(email_addresses=list(self._props.tell_of_failures))
        return [QualityMonitorNotifications(on_failure=[told])]
