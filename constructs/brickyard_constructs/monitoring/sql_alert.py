"""SQL alerts: a query on a schedule, compared with a threshold."""

from dataclasses import dataclass

from cdktf import Token
from cdktf_cdktf_provider_databricks.alert_v2 import (
    AlertV2,
    AlertV2Evaluation,
    AlertV2EvaluationNotification,
    AlertV2EvaluationNotificationSubscriptions,
    AlertV2EvaluationSource,
    AlertV2EvaluationThreshold,
    AlertV2EvaluationThresholdValue,
    AlertV2RunAs,
    AlertV2Schedule,
)
from constructs import Construct

from brickyard_constructs.checks import (
    check_at_least,
    check_each_once,
    check_emails,
    check_full_name,
    check_not_empty,
    check_one_of,
    known,
)
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.jobs.triggers import Cron
from brickyard_constructs.monitoring.metric_query import MetricQuery
from brickyard_constructs.monitoring.table_listing import all_there
from brickyard_constructs.ownership import protection
from brickyard_constructs.workspace.folder import check_private

AGGREGATIONS = ("AVG", "COUNT", "COUNT_DISTINCT", "MAX", "MEDIAN", "MIN", "STDDEV", "SUM")
OPERATORS = ("EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL")
_EMPTY = ("OK", "TRIGGERED", "ERROR", "UNKNOWN")


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlAlertProps:
    """The query and what is compared, when, on which warehouse, as whom, and who is told.

    `query` is SQL or a metric of a monitor; what it `needs` are tables that must be there first: without them a
    metric's own, which comes minutes after its monitor, and so another deployment later. `folder` is private: whoever
    may edit an alert runs SQL as its principal.
    """

    name: str
    query: str | MetricQuery
    warehouse_id: str
    operator: str
    threshold: float
    schedule: Cron
    permissions: tuple[Permission, ...]
    column: str = "value"
    aggregation: str | None = None
    when_empty: str = "OK"
    needs: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    tell_when_ok_again: bool = True
    tell_again_after_s: int | None = None
    run_as: str | None = None
    folder: str | None = None
    description: str = ""
    protected: bool = False

    def __post_init__(self) -> None:
        for prop in ("name", "warehouse_id", "column", "permissions"):
            check_not_empty(prop, getattr(self, prop))
        if isinstance(self.query, str):
            check_not_empty("query", self.query.strip())
        check_one_of("operator", self.operator, OPERATORS)
        check_one_of("when_empty", self.when_empty, _EMPTY)
        if self.aggregation is not None:
            check_one_of("aggregation", self.aggregation, AGGREGATIONS)
        check_emails("tell", self.tell)
        check_each_once("tell, destinations", [*self.tell, *self.destinations])
        for table in self.needs:
            check_full_name("needs", table)
            if not known(table):
                raise InvalidProps("needs", table, rule="plain names: whether they are there is asked for by name")
        if self.tell_again_after_s is not None:
            check_at_least("tell_again_after_s", self.tell_again_after_s, 60)
        if self.folder is not None:
            check_private("folder", self.folder)

    @property
    def sql(self) -> str:
        """The text of the query."""
        return self.query if isinstance(self.query, str) else self.query.sql

    @property
    def compared(self) -> str | None:
        """How the rows become one value; of a metric, which has a row for each model, the worst is meant."""
        if self.aggregation is not None or isinstance(self.query, str):
            return self.aggregation
        return "MIN" if self.operator.startswith("LESS") else "MAX"

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that must be there."""
        own = () if isinstance(self.query, str) else (self.query.metrics_table,)
        return self.needs or own


class SqlAlert(Construct):
    """An alert, once the tables that it needs are there.

    Creates: databricks_alert_v2 and databricks_permissions; each none or one where tables are needed.
    Gaps: an alert tells people; it cannot start a job. Retraining is started by a job's own trigger.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/alert_v2
    """

    def __init__(self, scope: Construct, id_: str, props: SqlAlertProps) -> None:
        super().__init__(scope, id_)
        count = Token.as_number(f"${{{all_there(self, props.tables)} ? 1 : 0}}") if props.tables else None
        self.alert = AlertV2(
            self,
            "Resource",
            count=count,
            display_name=props.name,
            query_text=props.sql,
            warehouse_id=props.warehouse_id,
            evaluation=_evaluation(props),
            schedule=AlertV2Schedule(
                quartz_cron_schedule=props.schedule.quartz,
                timezone_id=props.schedule.timezone,
                pause_status="PAUSED" if props.schedule.paused else "UNPAUSED",
            ),
            run_as=AlertV2RunAs(service_principal_name=props.run_as) if props.run_as else None,
            parent_path=props.folder,
            custom_description=props.description or None,
            lifecycle=protection(props.protected),
        )
        address = f"{AlertV2.TF_RESOURCE_TYPE}.{self.alert.friendly_unique_id}"
        ObjectPermissions(
            self,
            "permissions",
            on=Target(
                kind=WorkspaceObject.ALERT,
                name=props.name,
                object_id=self.alert.id if count is None else f"${{{address}[0].id}}",
            ),
            permissions=props.permissions,
            count=count,
        )


def _evaluation(props: SqlAlertProps) -> AlertV2Evaluation:
    told = [AlertV2EvaluationNotificationSubscriptions(user_email=each) for each in props.tell]
    told += [AlertV2EvaluationNotificationSubscriptions(destination_id=each) for each in props.destinations]
    notification = told and AlertV2EvaluationNotification(
        subscriptions=told, notify_on_ok=props.tell_when_ok_again, retrigger_seconds=props.tell_again_after_s
    )
    value = AlertV2EvaluationThresholdValue(double_value=props.threshold)
    return AlertV2Evaluation(
        source=AlertV2EvaluationSource(name=props.column, aggregation=props.compared),
        comparison_operator=props.operator,
        threshold=AlertV2EvaluationThreshold(value=value),
        empty_result_state=props.when_empty,
        notification=notification or None,
    )
