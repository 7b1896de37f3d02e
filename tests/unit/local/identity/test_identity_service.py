"""Principals, their groups and their tokens, without HTTP."""

from pathlib import Path

import pytest

from brickyard_local.account import ADMIN, Workspace
from brickyard_local.callers import Caller, Callers
from brickyard_local.errors import NotFound, PermissionDenied, Unauthenticated
from brickyard_local.identity.errors import ScimConflict, ScimError, ScimNotFound
from brickyard_local.identity.payloads import Patch, PatchOperation, ScimResource, Value
from brickyard_local.identity.resource_types import GROUPS, SERVICE_PRINCIPALS, USERS
from brickyard_local.identity.rule_sets import GrantRule, RuleSet, UpdateRuleSet
from brickyard_local.identity.service import IdentityService
from brickyard_local.store import Document, Store

WORKSPACE = Workspace(name="local", workspace_id=1, port=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "account.db")


@pytest.fixture
def identity(store: Store) -> IdentityService:
    return IdentityService(store)


@pytest.fixture
def admin(store: Store, identity: IdentityService) -> Caller:
    return Callers(store).caller(ADMIN, WORKSPACE)


def group(identity: IdentityService, admin: Caller, name: str, *members: Document) -> Document:
    values = [Value(value=member["id"]) for member in members]
    return identity.create(admin, GROUPS, ScimResource(displayName=name, members=values))


def principal(identity: IdentityService, admin: Caller, name: str = "sp") -> Document:
    return identity.create(admin, SERVICE_PRINCIPALS, ScimResource(displayName=name))


def patch(op: str, path: str, value: object = None) -> Patch:
    return Patch(Operations=[PatchOperation(op=op, path=path, value=value)])


def test_an_account_starts_with_its_administrator_and_two_groups_and_only_once(store: Store) -> None:
    IdentityService(store)
    identity = IdentityService(store)
    assert [user["userName"] for user in identity.listed(USERS)] == [ADMIN]
    assert [group["displayName"] for group in identity.listed(GROUPS)] == ["admins", "users"]
    assert Callers(store).caller(ADMIN, WORKSPACE).is_admin


def test_a_membership_counts_through_nested_groups_and_ends_at_once(
    store: Store, identity: IdentityService, admin: Caller
) -> None:
    sp = principal(identity, admin)
    inner = group(identity, admin, "inner", sp)
    outer = group(identity, admin, "outer", inner)
    name = sp["applicationId"]
    assert {"inner", "outer", "users", "account users"} <= Callers(store).caller(name, WORKSPACE).groups
    identity.patch(admin, GROUPS, outer["id"], patch("remove", f'members[value eq "{inner["id"]}"]'))
    assert "outer" not in Callers(store).caller(name, WORKSPACE).groups


def test_a_member_of_admins_administers_until_it_is_removed(
    store: Store, identity: IdentityService, admin: Caller
) -> None:
    sp = principal(identity, admin)
    admins = next(group for group in identity.listed(GROUPS) if group["displayName"] == "admins")
    identity.patch(admin, GROUPS, admins["id"], patch("add", "members", [{"value": sp["id"]}]))
    assert Callers(store).caller(sp["applicationId"], WORKSPACE).is_admin
    identity.patch(admin, GROUPS, admins["id"], patch("remove", f'members[value eq "{sp["id"]}"]'))
    assert not Callers(store).caller(sp["applicationId"], WORKSPACE).is_admin


def test_groups_cannot_hold_each_other(identity: IdentityService, admin: Caller) -> None:
    inner = group(identity, admin, "inner")
    outer = group(identity, admin, "outer", inner)
    with pytest.raises(ScimError, match="which holds it"):
        identity.patch(admin, GROUPS, inner["id"], patch("add", "members", [{"value": outer["id"]}]))
    with pytest.raises(ScimError):
        identity.patch(admin, GROUPS, inner["id"], patch("add", "members", [{"value": inner["id"]}]))


def test_a_member_must_exist(identity: IdentityService, admin: Caller) -> None:
    with pytest.raises(ScimNotFound):
        identity.create(admin, GROUPS, ScimResource(displayName="g", members=[Value(value="999")]))


def test_a_name_is_taken_once_whatever_its_case(identity: IdentityService, admin: Caller) -> None:
    group(identity, admin, "Data")
    with pytest.raises(ScimConflict, match="Group with name data already exists"):
        group(identity, admin, "data")
    identity.create(admin, USERS, ScimResource(userName="ann@x.org"))
    with pytest.raises(ScimConflict, match=r"User with username ANN@x\.org already exists"):
        identity.create(admin, USERS, ScimResource(userName="ANN@x.org"))


