"""Queries, alerts and warehouses as objects: made, read, refused, changed, removed. Nothing here waits for Spark."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.errors import NotImplemented as NotEmulated
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import (
    AlertLifecycleState,
    AlertV2,
    AlertV2Evaluation,
    AlertV2Notification,
    AlertV2Operand,
    AlertV2OperandColumn,
    AlertV2OperandValue,
    AlertV2RunAs,
    AlertV2Subscription,
    ComparisonOperator,
    CreateQueryRequestQuery,
    CronSchedule,
    LifecycleState,
    SchedulePauseStatus,
    State,
    UpdateQueryRequestQuery,
)

from brickyard_local.pytest_plugin import LocalWorkspace


@pytest.fixture(scope="module")
def warehouse_id(local_workspace: LocalWorkspace) -> Iterator[str]:
    """A warehouse that is stopped."""
    client = local_workspace.client()
    made = client.warehouses.create(name=f"w-{secrets.token_hex(4)}", cluster_size="2X-Small", auto_stop_mins=10)
    client.warehouses.stop_and_wait(str(made.id))
    yield str(made.id)
    client.warehouses.delete(str(made.id))


def query(warehouse_id: str, **fields: Any) -> CreateQueryRequestQuery:
    fields = {"display_name": f"q-{secrets.token_hex(4)}", "query_text": "SELECT 1", **fields}
    return CreateQueryRequestQuery(warehouse_id=warehouse_id, **fields)


def alert(warehouse_id: str, **fields: Any) -> AlertV2:
    given: dict[str, Any] = {
        "display_name": "a",
        "query_text": "SELECT 1 AS n",
        "evaluation": AlertV2Evaluation(
            source=AlertV2OperandColumn(name="n"),
            comparison_operator=ComparisonOperator.EQUAL,
            threshold=AlertV2Operand(value=AlertV2OperandValue(double_value=1)),
        ),
        "schedule": CronSchedule("0 0 8 * * ?", "Europe/Amsterdam", SchedulePauseStatus.PAUSED),
        **fields,
    }
    return AlertV2(warehouse_id=warehouse_id, **given)


def test_a_warehouse_keeps_what_was_asked_for(client: WorkspaceClient, warehouse_id: str) -> None:
    client.warehouses.edit(warehouse_id, max_num_clusters=3, auto_stop_mins=0)
    found = client.warehouses.get(warehouse_id)

    assert (found.state, found.max_num_clusters, found.auto_stop_mins) == (State.STOPPED, 3, 0)
    assert (found.cluster_size, found.creator_name) == ("2X-Small", "admin@brickyard.local")
    assert found.odbc_params is not None
    assert found.odbc_params.path == f"/sql/1.0/warehouses/{warehouse_id}"
    sources = {source.warehouse_id: source for source in client.data_sources.list()}
    assert sources[warehouse_id].name == found.name
    assert warehouse_id in [each.id for each in client.warehouses.list()]


@pytest.mark.parametrize(
    "fields", [{"auto_stop_mins": 3}, {"cluster_size": "Huge"}, {"min_num_clusters": 4, "max_num_clusters": 2}]
)
def test_a_warehouse_that_cannot_be_is_refused(client: WorkspaceClient, fields: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        client.warehouses.create(**{"name": "x", "cluster_size": "Small", **fields})


def test_names_of_warehouses_differ(client: WorkspaceClient, warehouse_id: str) -> None:
    with pytest.raises(ResourceAlreadyExists):
        client.warehouses.create(name=client.warehouses.get(warehouse_id).name, cluster_size="Small")


def test_a_warehouse_is_started_by_who_may_use_it_and_stopped_by_who_manages_it(
    client: WorkspaceClient, warehouse_id: str, new_robot: Callable[[], Any]
) -> None:
    robot = new_robot()
    theirs = robot.client().warehouses
    with pytest.raises(PermissionDenied):
        theirs.get(warehouse_id)
    with pytest.raises(PermissionDenied, match="allow-cluster-create"):
        theirs.create(name="mine", cluster_size="Small")
    use = AccessControlRequest(service_principal_name=robot.application_id, permission_level=PermissionLevel.CAN_USE)
    client.permissions.update("sql/warehouses", warehouse_id, access_control_list=[use])

    assert theirs.get(warehouse_id).state is State.STOPPED
    listed = client.warehouses.get_permissions(warehouse_id).access_control_list or []
    assert robot.application_id in [each.service_principal_name for each in listed]
    for refused in (theirs.stop, theirs.delete, lambda each: theirs.edit(each, auto_stop_mins=0)):
        with pytest.raises(PermissionDenied):
            refused(warehouse_id)


def test_the_configuration_of_warehouses_is_for_administrators(
    client: WorkspaceClient, new_robot: Callable[[], Any]
) -> None:
    client.warehouses.set_workspace_warehouse_config(enable_serverless_compute=True)

    assert client.warehouses.get_workspace_warehouse_config().enable_serverless_compute is True
    with pytest.raises(PermissionDenied):
        new_robot().client().warehouses.set_workspace_warehouse_config(enable_serverless_compute=False)
    with pytest.raises(NotEmulated, match="instance_profile_arn"):
        client.warehouses.set_workspace_warehouse_config(instance_profile_arn="arn")


@pytest.mark.parametrize("fields", [{"wait_timeout": "3s"}, {"wait_timeout": "51s"}, {"wait_timeout": "soon"}])
def test_a_statement_that_waits_too_long_is_refused(
    client: WorkspaceClient, warehouse_id: str, fields: dict[str, str]
) -> None:
    with pytest.raises(BadRequest, match="wait_timeout"):
        client.statement_execution.execute_statement("SELECT 1", warehouse_id, **fields)  # type: ignore[arg-type]


def test_statements_of_the_catalog_need_no_running_warehouse(client: WorkspaceClient, warehouse_id: str) -> None:
    name = f"sql_{secrets.token_hex(4)}"
    run = client.statement_execution.execute_statement
    made = run(f"CREATE CATALOG {name} COMMENT 'x'", warehouse_id, wait_timeout="30s")

    assert made.status is not None
    assert made.status.error is None
    assert client.catalogs.get(name).comment == "x"
    shown = run(f"SHOW CATALOGS LIKE '{name}'", warehouse_id, wait_timeout="30s")
    assert shown.result is not None
    assert shown.result.data_array == [[name]]
    run(f"DROP CATALOG {name} CASCADE", warehouse_id, wait_timeout="30s")
    with pytest.raises(NotFound):
        client.catalogs.get(name)
    assert client.warehouses.get(warehouse_id).state is State.STOPPED


def test_a_query_is_kept_changed_by_mask_and_trashed(client: WorkspaceClient, warehouse_id: str) -> None:
    made = client.queries.create(query=query(warehouse_id, description="d", tags=["t"]))
    changes = UpdateQueryRequestQuery(query_text="SELECT 2", description="not in the mask")
    client.queries.update(str(made.id), "query_text", query=changes)

    found = client.queries.get(str(made.id))
    assert (found.query_text, found.description, found.tags) == ("SELECT 2", "d", ["t"])
    assert found.parent_path == "/Workspace/Users/admin@brickyard.local"
    assert made.id in [each.id for each in client.queries.list()]
    client.queries.delete(str(made.id))
    assert client.queries.get(str(made.id)).lifecycle_state is LifecycleState.TRASHED
    assert made.id not in [each.id for each in client.queries.list()]


def test_names_of_queries_differ_in_a_folder_unless_they_are_resolved(
    client: WorkspaceClient, warehouse_id: str
) -> None:
    first = query(warehouse_id)
    client.queries.create(query=first)

    with pytest.raises(ResourceAlreadyExists):
        client.queries.create(query=first)
    assert (
        client.queries.create(query=first, auto_resolve_display_name=True).display_name == f"{first.display_name} (1)"
    )
    with pytest.raises(NotFound, match="parent folder"):
        client.queries.create(query=query(warehouse_id, parent_path="/Workspace/Nowhere"))


def test_a_query_is_read_by_who_may_read_it(
    client: WorkspaceClient, warehouse_id: str, new_robot: Callable[[], Any]
) -> None:
    made, robot = client.queries.create(query=query(warehouse_id)), new_robot()
    theirs = robot.client().queries
    with pytest.raises(PermissionDenied):
        theirs.get(str(made.id))

    read = AccessControlRequest(service_principal_name=robot.application_id, permission_level=PermissionLevel.CAN_READ)
    client.permissions.update("sql/queries", str(made.id), access_control_list=[read])

    assert theirs.get(str(made.id)).query_text == "SELECT 1"
    assert [each.id for each in theirs.list()] == [made.id]
    with pytest.raises(PermissionDenied):
        theirs.update(str(made.id), "query_text", query=UpdateQueryRequestQuery(query_text="SELECT 2"))


def test_an_alert_answers_what_was_set_and_is_trashed_or_purged(client: WorkspaceClient, warehouse_id: str) -> None:
    made = client.alerts_v2.create_alert(alert(warehouse_id))
    changed = client.alerts_v2.update_alert(str(made.id), alert(warehouse_id, display_name="b"), "display_name")

    assert (changed.display_name, changed.query_text) == ("b", "SELECT 1 AS n")
    assert (changed.parent_path, changed.run_as) == (None, None), "the provider takes what it did not set for a fault"
    assert changed.effective_run_as == AlertV2RunAs(user_name="admin@brickyard.local")
    assert made.id in [each.id for each in client.alerts_v2.list_alerts()]
    client.alerts_v2.trash_alert(str(made.id))
    assert client.alerts_v2.get_alert(str(made.id)).lifecycle_state is AlertLifecycleState.DELETED
    assert made.id not in [each.id for each in client.alerts_v2.list_alerts()]
    client.alerts_v2.trash_alert(str(made.id), purge=True)
    with pytest.raises(NotFound):
        client.alerts_v2.get_alert(str(made.id))


def test_an_alert_that_cannot_be_evaluated_is_refused(client: WorkspaceClient, warehouse_id: str) -> None:
    create = client.alerts_v2.create_alert
    with pytest.raises(InvalidParameterValue, match="cron"):
        create(alert(warehouse_id, schedule=CronSchedule("0 8", "UTC")))
    with pytest.raises(InvalidParameterValue, match="timezone"):
        create(alert(warehouse_id, schedule=CronSchedule("0 0 8 * * ?", "Mars/Phobos")))
    with pytest.raises(NotFound):
        create(alert("0123456789abcdef"))
    without = AlertV2Evaluation(source=AlertV2OperandColumn(name="n"), comparison_operator=ComparisonOperator.EQUAL)
    with pytest.raises(BadRequest, match="threshold"):
        create(alert(warehouse_id, evaluation=without))
    told = alert(warehouse_id)
    told.evaluation.notification = AlertV2Notification(subscriptions=[AlertV2Subscription(destination_id="x")])
    with pytest.raises(NotEmulated, match="notification destinations"):
        create(told)


def test_nobody_runs_an_alert_as_somebody_else(
    client: WorkspaceClient, warehouse_id: str, new_robot: Callable[[], Any]
) -> None:
    robot = new_robot()
    use = AccessControlRequest(service_principal_name=robot.application_id, permission_level=PermissionLevel.CAN_USE)
    client.permissions.update("sql/warehouses", warehouse_id, access_control_list=[use])
    as_admin = alert(warehouse_id, run_as=AlertV2RunAs(user_name="admin@brickyard.local"))
    with pytest.raises(PermissionDenied):
        robot.client().alerts_v2.create_alert(as_admin)

    by_admin = alert(warehouse_id, run_as=AlertV2RunAs(service_principal_name=robot.application_id))
    made = client.alerts_v2.create_alert(by_admin)
    assert made.effective_run_as == AlertV2RunAs(service_principal_name=robot.application_id)


def test_who_edits_the_query_of_an_alert_answers_for_it(
    client: WorkspaceClient, warehouse_id: str, new_robot: Callable[[], Any]
) -> None:
    """Else whoever may edit an alert could have its owner GRANT."""
    robot = new_robot()
    me, editing = robot.application_id, robot.client()
    open_, explicit = client.alerts_v2.create_alert(alert(warehouse_id)), alert(warehouse_id)
    explicit.run_as = AlertV2RunAs(user_name="admin@brickyard.local")
    closed = client.alerts_v2.create_alert(explicit)
    edit = AccessControlRequest(service_principal_name=me, permission_level=PermissionLevel.CAN_EDIT)
    for each in (open_, closed):
        client.permissions.update("alertsv2", str(each.id), access_control_list=[edit])
    evil = alert(warehouse_id, query_text="GRANT ALL PRIVILEGES ON CATALOG main TO `me`")

    renamed = editing.alerts_v2.update_alert(str(open_.id), alert(warehouse_id, display_name="b"), "display_name")
    assert renamed.effective_run_as == AlertV2RunAs(user_name="admin@brickyard.local")
    assert editing.alerts_v2.update_alert(str(open_.id), evil, "query_text").effective_run_as == AlertV2RunAs(
        service_principal_name=me
    )
    with pytest.raises(PermissionDenied):
        editing.alerts_v2.update_alert(str(closed.id), evil, "query_text")


@pytest.mark.parametrize("mask", ["schedule.timezone_id", "evaluation.source", "evaluation.threshold"])
def test_an_alert_stays_whole(client: WorkspaceClient, warehouse_id: str, mask: str) -> None:
    made = client.alerts_v2.create_alert(alert(warehouse_id))
    with pytest.raises(BadRequest):
        client.api_client.do("PATCH", f"/api/2.0/alerts/{made.id}", query={"update_mask": mask}, body={})
