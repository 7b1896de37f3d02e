"""Clusters through the unmodified databricks-sdk: states, rights, libraries, lists, events, kills."""

import base64
import io
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, PermissionDenied, ResourceDoesNotExist
from databricks.sdk.service.compute import (
    ClusterDetails,
    GetEventsOrder,
    Library,
    LibraryInstallStatus,
    ListClustersFilterBy,
    ListClustersSortBy,
    ListClustersSortByField,
    PythonPyPiLibrary,
    State,
    UpdateClusterResource,
)
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.workspace import ImportFormat

from brickyard_local.pytest_plugin import LocalWorkspace

VERSION = "15.4.x-scala2.12"
NewRobot = Callable[[], Any]


def create(client: WorkspaceClient, **more: Any) -> str:
    """A running cluster."""
    arguments = {"node_type_id": "i3.xlarge", "num_workers": 1, "cluster_name": secrets.token_hex(4), **more}
    return str(client.clusters.create_and_wait(VERSION, **arguments).cluster_id)


@pytest.fixture(scope="module")
def cluster_id(local_workspace: LocalWorkspace) -> str:
    return create(local_workspace.client(), autotermination_minutes=60)


def allow(client: WorkspaceClient, cluster_id: str, robot: Any, level: PermissionLevel) -> None:
    grant = AccessControlRequest(service_principal_name=robot.application_id, permission_level=level)
    client.permissions.set("clusters", cluster_id, access_control_list=[grant])


def test_a_cluster_lives_and_ends_through_its_states(client: WorkspaceClient) -> None:
    cluster_id = create(client, spark_env_vars={"A": "1"}, custom_tags={"team": "ml"})
    made = client.clusters.get(cluster_id)
    assert (made.state, made.spark_env_vars, made.custom_tags) == (State.RUNNING, {"A": "1"}, {"team": "ml"})
    assert made.creator_user_name == "admin@brickyard.local"

    ended = client.clusters.delete_and_wait(cluster_id)
    assert ended.state == State.TERMINATED
    assert ended.termination_reason is not None
    assert ended.termination_reason.parameters == {"username": "admin@brickyard.local"}
    client.clusters.restart(cluster_id)
    assert client.clusters.get(cluster_id).state == State.TERMINATED
    with pytest.raises(DatabricksError, match="unexpected state Terminated") as refused:
        client.clusters.resize(cluster_id, num_workers=2)
    assert refused.value.error_code == "INVALID_STATE"
    assert client.clusters.start_and_wait(cluster_id).state == State.RUNNING
    client.clusters.permanent_delete(cluster_id)
    with pytest.raises(ResourceDoesNotExist, match=f"Cluster {cluster_id} does not exist"):
        client.clusters.get(cluster_id)


def test_edit_replaces_update_changes_and_resize_only_sizes(client: WorkspaceClient) -> None:
    cluster_id = create(client, custom_tags={"team": "ml"}, autotermination_minutes=30)
    client.clusters.update_and_wait(
        cluster_id, "num_workers,autotermination_minutes", cluster=UpdateClusterResource(num_workers=3)
    )
    updated = client.clusters.get(cluster_id)
    assert (updated.num_workers, updated.autotermination_minutes, updated.custom_tags) == (3, 0, {"team": "ml"})

    client.clusters.resize_and_wait(cluster_id, num_workers=2)
    resized = client.clusters.get(cluster_id)
    assert (resized.num_workers, resized.custom_tags) == (2, {"team": "ml"})
    assert resized.last_restarted_time == updated.last_restarted_time

    client.clusters.edit_and_wait(cluster_id, VERSION, node_type_id="m5d.large", num_workers=1)
    edited = client.clusters.get(cluster_id)
    assert (edited.node_type_id, edited.custom_tags, edited.state) == ("m5d.large", None, State.RUNNING)
    assert (edited.last_restarted_time or 0) > (updated.last_restarted_time or 0)
    with pytest.raises(InvalidParameterValue, match="does not name"):
        client.clusters.update(cluster_id, "num_workers", cluster=UpdateClusterResource(cluster_name="lost"))
    client.clusters.permanent_delete(cluster_id)


