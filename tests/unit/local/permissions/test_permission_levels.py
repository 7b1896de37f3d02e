"""Whatever is granted directly, through groups or from above: the highest level counts, and nothing beyond it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.permissions.levels import OWNER, object_types
from brickyard_local.permissions.payloads import AccessControl, AccessControlList
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.store import Store

WORKSPACE = Workspace(name="local", workspace_id=1, port=1)
TYPES = [kind for kind in object_types() if kind.request != "authorization"]
NAMES = {"ann@x.org": "user_name", "bob@x.org": "user_name", "inner": "group_name", "outer": "group_name"}
ROOT = Caller(principal="root", groups=frozenset(), is_admin=True, workspace=WORKSPACE)


class Principals:
    def principal_field(self, name: str) -> str | None:
        return NAMES.get(name)


@st.composite
def grants(draw: st.DrawFn) -> tuple[int, dict[str, str], list[tuple[str, str, str]]]:
    """An object type, what is granted on the object, and what it inherits."""
    index = draw(st.integers(0, len(TYPES) - 1))
    levels = [level for level in TYPES[index].levels if level != OWNER]
    direct = draw(st.dictionaries(st.sampled_from(sorted(NAMES)), st.sampled_from(levels)))
    above = st.tuples(st.sampled_from(sorted(NAMES)), st.sampled_from(levels), st.just("/directories/1"))
    return index, direct, draw(st.lists(above, max_size=4))


@settings(max_examples=60, deadline=None)
@given(drawn=grants(), groups=st.frozensets(st.sampled_from(["inner", "outer"])))
def test_the_highest_level_that_reaches_a_caller_counts_and_no_other(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[int, dict[str, str], list[tuple[str, str, str]]],
    groups: frozenset[str],
) -> None:
    index, direct, inherited = drawn
    kind = TYPES[index]
    service = PermissionsService(Store(tmp_path_factory.mktemp("p") / "account.db"), Principals())
    service.register(kind.request, lambda _w, _i: True, inherited=lambda _w, _i: inherited)
    entries = [AccessControl(**{NAMES[name]: name, "permission_level": level}) for name, level in direct.items()]
    service.put(ROOT, kind.request, "7", AccessControlList(access_control_list=entries))
    ann = Caller(principal="ann@x.org", groups=groups, is_admin=False, workspace=WORKSPACE)
    reaching = [level for name, level in direct.items() if name in ann.principals]
    reaching += [level for name, level, _ in inherited if name in ann.principals]
    highest = max((kind.levels.index(level) for level in reaching), default=-1)
    for rank, level in enumerate(kind.levels):
        assert service.holds(ann, kind.request, "7", level) is (rank <= highest)
        assert service.holds(ROOT, kind.request, "7", level)
    shown = service.get(ROOT, kind.request, "7")["access_control_list"]
    listed = {
        (next(entry[field] for field in NAMES.values() if field in entry), permission["permission_level"])
        for entry in shown
        if "service_principal_name" not in entry
        for permission in entry["all_permissions"]
    }
    assert listed == set(direct.items()) | {(name, level) for name, level, _ in inherited}


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.request)
def test_every_type_has_levels_in_order_and_a_level_for_administrators(kind: object) -> None:
    levels = kind.levels  # type: ignore[attr-defined]
    assert len(set(levels)) == len(levels)
    assert OWNER not in levels[:-1]
    assert kind.admin_level in levels  # type: ignore[attr-defined]


def test_who_makes_tokens_is_everybody_until_it_is_set(tmp_path: Path) -> None:
    service = PermissionsService(Store(tmp_path / "account.db"), Principals())
    ann = Caller(principal="ann@x.org", groups=frozenset({"users"}), is_admin=False, workspace=WORKSPACE)
    assert service.holds(ann, "authorization", "tokens", "CAN_USE")
    assert not service.holds(ann, "authorization", "tokens", "CAN_MANAGE")
    service.put(ROOT, "authorization", "tokens", AccessControlList())
    assert not service.holds(ann, "authorization", "tokens", "CAN_USE")
