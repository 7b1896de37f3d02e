"""Unity Catalog's privileges: what a principal without a grant is refused, and what a grant opens."""

import io
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.errors.platform import InvalidParameterValue
from databricks.sdk.service.catalog import VolumeType

from brickyard_local.pytest_plugin import LocalWorkspace

Grant = Callable[..., None]


@pytest.fixture
def catalog(client: WorkspaceClient) -> Iterator[str]:
    """A catalog with a schema `s`, a volume `s.v` that holds a file, and a model `s.m`."""
    name = f"priv_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    client.schemas.create("s", name)
    client.volumes.create(name, "s", "v", VolumeType.MANAGED)
    client.files.upload(f"/Volumes/{name}/s/v/a.txt", io.BytesIO(b"a"))
    client.registered_models.create(catalog_name=name, schema_name="s", name="m")
    yield name
    client.catalogs.delete(name, force=True)


@pytest.fixture
def grant(client: WorkspaceClient, catalog: str) -> Grant:
    """`grant(principal, "c" | "c.s" | …, *privileges)` on the catalog `c` of this test."""

    def change(principal: str, on: str, *privileges: str, revoke: bool = False) -> None:
        name = catalog + on.removeprefix("c")
        kind = {0: "catalog", 1: "schema"}.get(on.count("."), "volume" if on.endswith(".v") else "function")
        change = {"principal": principal, "remove" if revoke else "add": list(privileges)}
        client.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", body={"changes": [change]})

    return change


def test_a_stranger_sees_no_catalog_and_reaches_nothing(catalog: str, new_robot: Any) -> None:
    robot = new_robot().client()
    assert catalog not in [each.name for each in robot.catalogs.list()]
    calls: list[Callable[[], object]] = [
        lambda: robot.catalogs.get(catalog),
        lambda: list(robot.schemas.list(catalog)),
        lambda: robot.schemas.get(f"{catalog}.s"),
        lambda: robot.volumes.read(f"{catalog}.s.v"),
        lambda: robot.files.download(f"/Volumes/{catalog}/s/v/a.txt"),
        lambda: robot.registered_models.get(f"{catalog}.s.m"),
        lambda: robot.grants.get("catalog", catalog),
        lambda: robot.catalogs.delete(catalog, force=True),
        lambda: robot.catalogs.update(catalog, comment="mine"),
        lambda: robot.catalogs.create("mine"),
    ]
    for call in calls:
        with pytest.raises(PermissionDenied):
            call()


def test_reading_files_needs_the_way_and_the_privilege(catalog: str, grant: Grant, new_robot: Any) -> None:
    robot = new_robot()
    client, path = robot.client(), f"/Volumes/{catalog}/s/v/a.txt"
    steps = [("c", "USE_CATALOG"), ("c.s", "USE_SCHEMA"), ("c.s.v", "READ_VOLUME")]
    for on, privilege in steps:
        with pytest.raises(PermissionDenied, match=privilege.replace("_", " ")):
            client.files.download(path)
        grant(robot.application_id, on, privilege)
    content = client.files.download(path).contents
    assert content is not None
    assert content.read() == b"a"
    with pytest.raises(PermissionDenied, match="WRITE VOLUME"):
        client.files.upload(path, io.BytesIO(b"b"), overwrite=True)
    grant(robot.application_id, "c", "WRITE_VOLUME")
    client.files.upload(path, io.BytesIO(b"b"), overwrite=True)
    grant(robot.application_id, "c.s", "USE_SCHEMA", revoke=True)
    with pytest.raises(PermissionDenied, match="USE SCHEMA"):
        client.files.download(path)


def test_grants_reach_members_of_a_group(client: WorkspaceClient, catalog: str, grant: Grant, new_robot: Any) -> None:
    robot = new_robot()
    made = next(client.service_principals.list(filter=f'applicationId eq "{robot.application_id}"'))
    group = f"team-{secrets.token_hex(4)}"
    client.api_client.do(
        "POST",
        "/api/2.0/preview/scim/v2/Groups",
        body={"displayName": group, "members": [{"value": made.id}]},
    )
    grant(group, "c", "USE_CATALOG", "USE_SCHEMA", "EXECUTE")
    assert robot.client().registered_models.get(f"{catalog}.s.m").name == "m"


