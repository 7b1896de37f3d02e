"""Any tree of grants, any nesting of groups: no access without a path of grants, and none lost with one.

The reference below is written from Databricks' documents (…/access-control/permissions-concepts, privileges-reference)
and shares nothing with the implementation: it walks from each fact ("who was given what, where") to what it opens.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brickyard_local.account import Workspace
from brickyard_local.callers import Callers
from brickyard_local.catalog.authority import Chain, Level, allowed
from brickyard_local.catalog.securables import CATALOG, SCHEMA, TABLE
from brickyard_local.store import Store

PEOPLE = ("ann@x", "bob@x")
GROUPS = ("g0", "g1", "g2")
PRINCIPALS = (*PEOPLE, *GROUPS, "account users")
PLACES = ("c", "c.s", "c.s.t")
WORKSPACE = Workspace(name="here", workspace_id=7, port=1)
ON_TABLE = ("SELECT", "MODIFY", "ALL_PRIVILEGES", "MANAGE", "APPLY_TAG")
ON_SCHEMA = (*ON_TABLE, "USE_SCHEMA", "CREATE_TABLE", "CREATE_FUNCTION", "EXTERNAL_USE_SCHEMA", "BROWSE")
GIVEN_ON = {"c": (*ON_SCHEMA, "USE_CATALOG", "CREATE_SCHEMA"), "c.s": ON_SCHEMA, "c.s.t": ON_TABLE}
NEEDS = {
    "c": ("USE_CATALOG", "CREATE_SCHEMA", "MANAGE", "READ_METADATA", "OWNERSHIP"),
    "c.s": ("CREATE_TABLE", "CREATE_MODEL", "EXTERNAL_USE_SCHEMA", "MANAGE", "READ_METADATA", "OWNERSHIP"),
    "c.s.t": ("SELECT", "MODIFY", "APPLY_TAG", "MANAGE", "READ_METADATA", "OWNERSHIP"),
}
BINDINGS = (
    None,
    {},
    {"7": "BINDING_TYPE_READ_WRITE"},
    {"7": "BINDING_TYPE_READ_ONLY"},
    {"8": "BINDING_TYPE_READ_WRITE"},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Who belongs to which group, who owns what, what was granted: (principal, place, privilege)."""

    members: frozenset[tuple[str, str]]
    owners: dict[str, str]
    grants: frozenset[tuple[str, str, str]]
    bindings: dict[str, str] | None


grant = st.sampled_from(PLACES).flatmap(
    lambda place: st.tuples(st.sampled_from(PRINCIPALS), st.just(place), st.sampled_from(GIVEN_ON[place]))
)
worlds = st.builds(
    World,
    members=st.frozensets(st.tuples(st.sampled_from((*PEOPLE, *GROUPS)), st.sampled_from(GROUPS)), max_size=6),
    owners=st.fixed_dictionaries({place: st.sampled_from((*PRINCIPALS[:-1], "boss@x")) for place in PLACES}),
    grants=st.frozensets(grant, max_size=8),
    bindings=st.sampled_from((None, None, *BINDINGS)),
)


# ---- the reference


def who_is(person: str, world: World) -> set[str]:
    """All names of a person: grow until nothing is new."""
    names = {person, "account users"}
    while more := {group for member, group in world.members if member in names} - names:
        names |= more
    return names


def above(place: str) -> list[str]:
    """The place and all that contains it."""
    return [each for each in PLACES if place == each or place.startswith(f"{each}.")]


def given_at(names: set[str], world: World, place: str, privilege: str) -> bool:
    """Whether one of the grants on the place or above it stands for the privilege."""
    words = {privilege, "CREATE_FUNCTION"} if privilege == "CREATE_MODEL" else {privilege}
    if privilege not in {"MANAGE", "EXTERNAL_USE_SCHEMA", "READ_METADATA", "OWNERSHIP"}:
        words.add("ALL_PRIVILEGES")
    return any(who in names and where in above(place) and what in words for who, where, what in world.grants)