def test_service_principals_may_share_a_display_name(identity: IdentityService, admin: Caller) -> None:
    assert principal(identity, admin)["applicationId"] != principal(identity, admin)["applicationId"]


def test_only_non_empty_entitlements_are_kept(identity: IdentityService, admin: Caller) -> None:
    wanted = ScimResource(displayName="g", entitlements=[Value(), Value(value="workspace-access")])
    assert identity.create(admin, GROUPS, wanted)["entitlements"] == [{"value": "workspace-access"}]


@pytest.mark.parametrize("name", ["", " ", "admins", "Users", "account users"])
def test_these_group_names_are_refused(identity: IdentityService, admin: Caller, name: str) -> None:
    with pytest.raises(ScimError):
        group(identity, admin, name)


def test_only_administrators_write(store: Store, identity: IdentityService, admin: Caller) -> None:
    sp = principal(identity, admin)
    caller = Callers(store).caller(sp["applicationId"], WORKSPACE)
    for write in (
        lambda: group(identity, caller, "g"),
        lambda: identity.delete(caller, SERVICE_PRINCIPALS, sp["id"]),
        lambda: identity.patch(caller, SERVICE_PRINCIPALS, sp["id"], patch("replace", "displayName", "x")),
    ):
        with pytest.raises(PermissionDenied):
            write()


def test_what_is_built_in_stays(identity: IdentityService, admin: Caller) -> None:
    built_in = {group["displayName"]: group["id"] for group in identity.listed(GROUPS)}
    administrator = identity.listed(USERS)[0]["id"]
    for refused in (
        lambda: identity.delete(admin, GROUPS, built_in["admins"]),
        lambda: identity.delete(admin, USERS, administrator),
        lambda: identity.patch(admin, GROUPS, built_in["admins"], patch("remove", "members")),
        lambda: identity.patch(admin, GROUPS, built_in["users"], patch("remove", "members")),
        lambda: identity.patch(admin, USERS, administrator, patch("replace", "active", "false")),
        lambda: identity.replace(admin, GROUPS, built_in["users"], ScimResource(displayName="users")),
    ):
        with pytest.raises(ScimError):
            refused()


def test_a_token_is_its_principals_until_revoked(store: Store, identity: IdentityService, admin: Caller) -> None:
    name = principal(identity, admin)["applicationId"]
    token = identity.mint_token(name, purpose="test", lifetime_s=None)
    assert Callers(store).authenticate(f"Bearer {token}", WORKSPACE).principal == name
    identity.revoke(token)
    with pytest.raises(Unauthenticated):
        Callers(store).authenticate(f"Bearer {token}", WORKSPACE)