@pytest.mark.parametrize(
    ("level", "allows"),
    [
        (None, set()),
        (PermissionLevel.CAN_ATTACH_TO, {"see"}),
        (PermissionLevel.CAN_RESTART, {"see", "restart"}),
        (PermissionLevel.CAN_MANAGE, {"see", "restart", "manage"}),
    ],
)
def test_a_level_allows_what_it_says_and_no_more(
    client: WorkspaceClient, new_robot: NewRobot, cluster_id: str, level: PermissionLevel | None, allows: set[str]
) -> None:
    robot = new_robot()
    if level is not None:
        allow(client, cluster_id, robot, level)
    own = robot.client()

    def allowed(call: Callable[[], object]) -> bool:
        try:
            call()
        except PermissionDenied:
            return False
        return True

    assert allowed(lambda: own.clusters.get(cluster_id)) is ("see" in allows)
    assert (cluster_id in {known.cluster_id for known in own.clusters.list()}) is ("see" in allows)
    assert allowed(lambda: list(own.libraries.cluster_status(cluster_id))) is ("see" in allows)
    assert allowed(lambda: own.clusters.delete_and_wait(cluster_id)) is ("restart" in allows)
    if "restart" in allows:
        own.clusters.start_and_wait(cluster_id)
    assert allowed(lambda: own.libraries.install(cluster_id, [])) is ("manage" in allows)
    assert not allowed(lambda: own.clusters.pin(cluster_id))
    client.permissions.set("clusters", cluster_id, access_control_list=[])


def test_permissions_are_listed_as_terraform_reads_them(client: WorkspaceClient, cluster_id: str) -> None:
    shown = client.permissions.get("clusters", cluster_id)

    assert (shown.object_type, shown.object_id) == ("cluster", f"/clusters/{cluster_id}")
    levels = client.clusters.get_permission_levels(cluster_id).permission_levels or []
    assert [str(level.permission_level.value) for level in levels if level.permission_level] == [
        "CAN_ATTACH_TO",
        "CAN_RESTART",
        "CAN_MANAGE",
    ]


def test_lists_are_filtered_sorted_and_paged(client: WorkspaceClient) -> None:
    prefix = f"listed-{secrets.token_hex(4)}"
    made = [create(client, cluster_name=f"{prefix}-{name}") for name in "cab"]
    client.clusters.pin(made[1])

    def names(**query: Any) -> list[str]:
        found = (str(cluster.cluster_name) for cluster in client.clusters.list(**query))
        return [name.removeprefix(f"{prefix}-") for name in found if name.startswith(prefix)]

    assert names(filter_by=ListClustersFilterBy(is_pinned=True)) == ["a"]
    assert names(filter_by=ListClustersFilterBy(is_pinned=False)) == ["b", "c"]
    assert names(page_size=1) == ["a", "b", "c"]
    assert names(sort_by=ListClustersSortBy(field=ListClustersSortByField.CLUSTER_NAME)) == ["a", "b", "c"]
    client.clusters.delete_and_wait(made[0])
    assert names(filter_by=ListClustersFilterBy(cluster_states=[State.TERMINATED])) == ["c"]
    assert names() == ["a", "b", "c"]
    old = client.api_client.do("GET", "/api/2.0/clusters/list")
    assert set(made) <= {cluster["cluster_id"] for cluster in old["clusters"]}  # type: ignore[index]

    with pytest.raises(DatabricksError, match="unpin the cluster first"):
        client.clusters.permanent_delete(made[1])
    client.clusters.unpin(made[1])
    for each in made:
        client.clusters.permanent_delete(each)


def test_events_tell_what_happened_in_either_order_and_in_pages(client: WorkspaceClient) -> None:
    cluster_id = create(client)
    client.clusters.pin(cluster_id)
    client.clusters.unpin(cluster_id)
    client.clusters.delete_and_wait(cluster_id)

    def kinds(**query: Any) -> list[str]:
        return [str(event.type.value) for event in client.clusters.events(cluster_id, **query) if event.type]

    expected = ["CREATING", "RUNNING", "PINNED", "UNPINNED", "TERMINATING"]
    assert kinds(order=GetEventsOrder.ASC) == expected
    assert kinds() == expected[::-1]
    assert kinds(limit=2, order=GetEventsOrder.ASC) == expected
    client.clusters.permanent_delete(cluster_id)