def bound(world: World, need: str) -> bool:
    """Whether the catalog's bindings let this workspace do it."""
    how = "BINDING_TYPE_READ_WRITE" if world.bindings is None else world.bindings.get("7")
    harmless = {"READ_METADATA", "USE_CATALOG", "SELECT"}
    return how == "BINDING_TYPE_READ_WRITE" or (how == "BINDING_TYPE_READ_ONLY" and need in harmless)


def gates_open(names: set[str], world: World, place: str, *, browse: bool) -> bool:
    """Whether what contains the place is open: USE, ownership of it or of what is above it, or BROWSE if asked for."""
    gates = [(gate, use) for gate, use in (("c", "USE_CATALOG"), ("c.s", "USE_SCHEMA")) if gate in above(place)[:-1]]
    return all(
        any(world.owners[each] in names for each in above(gate))
        or given_at(names, world, gate, use)
        or (browse and given_at(names, world, gate, "BROWSE"))
        for gate, use in gates
    )


def may(person: str, world: World, place: str, need: str, *, browse: bool) -> bool:
    """Whether the documents let the person do it."""
    names = who_is(person, world)
    if not (bound(world, need) and gates_open(names, world, place, browse=browse)):
        return False
    owner = world.owners[place] in names
    owns_any = any(world.owners[each] in names for each in above(place))
    managing = given_at(names, world, place, "MANAGE")
    use = {"c": "USE_CATALOG", "c.s": "USE_SCHEMA"}.get(place)
    used = use is None or given_at(names, world, place, use)
    shown = any(given_at(names, world, place, each) for each in ((use,) if use else ("SELECT", "MODIFY")))
    browsed = browse and given_at(names, world, place, "BROWSE")
    special = {
        "OWNERSHIP": owner,
        "MANAGE": owns_any or (managing and used),
        "READ_METADATA": owns_any or managing or shown or browsed,
    }
    if need in special:
        return special[need]
    return need != "EXTERNAL_USE_SCHEMA" if owner else given_at(names, world, place, need)


# ---- the implementation


def chain_of(world: World, place: str) -> Chain:
    levels = []
    for kind, name in zip((CATALOG, SCHEMA, TABLE), above(place), strict=False):
        grants: dict[str, list[str]] = {}
        for who, where, what in sorted(world.grants):
            if where == name:
                grants.setdefault(who, []).append(what)
        document = {"full_name": name, "owner": world.owners[name], "grants": grants}
        if kind is CATALOG:
            mode = "OPEN" if world.bindings is None else "ISOLATED"
            document |= {"isolation_mode": mode, "bindings": world.bindings or {}}
        levels.append(Level(kind=kind, document=document))
    return tuple(levels)


def callers_of(world: World, folder: Path) -> Callers:
    store = Store(folder / f"{uuid.uuid4()}.db")
    with store.write():
        for person in PEOPLE:
            store.put("users", person, {"id": person, "userName": person})
        for group in GROUPS:
            members = [{"value": member} for member, of in sorted(world.members) if of == group]
            store.put("groups", group, {"id": group, "displayName": group, "members": members})
        store.put("directory", "version", {"version": str(uuid.uuid4())})
    return Callers(store)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds)
def test_access_is_what_the_grants_say_no_more_and_no_less(world: World, folder: Path) -> None:
    callers = callers_of(world, folder)
    for person in PEOPLE:
        caller = callers.caller(person, WORKSPACE)
        assert set(caller.principals) == who_is(person, world)
        for place, needs in NEEDS.items():
            for need in needs:
                for browse in (False, True):
                    expected = may(person, world, place, need, browse=browse)
                    assert allowed(caller, chain_of(world, place), need, browse=browse) == expected, (
                        f"{person} {need} on {place}, browse={browse}: the documents say {expected}"
                    )


@settings(max_examples=100, deadline=None)
@given(world=worlds, more=grant)
def test_a_further_grant_never_takes_access_away(world: World, more: tuple[str, str, str], folder: Path) -> None:
    callers = callers_of(world, folder)
    richer = World(members=world.members, owners=world.owners, grants=world.grants | {more}, bindings=world.bindings)
    for person in PEOPLE:
        caller = callers.caller(person, WORKSPACE)
        for place, needs in NEEDS.items():
            for need in needs:
                if allowed(caller, chain_of(world, place), need):
                    assert allowed(caller, chain_of(richer, place), need)