def test_lists_show_only_what_the_caller_may_see(catalog: str, grant: Grant, new_robot: Any) -> None:
    robot = new_robot()
    grant(robot.application_id, "c", "USE_CATALOG")
    client = robot.client()
    assert catalog in [each.name for each in client.catalogs.list()]
    assert list(client.schemas.list(catalog)) == []
    grant(robot.application_id, "c.s", "USE_SCHEMA")
    assert [each.name for each in client.schemas.list(catalog)] == ["s"]
    assert list(client.volumes.list(catalog, "s")) == []
    assert [each.name for each in client.registered_models.list()] == []
    grant(robot.application_id, "c.s.m", "EXECUTE")
    assert [each.full_name for each in client.registered_models.list()] == [f"{catalog}.s.m"]


def test_browse_shows_names_where_they_are_asked_for(catalog: str, grant: Grant, new_robot: Any) -> None:
    robot = new_robot()
    grant(robot.application_id, "c", "BROWSE")
    client = robot.client()
    found = client.volumes.read(f"{catalog}.s.v", include_browse=True)
    assert found.browse_only
    with pytest.raises(PermissionDenied):
        client.volumes.read(f"{catalog}.s.v")
    with pytest.raises(PermissionDenied):
        client.files.download(f"/Volumes/{catalog}/s/v/a.txt")


def test_creating_needs_its_own_privilege_and_makes_one_the_owner(catalog: str, grant: Grant, new_robot: Any) -> None:
    robot = new_robot()
    client = robot.client()
    grant(robot.application_id, "c", "USE_CATALOG", "USE_SCHEMA")
    with pytest.raises(PermissionDenied, match=f"CREATE VOLUME on Schema '{catalog}.s'"):
        client.volumes.create(catalog, "s", "mine", VolumeType.MANAGED)
    grant(robot.application_id, "c.s", "CREATE_VOLUME")
    assert client.volumes.create(catalog, "s", "mine", VolumeType.MANAGED).owner == robot.application_id
    client.files.upload(f"/Volumes/{catalog}/s/mine/b.txt", io.BytesIO(b"b"))
    client.volumes.delete(f"{catalog}.s.mine")
    with pytest.raises(PermissionDenied, match="MANAGE"):
        client.volumes.delete(f"{catalog}.s.v")


def test_an_administrator_reads_no_data_without_a_grant_but_may_grant_it_to_itself(
    client: WorkspaceClient, catalog: str, grant: Grant, new_robot: Any
) -> None:
    robot = new_robot()
    path = f"/Volumes/{catalog}/s/v/a.txt"
    client.volumes.update(f"{catalog}.s.v", owner=robot.application_id)
    with pytest.raises(PermissionDenied, match="READ VOLUME"):
        client.files.download(path)
    grant("admin@brickyard.local", "c.s.v", "READ_VOLUME")
    assert client.files.download(path).contents is not None


def test_only_who_manages_a_securable_grants_on_it(
    client: WorkspaceClient, catalog: str, grant: Grant, new_robot: Any
) -> None:
    robot, other = new_robot(), new_robot()
    body = {"changes": [{"principal": other.application_id, "add": ["USE_CATALOG"]}]}
    path = f"/api/2.1/unity-catalog/permissions/catalog/{catalog}"
    grant(robot.application_id, "c", "USE_CATALOG", "ALL_PRIVILEGES")
    with pytest.raises(PermissionDenied, match="MANAGE and USE CATALOG"):
        robot.client().api_client.do("PATCH", path, body=body)
    grant(robot.application_id, "c", "MANAGE")
    robot.client().api_client.do("PATCH", path, body=body)
    assert other.client().catalogs.get(catalog).name == catalog
    seen = other.client().grants.get("catalog", catalog).privilege_assignments or []
    assert [each.principal for each in seen] == [other.application_id]


def test_effective_permissions_say_where_a_privilege_comes_from(
    client: WorkspaceClient, catalog: str, grant: Grant, new_robot: Any
) -> None:
    robot = new_robot()
    grant(robot.application_id, "c", "EXECUTE")
    grant(robot.application_id, "c.s.m", "APPLY_TAG")
    answer = client.grants.get_effective("function", f"{catalog}.s.m", principal=robot.application_id)
    (assignment,) = answer.privilege_assignments or []
    found = {
        (each.privilege.value if each.privilege else None, each.inherited_from_name)
        for each in assignment.privileges or []
    }
    assert found == {("EXECUTE", catalog), ("APPLY_TAG", None)}


