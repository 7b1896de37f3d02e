"""Access control lists: levels, owners, inheritance, and who may change them."""

from pathlib import Path

import pytest

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound, PermissionDenied
from brickyard_local.permissions.levels import object_type
from brickyard_local.permissions.payloads import AccessControl, AccessControlList
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.store import Store

WORKSPACE = Workspace(name="local", workspace_id=1, port=1)
FIELDS = {
    "ann@x.org": "user_name",
    "bob@x.org": "user_name",
    "team": "group_name",
    "admins": "group_name",
    "00000000-0000-0000-0000-000000000001": "service_principal_name",
}
ROBOT = "00000000-0000-0000-0000-000000000001"


class Principals:
    def principal_field(self, name: str) -> str | None:
        return FIELDS.get(name)


def caller(name: str, *groups: str, admin: bool = False) -> Caller:
    return Caller(principal=name, groups=frozenset(groups), is_admin=admin, workspace=WORKSPACE)


ANN, BOB, ROOT = caller("ann@x.org"), caller("bob@x.org"), caller("root", admin=True)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "account.db")
    store.put("workspaces", "local", {"name": "local", "workspace_id": 1, "port": 1})
    return store


@pytest.fixture
def permissions(store: Store) -> PermissionsService:
    service = PermissionsService(store, Principals())
    service.register("jobs", lambda workspace_id, object_id: (workspace_id, object_id) == (1, "7"))
    service.register(
        "experiments",
        lambda _workspace_id, _object_id: True,
        inherited=lambda _workspace_id, _object_id: [("team", "CAN_EDIT", "/directories/3")],
    )
    return service


def acl(**levels: str) -> AccessControlList:
    names = {"ann": "ann@x.org", "bob": "bob@x.org", "robot": ROBOT}
    entries = [
        AccessControl(group_name=who, permission_level=level)
        if who not in names
        else AccessControl(user_name=names[who], permission_level=level)
        for who, level in levels.items()
    ]
    return AccessControlList(access_control_list=entries)


def held(document: dict[str, object]) -> dict[str, list[tuple[str, bool]]]:
    return {
        entry.get("user_name") or entry.get("group_name") or entry["service_principal_name"]: [
            (permission["permission_level"], permission["inherited"]) for permission in entry["all_permissions"]
        ]
        for entry in document["access_control_list"]  # type: ignore[attr-defined]
    }


def test_the_maker_owns_and_nobody_else_may_look(permissions: PermissionsService) -> None:
    permissions.own(ANN, "jobs", "7")
    permissions.require(ANN, "jobs", "7", "IS_OWNER")
    permissions.require(ROOT, "jobs", "7", "IS_OWNER")
    with pytest.raises(PermissionDenied, match="no permission"):
        permissions.require(BOB, "jobs", "7", "CAN_VIEW")
    with pytest.raises(PermissionDenied):
        permissions.get(BOB, "jobs", "7")


def test_a_level_includes_the_lower_ones_only(permissions: PermissionsService) -> None:
    permissions.own(ANN, "jobs", "7")
    permissions.patch(ANN, "jobs", "7", acl(bob="CAN_MANAGE_RUN"))
    permissions.require(BOB, "jobs", "7", "CAN_VIEW")
    with pytest.raises(PermissionDenied, match="CAN_MANAGE_RUN"):
        permissions.require(BOB, "jobs", "7", "CAN_MANAGE")


def test_a_grant_to_a_group_reaches_its_members(permissions: PermissionsService) -> None:
    permissions.own(ANN, "jobs", "7")
    permissions.patch(ANN, "jobs", "7", acl(team="CAN_MANAGE"))
    permissions.require(caller("bob@x.org", "team"), "jobs", "7", "CAN_MANAGE")


def test_the_answer_names_type_and_id_as_terraform_reads_them(permissions: PermissionsService) -> None:
    permissions.own(ANN, "jobs", "7")
    shown = permissions.put(ANN, "jobs", "7", acl(team="CAN_VIEW"))
    assert (shown["object_id"], shown["object_type"]) == ("/jobs/7", "job")
    assert held(shown) == {
        "ann@x.org": [("IS_OWNER", False)],
        "team": [("CAN_VIEW", False)],
        "admins": [("CAN_MANAGE", True)],
    }


def test_a_put_replaces_and_a_patch_adds(permissions: PermissionsService) -> None:
    permissions.put(ROOT, "experiments", "1", acl(ann="CAN_READ"))
    assert held(permissions.patch(ROOT, "experiments", "1", acl(bob="CAN_EDIT"))).keys() >= {"ann@x.org", "bob@x.org"}
    assert "ann@x.org" not in held(permissions.put(ROOT, "experiments", "1", acl(bob="CAN_READ")))


