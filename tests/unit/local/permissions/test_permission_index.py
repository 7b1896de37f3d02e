"""What a caller reaches, found at once, is what asking for each object finds; an older account is indexed once."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.permissions.levels import object_type
from brickyard_local.permissions.payloads import AccessControl, AccessControlList
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.store import Store

FIELDS = {"ann@x.org": "user_name", "bob@x.org": "user_name", "inner": "group_name", "outer": "group_name"}
TYPES = ("jobs", "clusters", "sql/warehouses", "cluster-policies")
OBJECTS = ("1", "2", "3")


class Principals:
    def principal_field(self, name: str) -> str | None:
        return FIELDS.get(name)


def service_over(store: Store) -> PermissionsService:
    service = PermissionsService(store, Principals())
    for kind in TYPES:
        service.register(kind, lambda _workspace, _id: True)
    return service


def caller(name: str, *groups: str, workspace_id: int = 1, admin: bool = False) -> Caller:
    workspace = Workspace(name=f"w{workspace_id}", workspace_id=workspace_id, port=1)
    return Caller(principal=name, groups=frozenset(groups), is_admin=admin, workspace=workspace)


def granted(service: PermissionsService, who: Caller, kind: str, object_id: str, **levels: str) -> None:
    entries = [AccessControl(**{FIELDS[name]: name, "permission_level": level}) for name, level in levels.items()]
    service.put(who, kind, object_id, AccessControlList(access_control_list=entries))


own = st.tuples(st.just("own"), st.sampled_from(["ann@x.org", "bob@x.org"]))
put = st.tuples(st.just("put"), st.dictionaries(st.sampled_from(sorted(FIELDS)), st.integers(0, 2), max_size=3))
forget = st.tuples(st.just("forget"), st.none())
renamed = st.tuples(st.just("renamed"), st.sampled_from([("ann@x.org", None), ("outer", "inner"), ("outer", None)]))
Step = tuple[str, str, int, tuple[str, Any]]
steps = st.lists(
    st.tuples(st.sampled_from(TYPES), st.sampled_from(OBJECTS), st.integers(1, 2), own | put | forget | renamed),
    max_size=12,
)


def take(service: PermissionsService, step: Step) -> None:
    kind, object_id, workspace_id, (what, value) = step
    levels = object_type(kind).levels
    match what:
        case "own":
            service.own(caller(value, workspace_id=workspace_id), kind, object_id)
        case "put":
            root = caller("root", workspace_id=workspace_id, admin=True)
            named = {name: levels[min(rank, len(levels) - 2)] for name, rank in value.items()}
            granted(service, root, kind, object_id, **named)
        case "forget":
            service.forget(workspace_id, kind, object_id)
        case "renamed":
            service.principal_changed(*value)


def answers(who: Caller) -> list[tuple[Caller, str, str]]:
    return [(who, kind, level) for kind in TYPES for level in object_type(kind).levels]


@settings(max_examples=60, deadline=None)
@given(steps=steps, groups=st.frozensets(st.sampled_from(["inner", "outer"])))
def test_what_is_reached_at_once_is_what_is_held_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], groups: frozenset[str]
) -> None:
    store = Store(tmp_path_factory.mktemp("p") / "account.db")
    for workspace_id in (1, 2):
        store.put("workspaces", workspace_id, {"workspace_id": workspace_id})
    service = service_over(store)
    for step in steps:
        take(service, step)
    asked = [
        each for workspace_id in (1, 2) for each in answers(caller("ann@x.org", *groups, workspace_id=workspace_id))
    ]
    for who, kind, level in asked:
        held = {object_id for object_id in OBJECTS if service.holds(who, kind, object_id, level)}
        assert service.reached(who, kind, level) == held


def test_an_administrator_reaches_every_object(tmp_path: Path) -> None:
    service = service_over(Store(tmp_path / "account.db"))
    assert service.reached(caller("root", admin=True), "jobs", "CAN_VIEW") is None


def test_an_account_from_before_the_index_is_indexed_when_it_is_opened(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    store.put("workspaces", 1, {"workspace_id": 1})
    service_over(store).own(caller("ann@x.org"), "sql/warehouses", "17")
    store.execute("DROP TABLE permission_index")
    for _ in range(2):
        service = service_over(Store(tmp_path / "account.db"))
        assert service.reached(caller("ann@x.org"), "sql/warehouses", "CAN_USE") == {"17"}


def test_objects_that_inherit_permissions_are_not_asked_for_at_once(tmp_path: Path) -> None:
    service = service_over(Store(tmp_path / "account.db"))
    service.register("notebooks", lambda _w, _i: True, inherited=lambda _w, _i: [])
    for kind, level in (("notebooks", "CAN_READ"), ("authorization", "CAN_USE")):
        with pytest.raises(TypeError, match=kind):
            service.reached(caller("ann@x.org"), kind, level)


def test_a_transaction_that_fails_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    service = service_over(store)

    def fail() -> None:
        with store.write():
            service.own(caller("ann@x.org"), "jobs", "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert service.reached(caller("ann@x.org"), "jobs", "CAN_VIEW") == frozenset()