def test_grants_to_strangers_and_of_the_wrong_kind_are_refused(catalog: str, grant: Grant) -> None:
    with pytest.raises(NotFound, match="Could not find principal with name nobody"):
        grant("nobody", "c", "USE_CATALOG")
    with pytest.raises(NotFound, match="Could not find principal with name admins"):
        grant("admins", "c", "USE_CATALOG")
    with pytest.raises(InvalidParameterValue, match="not applicable"):
        grant("account users", "c.s.v", "SELECT")


def test_grants_end_with_the_principal(client: WorkspaceClient, catalog: str, grant: Grant, new_robot: Any) -> None:
    robot = new_robot()
    grant(robot.application_id, "c", "USE_CATALOG")
    made = next(client.service_principals.list(filter=f'applicationId eq "{robot.application_id}"'))
    client.service_principals.delete(str(made.id))
    assert client.grants.get("catalog", catalog).privilege_assignments == []


def test_grants_follow_a_group_to_its_new_name(client: WorkspaceClient, catalog: str, grant: Grant) -> None:
    old, new = (f"team-{secrets.token_hex(4)}" for _ in range(2))
    groups = "/api/2.0/preview/scim/v2/Groups"
    made: Any = client.api_client.do("POST", groups, body={"displayName": old})
    grant(old, "c", "USE_CATALOG")
    client.volumes.update(f"{catalog}.s.v", owner=old)
    operation = {"op": "replace", "path": "displayName", "value": new}
    client.api_client.do("PATCH", f"{groups}/{made['id']}", body={"Operations": [operation]})
    assert [each.principal for each in client.grants.get("catalog", catalog).privilege_assignments or []] == [new]
    assert client.volumes.read(f"{catalog}.s.v").owner == new


def test_a_right_to_create_catalogs_is_granted_on_the_metastore(client: WorkspaceClient, new_robot: Any) -> None:
    robot, metastore = new_robot(), client.metastores.current().metastore_id
    name = f"own_{secrets.token_hex(4)}"
    client.api_client.do(
        "PATCH",
        f"/api/2.1/unity-catalog/permissions/metastore/{metastore}",
        body={"changes": [{"principal": robot.application_id, "add": ["CREATE_CATALOG"]}]},
    )
    assert robot.client().catalogs.create(name).owner == robot.application_id
    robot.client().catalogs.delete(name, force=True)


def test_an_isolated_catalog_exists_only_in_its_workspaces(
    local_workspace: LocalWorkspace, client: WorkspaceClient, catalog: str
) -> None:
    other = local_workspace.client(workspace="other")
    assert other.catalogs.get(catalog).name == catalog
    bindings = f"/api/2.1/unity-catalog/bindings/catalog/{catalog}"
    client.api_client.do("PATCH", f"/api/2.1/unity-catalog/catalogs/{catalog}", body={"isolation_mode": "ISOLATED"})
    bound = [each.workspace_id for each in client.workspace_bindings.get_bindings("catalog", catalog)]
    assert bound == [client.get_workspace_id()]
    with pytest.raises(PermissionDenied, match="is not accessible in current workspace"):
        other.catalogs.get(catalog)
    assert catalog not in [each.name for each in other.catalogs.list()]
    assert catalog in [each.name for each in other.catalogs.list(include_unbound=True)]
    add = {"workspace_id": other.get_workspace_id(), "binding_type": "BINDING_TYPE_READ_ONLY"}
    client.api_client.do("PATCH", bindings, body={"add": [add]})
    assert other.files.download(f"/Volumes/{catalog}/s/v/a.txt").contents is not None
    with pytest.raises(PermissionDenied, match="read-only"):
        other.files.upload(f"/Volumes/{catalog}/s/v/b.txt", io.BytesIO(b"b"))
    with pytest.raises(PermissionDenied, match="read-only"):
        other.schemas.create("t", catalog)
    other.workspace_bindings.update(catalog, assign_workspaces=[other.get_workspace_id()])
    other.files.upload(f"/Volumes/{catalog}/s/v/b.txt", io.BytesIO(b"b"))


def test_only_owners_and_administrators_bind(catalog: str, grant: Grant, new_robot: Any) -> None:
    robot = new_robot()
    grant(robot.application_id, "c", "ALL_PRIVILEGES", "MANAGE")
    with pytest.raises(PermissionDenied, match="not an owner"):
        list(robot.client().workspace_bindings.get_bindings("catalog", catalog))


def test_a_workspace_of_nobody_is_not_bound(client: WorkspaceClient, catalog: str) -> None:
    with pytest.raises(InvalidParameterValue, match="not a workspace of this account"):
        client.workspace_bindings.update(catalog, assign_workspaces=[2])