def test_inherited_grants_count_and_say_where_they_come_from(permissions: PermissionsService) -> None:
    permissions.require(caller("bob@x.org", "team"), "experiments", "1", "CAN_EDIT")
    shown = permissions.get(ROOT, "experiments", "1")
    entry = next(entry for entry in shown["access_control_list"] if entry.get("group_name") == "team")
    assert entry["all_permissions"] == [
        {"permission_level": "CAN_EDIT", "inherited": True, "inherited_from_object": ["/directories/3"]}
    ]


def test_the_owner_stays_until_another_is_named(permissions: PermissionsService) -> None:
    permissions.own(ANN, "jobs", "7")
    permissions.put(ROOT, "jobs", "7", acl(ann="CAN_MANAGE"))
    assert permissions.owner(1, "jobs", "7") == "ann@x.org"
    permissions.put(ROOT, "jobs", "7", acl(bob="IS_OWNER", ann="CAN_MANAGE"))
    assert permissions.owner(1, "jobs", "7") == "bob@x.org"
    permissions.require(ANN, "jobs", "7", "CAN_MANAGE")


def test_two_levels_of_one_principal_are_the_higher_one(permissions: PermissionsService) -> None:
    """Terraform asks for IS_OWNER and CAN_MANAGE of the deployer at once."""
    entries = [
        AccessControl(user_name="ann@x.org", permission_level=level) for level in ("CAN_MANAGE", "IS_OWNER", "CAN_VIEW")
    ]
    shown = permissions.put(ROOT, "jobs", "7", AccessControlList(access_control_list=entries))
    assert held(shown)["ann@x.org"] == [("IS_OWNER", False)]


def test_a_service_principal_named_as_user_is_shown_as_what_it_is(permissions: PermissionsService) -> None:
    shown = permissions.put(ROOT, "jobs", "7", acl(robot="IS_OWNER"))
    entry = shown["access_control_list"][0]
    assert entry["service_principal_name"] == ROBOT
    assert "user_name" not in entry


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (acl(ann="CAN_FLY"), "CAN_VIEW, CAN_MANAGE_RUN, CAN_MANAGE, IS_OWNER"),
        (acl(stranger="CAN_VIEW"), "Principal 'stranger' does not exist"),
        (acl(team="IS_OWNER"), "cannot be the owner"),
        (acl(ann="IS_OWNER", bob="IS_OWNER"), "exactly one owner"),
    ],
)
def test_a_list_that_breaks_a_rule_changes_nothing(
    permissions: PermissionsService, body: AccessControlList, message: str
) -> None:
    permissions.own(BOB, "jobs", "7")
    before = permissions.get(ROOT, "jobs", "7")
    with pytest.raises(InvalidParameter, match=message):
        permissions.put(ROOT, "jobs", "7", body)
    assert permissions.get(ROOT, "jobs", "7") == before


def test_only_managers_change_the_list(permissions: PermissionsService) -> None:
    permissions.own(ANN, "jobs", "7")
    permissions.patch(ANN, "jobs", "7", acl(bob="CAN_MANAGE_RUN"))
    with pytest.raises(PermissionDenied):
        permissions.patch(BOB, "jobs", "7", acl(bob="CAN_MANAGE"))


def test_unknown_objects_and_types_are_told_apart(permissions: PermissionsService) -> None:
    with pytest.raises(NotFound):
        permissions.get(ROOT, "jobs", "8")
    with pytest.raises(NotEmulated, match="permissions of clusters"):
        permissions.get(ROOT, "clusters", "8")
    with pytest.raises(InvalidParameter, match="serving-endpoints"):
        permissions.get(ROOT, "spoons", "8")


def test_a_deleted_objects_list_is_not_found_again(permissions: PermissionsService) -> None:
    permissions.own(ANN, "jobs", "7")
    permissions.forget(1, "jobs", "7")
    assert not permissions.holds(ANN, "jobs", "7", "CAN_VIEW")


def test_grants_follow_a_renamed_principal_and_end_with_it(permissions: PermissionsService) -> None:
    permissions.put(ROOT, "jobs", "7", acl(ann="CAN_VIEW"))
    permissions.principal_changed("ann@x.org", "bob@x.org")
    assert permissions.holds(BOB, "jobs", "7", "CAN_VIEW")
    permissions.principal_changed("bob@x.org", None)
    assert permissions.direct(1, "jobs", "7") == []


def test_a_list_names_one_principal_per_entry() -> None:
    with pytest.raises(ValueError, match="exactly one of"):
        AccessControl(user_name="a", group_name="b", permission_level="CAN_VIEW")


def test_levels_of_objects_without_manage_fall_to_administrators() -> None:
    assert object_type("cluster-policies").admin_level == "CAN_USE"
    assert object_type("jobs").creator_level == "IS_OWNER"
    assert object_type("experiments").creator_level == "CAN_MANAGE"