def test_libraries_that_tasks_can_be_given_are_installed_and_others_fail_with_the_reason(
    client: WorkspaceClient, wheels: Any
) -> None:
    cluster_id = create(client)
    good = wheels.upload({"lib": "x = 1"}, name="lib")
    in_tree = "/Workspace/Shared/lib-1.0-py3-none-any.whl"
    content = base64.b64encode(client.files.download(good).contents.read()).decode()  # type: ignore[union-attr]
    client.workspace.import_(
        "/Shared/lib-1.0-py3-none-any.whl", content=content, format=ImportFormat.RAW, overwrite=True
    )
    broken = good.replace("lib-1.0", "broken-1.0")
    client.files.upload(broken, io.BytesIO(b"no wheel"))
    wanted = [
        Library(whl=good),
        Library(whl=in_tree),
        Library(whl=broken),
        Library(pypi=PythonPyPiLibrary(package="pydantic>=2")),
        Library(pypi=PythonPyPiLibrary(package="no requirement!")),
        Library(jar="/Volumes/a/b/c/x.jar"),
    ]

    client.libraries.install(cluster_id, wanted)

    spec = client.api_client.do("POST", "/api/2.1/clusters/restart", body={"cluster_id": cluster_id})
    assert spec == {}
    client.clusters.wait_get_cluster_running(cluster_id)
    found = {str(status.library): status for status in client.libraries.cluster_status(cluster_id)}
    statuses = [found[str(library)].status for library in wanted]
    installed, failed = LibraryInstallStatus.INSTALLED, LibraryInstallStatus.FAILED
    assert statuses == [installed, installed, failed, installed, failed, failed]
    assert "not a wheel" in str(found[str(wanted[2])].messages)
    assert "no valid requirement" in str(found[str(wanted[4])].messages)
    assert "jar libraries" in str(found[str(wanted[5])].messages)

    client.libraries.uninstall(cluster_id, wanted[1:])
    left = [status.library for status in client.libraries.cluster_status(cluster_id)]
    assert left == [Library(whl=good)]
    assert cluster_id in {status.cluster_id for status in client.libraries.all_cluster_statuses()}
    client.clusters.permanent_delete(cluster_id)


def test_versions_and_node_types_can_be_searched(client: WorkspaceClient) -> None:
    assert client.clusters.select_spark_version(long_term_support=True) == "16.4.x-scala2.12"
    assert client.clusters.select_spark_version(ml=True, gpu=True, scala="2.13") == "17.3.x-gpu-ml-scala2.13"
    assert client.clusters.select_node_type(local_disk=True, min_cores=4) == "c5d.xlarge"
    assert client.clusters.select_node_type(min_gpus=1) == "g4dn.xlarge"
    assert client.clusters.list_zones().default_zone == "local"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"init_scripts": [{"workspace": {"destination": "/x.sh"}}]}, "init_scripts"),
        ({"spark_conf": {"spark.sql.ansi.enabled": "true"}}, "spark.sql.ansi.enabled"),
        ({"instance_pool_id": "pool"}, "instance_pool_id"),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_what_a_local_cluster_cannot_do_is_refused_by_name(
    client: WorkspaceClient, fields: dict[str, Any], named: str
) -> None:
    body = {"spark_version": VERSION, "node_type_id": "i3.xlarge", "num_workers": 1, **fields}
    with pytest.raises(DatabricksError, match=named) as refused:
        client.api_client.do("POST", "/api/2.1/clusters/create", body=body)
    assert refused.value.error_code == "NOT_IMPLEMENTED"


def test_instance_profiles_are_refused_by_name(client: WorkspaceClient) -> None:
    with pytest.raises(DatabricksError, match="instance-profiles") as refused:
        list(client.instance_profiles.list())
    assert refused.value.error_code == "NOT_IMPLEMENTED"


def test_a_killed_workspace_knows_its_clusters_again(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    running, ended = create(client, cluster_name="running"), create(client, cluster_name="ended")
    client.libraries.install(running, [Library(jar="/Volumes/a/b/c/x.jar")])
    client.clusters.delete(ended)
    late = str(client.clusters.create(VERSION, node_type_id="i3.xlarge", num_workers=1).cluster_id)
    fresh_local_workspace.kill()
    fresh_local_workspace.start()

    again = fresh_local_workspace.client()
    assert again.clusters.get(running).state == State.RUNNING
    assert again.clusters.wait_get_cluster_terminated(ended).state == State.TERMINATED
    assert again.clusters.wait_get_cluster_running(late).state == State.RUNNING
    found: list[ClusterDetails] = list(again.clusters.list())
    assert {cluster.cluster_id for cluster in found} == {running, ended, late}
