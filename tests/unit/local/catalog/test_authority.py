from dataclasses import dataclass, field

import pytest

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import Chain, Level, allowed, authorize
from brickyard_local.catalog.privileges import DATA, GRANTABLE, MANAGE, NOT_IN_ALL, OWN, READ
from brickyard_local.catalog.securables import CATALOG, METASTORE, MODEL, SCHEMA, TABLE, VOLUME, SecurableType
from brickyard_local.errors import PermissionDenied
from brickyard_local.store import Document

WORKSPACE = Workspace(name="local", workspace_id=1, port=1)
LEAVES = (TABLE, VOLUME, MODEL)


@dataclass
class World:
    """A catalog `c`, its schema `s` and one object `o` in it, all owned by `boss` unless said otherwise."""

    kind: SecurableType = TABLE
    owners: dict[str, str] = field(default_factory=dict)
    grants: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    catalog: Document = field(default_factory=dict)

    def chain(self, depth: int = 3) -> Chain:
        levels = ((CATALOG, "c"), (SCHEMA, "c.s"), (self.kind, "c.s.o"))
        return tuple(Level(kind=kind, document=self._document(name)) for kind, name in levels[:depth])

    def _document(self, name: str) -> Document:
        document = {
            "full_name": name,
            "owner": self.owners.get(name, "boss"),
            "grants": self.grants.get(name, {}),
        }
        return document | ({"isolation_mode": "OPEN", "bindings": {}, **self.catalog} if name == "c" else {})


def caller(principal: str = "ann", *groups: str, admin: bool = False) -> Caller:
    return Caller(principal=principal, groups=frozenset(groups), is_admin=admin, workspace=WORKSPACE)


USE = {"c": {"ann": ["USE_CATALOG"]}, "c.s": {"ann": ["USE_SCHEMA"]}}


def test_nothing_is_allowed_without_a_grant() -> None:
    for need in ("SELECT", READ, MANAGE, OWN):
        assert not allowed(caller(), World().chain(), need)


def test_a_privilege_on_the_object_needs_the_use_of_its_schema_and_catalog() -> None:
    grants = {**USE, "c.s.o": {"ann": ["SELECT"]}}
    assert allowed(caller(), World(grants=grants).chain(), "SELECT")
    for without in USE:
        fewer = {name: held for name, held in grants.items() if name != without}
        assert not allowed(caller(), World(grants=fewer).chain(), "SELECT")


def test_privileges_are_inherited_from_schema_and_catalog() -> None:
    for name in ("c", "c.s"):
        grants = {"c": {"ann": ["USE_CATALOG", "USE_SCHEMA"]}}
        grants[name] = {"ann": [*grants.get(name, {}).get("ann", []), "SELECT"]}
        world = World(grants=grants)
        assert allowed(caller(), world.chain(), "SELECT")
        assert not allowed(caller(), world.chain(), "MODIFY")


def test_a_group_gives_its_members_what_it_was_granted() -> None:
    world = World(grants={"c": {"team": ["USE_CATALOG", "USE_SCHEMA", "SELECT"]}})
    assert allowed(caller("ann", "team"), world.chain(), "SELECT")
    assert not allowed(caller("ann"), world.chain(), "SELECT")


@pytest.mark.parametrize("kind", LEAVES)
def test_all_privileges_is_everything_but_managing_and_external_use(kind: SecurableType) -> None:
    world = World(kind=kind, grants={"c": {"ann": ["ALL_PRIVILEGES"]}})
    for privilege in GRANTABLE[kind.name] - NOT_IN_ALL - {"ALL_PRIVILEGES"}:
        assert allowed(caller(), world.chain(), privilege)
    assert not allowed(caller(), world.chain(), MANAGE)
    assert not allowed(caller(), world.chain(2), "EXTERNAL_USE_SCHEMA")


def test_the_owner_of_an_object_still_needs_the_way_to_it() -> None:
    world = World(owners={"c.s.o": "ann"})
    assert not allowed(caller(), world.chain(), "SELECT")
    world.grants = USE
    assert allowed(caller(), world.chain(), "SELECT")
    assert allowed(caller(), world.chain(), OWN)


