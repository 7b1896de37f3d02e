"""Dashboards as databricks-sdk sees them: drafted, published, changed, trashed; who may, and what is refused."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, NotFound, PermissionDenied, ResourceAlreadyExists, ResourceConflict
from databricks.sdk.errors import NotImplemented as NotEmulated
from databricks.sdk.service.dashboards import Dashboard, LifecycleState
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

from brickyard_local.account import ADMIN
from brickyard_local.pytest_plugin import LocalWorkspace

_DEFINITION = json.dumps({"datasets": [], "pages": [{"name": "a", "displayName": "A"}]})


def dashboard(**fields: Any) -> Dashboard:
    named = {"display_name": f"d-{secrets.token_hex(4)}", "parent_path": "/Shared", "warehouse_id": "w1"}
    return Dashboard(**{**named, "serialized_dashboard": _DEFINITION, **fields})


@pytest.fixture
def client(local_workspace: LocalWorkspace) -> WorkspaceClient:
    return local_workspace.client()


def test_a_draft_is_kept_as_given_and_another_etag_tells_of_a_change(client: WorkspaceClient) -> None:
    asked = dashboard()
    made = client.lakeview.create(asked)
    assert (made.display_name, made.serialized_dashboard) == (asked.display_name, _DEFINITION)
    assert (made.parent_path, made.path) == ("/Shared", f"/Shared/{asked.display_name}.lvdash.json")

    changed = client.lakeview.update(str(made.dashboard_id), Dashboard(display_name=f"{asked.display_name}-2"))
    assert changed.etag != made.etag
    assert changed.serialized_dashboard == _DEFINITION
    assert client.lakeview.get(str(made.dashboard_id)) == changed
    with pytest.raises(ResourceConflict, match="was changed meanwhile"):
        client.lakeview.update(str(made.dashboard_id), Dashboard(display_name="mine", etag=made.etag))


def test_publishing_is_no_change_of_the_draft_and_can_be_taken_back(client: WorkspaceClient) -> None:
    made = client.lakeview.create(dashboard())
    with pytest.raises(NotFound, match="not published"):
        client.lakeview.get_published(str(made.dashboard_id))
    client.lakeview.publish(str(made.dashboard_id), embed_credentials=False, warehouse_id="w2")
    published = client.lakeview.get_published(str(made.dashboard_id))
    assert (published.embed_credentials, published.warehouse_id) == (False, "w2")
    assert client.lakeview.get(str(made.dashboard_id)).etag == made.etag
    client.lakeview.unpublish(str(made.dashboard_id))
    with pytest.raises(NotFound, match="not published"):
        client.lakeview.get_published(str(made.dashboard_id))


def test_the_trash_is_read_by_id_and_listed_when_asked_for(client: WorkspaceClient) -> None:
    made = client.lakeview.create(dashboard())
    assert made.dashboard_id in [each.dashboard_id for each in client.lakeview.list()]
    client.lakeview.trash(str(made.dashboard_id))
    assert client.lakeview.get(str(made.dashboard_id)).lifecycle_state is LifecycleState.TRASHED
    assert made.dashboard_id not in [each.dashboard_id for each in client.lakeview.list()]
    assert made.dashboard_id in [each.dashboard_id for each in client.lakeview.list(show_trashed=True)]
    with pytest.raises(PermissionDenied, match="in the trash"):
        client.lakeview.trash(str(made.dashboard_id))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"display_name": " "}, "display_name"),
        ({"serialized_dashboard": "{"}, "no JSON"),
        ({"serialized_dashboard": '{"pages": 1}'}, "lists of"),
        ({"parent_path": "/Shared/nowhere"}, r"^Path \(/Shared/nowhere\) doesn't exist\.$"),
    ],
)
def test_what_cannot_be_a_dashboard_is_refused(client: WorkspaceClient, fields: Any, expected: str) -> None:
    with pytest.raises(DatabricksError, match=expected):
        client.lakeview.create(dashboard(**fields))


def test_a_name_is_taken_once_in_a_folder(client: WorkspaceClient) -> None:
    asked = dashboard()
    client.lakeview.create(asked)
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        client.lakeview.create(asked)


def test_what_is_not_emulated_is_named(client: WorkspaceClient) -> None:
    with pytest.raises(NotEmulated, match="dataset_catalog"):
        client.lakeview.create(dashboard(), dataset_catalog="dev")
    made = client.lakeview.create(dashboard())
    with pytest.raises(NotEmulated, match=r"schedules"):
        list(client.lakeview.list_schedules(str(made.dashboard_id)))


def test_a_dashboard_is_read_by_who_may_read_it(
    local_workspace: LocalWorkspace, client: WorkspaceClient, new_robot: Callable[[], Any]
) -> None:
    robot = new_robot()
    made = client.lakeview.create(dashboard(parent_path=f"/Users/{ADMIN}"))
    with pytest.raises(PermissionDenied):
        robot.client().lakeview.get(str(made.dashboard_id))
    read = AccessControlRequest(service_principal_name=robot.application_id, permission_level=PermissionLevel.CAN_READ)
    client.permissions.update("dashboards", str(made.dashboard_id), access_control_list=[read])
    assert robot.client().lakeview.get(str(made.dashboard_id)).display_name == made.display_name
    with pytest.raises(PermissionDenied):
        robot.client().lakeview.update(str(made.dashboard_id), Dashboard(display_name="mine"))


def test_what_a_folder_gives_holds_for_the_dashboards_in_it_and_stays_when_their_own_list_is_emptied(
    client: WorkspaceClient, new_robot: Callable[[], Any]
) -> None:
    robot = new_robot()
    home = f"/Users/{robot.application_id}"
    mine = robot.client().lakeview.create(dashboard(parent_path=home))
    theirs = client.lakeview.create(dashboard(parent_path=f"/Users/{ADMIN}"))

    robot.client().permissions.set("dashboards", str(mine.dashboard_id), access_control_list=[])

    assert robot.client().lakeview.get(str(mine.dashboard_id)).path == mine.path
    listed = {each.dashboard_id for each in robot.client().lakeview.list()}
    assert mine.dashboard_id in listed
    assert theirs.dashboard_id not in listed
    robot.client().lakeview.trash(str(mine.dashboard_id))