def test_a_token_ends_with_its_lifetime(
    store: Store, identity: IdentityService, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = identity.mint_token(principal(identity, admin)["applicationId"], purpose="test", lifetime_s=60)
    now = __import__("time").time()
    monkeypatch.setattr("brickyard_local.callers.time.time", lambda: now + 61)
    with pytest.raises(Unauthenticated):
        Callers(store).authenticate(f"Bearer {token}", WORKSPACE)


@pytest.mark.parametrize("end", ["delete", "deactivate"])
def test_tokens_end_with_their_principal(store: Store, identity: IdentityService, admin: Caller, end: str) -> None:
    sp = principal(identity, admin)
    token = identity.mint_token(sp["applicationId"], purpose="test", lifetime_s=None)
    if end == "delete":
        identity.delete(admin, SERVICE_PRINCIPALS, sp["id"])
        with pytest.raises(NotFound):
            identity.mint_token(sp["applicationId"], purpose="test", lifetime_s=None)
    else:
        identity.patch(admin, SERVICE_PRINCIPALS, sp["id"], patch("replace", "active", "false"))
    with pytest.raises(Unauthenticated):
        Callers(store).authenticate(f"Bearer {token}", WORKSPACE)


def test_a_deleted_principal_leaves_its_groups(identity: IdentityService, admin: Caller) -> None:
    sp = principal(identity, admin)
    holder = group(identity, admin, "holder", sp)
    identity.delete(admin, SERVICE_PRINCIPALS, sp["id"])
    assert identity.find(GROUPS, holder["id"])["members"] == []


def test_others_are_told_when_a_name_changes_or_goes(identity: IdentityService, admin: Caller) -> None:
    told: list[tuple[str, str | None]] = []
    identity.when_name_changed(lambda old, new: told.append((old, new)))
    made = group(identity, admin, "old")
    identity.replace(admin, GROUPS, made["id"], ScimResource(displayName="new"))
    identity.delete(admin, GROUPS, made["id"])
    assert told == [("old", "new"), ("new", None)]


def test_no_token_is_kept_in_the_clear(tmp_path: Path) -> None:
    identity = IdentityService(Store(tmp_path / "account.db"))
    token = identity.mint_token(ADMIN, purpose="test", lifetime_s=None)
    assert all(token.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_job_runs_as_its_maker_or_as_a_service_principal_that_the_maker_may_use(
    store: Store, identity: IdentityService, admin: Caller
) -> None:
    store.put("account", "account", {"account_id": "a"})
    mine, robot = principal(identity, admin), principal(identity, admin)["applicationId"]
    team = group(identity, admin, "team", mine)
    caller = Callers(store).caller(mine["applicationId"], WORKSPACE)
    assert identity.may_run_as(caller, caller.principal)
    assert identity.may_run_as(admin, robot)
    assert not identity.may_run_as(caller, robot)
    name = f"accounts/a/servicePrincipals/{robot}/ruleSets/default"
    for role, may in (("manager", False), ("user", True)):
        etag = identity.rule_sets.get(admin, name)["etag"]
        rules = [GrantRule(role=f"roles/servicePrincipal.{role}", principals=["groups/team"])]
        identity.rule_sets.update(
            admin, UpdateRuleSet(name=name, rule_set=RuleSet(name=name, etag=etag, grant_rules=rules))
        )
        assert identity.may_run_as(caller, robot) is may
    identity.replace(admin, GROUPS, team["id"], ScimResource(displayName="crew", members=[Value(value=mine["id"])]))
    assert identity.may_run_as(Callers(store).caller(caller.principal, WORKSPACE), robot)
    identity.delete(admin, GROUPS, team["id"])
    assert not identity.may_run_as(Callers(store).caller(caller.principal, WORKSPACE), robot)


def test_an_account_from_before_assignments_keeps_everybody_where_they_were(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    for name in ("local", "other"):
        store.put("workspaces", name, {"name": name, "workspace_id": len(name), "port": 1})
    empty: Document = {"members": [], "entitlements": [], "roles": []}
    store.put("groups", "1", {**empty, "id": "1", "displayName": "users"})
    store.put("users", "2", {**empty, "id": "2", "userName": "ann@x.org", "displayName": "Ann"})
    identity = IdentityService(store)
    token = identity.mint_token("ann@x.org", purpose="test", lifetime_s=None)
    for workspace_id, name in ((5, "local"), (5, "other")):
        there = Workspace(name=name, workspace_id=workspace_id, port=1)
        assert Callers(store).authenticate(f"Bearer {token}", there).principal == "ann@x.org"
    with pytest.raises(PermissionDenied):
        Callers(store).authenticate(f"Bearer {token}", Workspace(name="new", workspace_id=9, port=1))
    users = next(known for known in identity.listed(GROUPS) if known["displayName"] == "users")
    assert {"value": "workspace-access"} in users["entitlements"]


def test_a_token_that_was_made_for_some_calls_reaches_no_others(store: Store, identity: IdentityService) -> None:
    token = identity.mint_token(ADMIN, purpose="a model", lifetime_s=None, reaches=["GET /api/2.0/database/"])
    callers, header = Callers(store), f"Bearer {token}"
    assert callers.authenticate(header, WORKSPACE, "GET /api/2.0/database/instances/x").principal == ADMIN
    for call in ("GET /api/2.0/secrets/get", "DELETE /api/2.0/database/instances/x", "GET /api/2.0/databases", ""):
        with pytest.raises(PermissionDenied, match=r"made for a model: it reaches GET /api/2.0/database/ and not"):
            callers.authenticate(header, WORKSPACE, call)


def test_tokens_of_a_purpose_end_together_and_others_stay(store: Store, identity: IdentityService) -> None:
    ended = identity.mint_token(ADMIN, purpose="a model", lifetime_s=None)
    stays = identity.mint_token(ADMIN, purpose="a job", lifetime_s=None)
    identity.revoke_made_for("a model")
    with pytest.raises(Unauthenticated):
        Callers(store).authenticate(f"Bearer {ended}", WORKSPACE)
    assert Callers(store).authenticate(f"Bearer {stays}", WORKSPACE).principal == ADMIN