@pytest.mark.parametrize("kind", LEAVES)
def test_the_owner_of_a_container_manages_what_is_in_it_but_does_not_read_its_data(kind: SecurableType) -> None:
    world = World(kind=kind, owners={"c": "ann"})
    assert allowed(caller(), world.chain(), MANAGE)
    assert allowed(caller(), world.chain(), READ)
    assert not allowed(caller(), world.chain(), OWN)
    for privilege in GRANTABLE[kind.name] & DATA:
        assert not allowed(caller(), world.chain(), privilege)


@pytest.mark.parametrize("kind", LEAVES)
def test_an_administrator_manages_everything_but_reads_data_only_when_granted(kind: SecurableType) -> None:
    admin, world = caller("root", admin=True), World(kind=kind)
    for need in (MANAGE, OWN, READ):
        assert allowed(admin, world.chain(), need)
    assert allowed(admin, world.chain(2), kind.create)
    for privilege in GRANTABLE[kind.name] & DATA:
        assert not allowed(admin, world.chain(), privilege)
        granted = World(kind=kind, grants={"c.s.o": {"root": [privilege]}})
        assert allowed(admin, granted.chain(), privilege)


def test_manage_on_a_container_counts_only_with_its_use_privilege() -> None:
    world = World(grants={"c": {"ann": [MANAGE]}})
    assert not allowed(caller(), world.chain(1), MANAGE)
    world.grants = {"c": {"ann": [MANAGE, "USE_CATALOG"]}}
    assert allowed(caller(), world.chain(1), MANAGE)
    assert not allowed(caller(), world.chain(), "SELECT")


def test_owning_a_schema_lets_one_create_in_it() -> None:
    world = World(owners={"c.s": "ann"}, grants={"c": {"ann": ["USE_CATALOG"]}})
    assert allowed(caller(), world.chain(2), "CREATE_TABLE")


def test_create_function_also_lets_one_register_models() -> None:
    world = World(grants={"c": {"ann": ["USE_CATALOG", "USE_SCHEMA", "CREATE_FUNCTION"]}})
    assert allowed(caller(), world.chain(2), "CREATE_MODEL")


def test_browse_shows_metadata_only_where_it_is_asked_for() -> None:
    world = World(grants={"c": {"ann": ["BROWSE"]}})
    assert allowed(caller(), world.chain(), READ, browse=True)
    assert not allowed(caller(), world.chain(), READ)
    assert not allowed(caller(), world.chain(), "SELECT", browse=True)


def test_an_isolated_catalog_is_closed_to_workspaces_that_are_not_bound_even_for_its_owner_and_admins() -> None:
    world = World(owners={"c": "ann"}, catalog={"isolation_mode": "ISOLATED", "bindings": {"2": "x"}})
    assert not allowed(caller(), world.chain(1), READ)
    with pytest.raises(PermissionDenied, match="not accessible in current workspace"):
        authorize(caller(admin=True), world.chain(), MANAGE)


def test_a_read_only_binding_refuses_every_change() -> None:
    bindings = {"isolation_mode": "ISOLATED", "bindings": {"1": "BINDING_TYPE_READ_ONLY"}}
    world = World(owners={"c": "ann", "c.s": "ann", "c.s.o": "ann"}, catalog=bindings)
    assert allowed(caller(), world.chain(), "SELECT")
    for need in ("MODIFY", MANAGE, OWN):
        with pytest.raises(PermissionDenied, match="read-only"):
            authorize(caller(), world.chain(), need)


def test_a_refusal_names_the_privilege_and_the_securable_that_lack() -> None:
    with pytest.raises(PermissionDenied, match=r"User does not have USE CATALOG on Catalog 'c'\."):
        authorize(caller(), World().chain(), "SELECT")
    with pytest.raises(PermissionDenied, match=r"User does not have SELECT on Table 'c\.s\.o'\."):
        authorize(caller(), World(grants=USE).chain(), "SELECT")


def test_creating_catalogs_is_granted_on_the_metastore() -> None:
    document = {"full_name": "m", "name": "brickyard", "owner": "boss", "grants": {"ann": ["CREATE_CATALOG"]}}
    chain = (Level(kind=METASTORE, document=document),)
    assert allowed(caller(), chain, "CREATE_CATALOG")
    with pytest.raises(PermissionDenied, match="CREATE CATALOG on Metastore 'brickyard'"):
        authorize(caller("bob"), chain, "CREATE_CATALOG")
