"""Where a principal may go and what as: workspaces, entitlements, roles on service principals, tokens."""

import secrets
import time

import pytest
from databricks.sdk import WorkspaceClient, errors
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceConflict,
    Unauthenticated,
)
from databricks.sdk.service.iam import (
    ComplexValue,
    GrantRule,
    Patch,
    PatchOp,
    PatchSchema,
    RuleSetUpdateRequest,
    ServicePrincipal,
    User,
)
from databricks.sdk.service.settings import TokenAccessControlRequest, TokenPermissionLevel

from brickyard_local.pytest_plugin import LocalWorkspace

SCHEMAS = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]
HERE = "/api/2.0/preview/permissionassignments"


def unique(name: str) -> str:
    return f"{name}-{secrets.token_hex(4)}"


@pytest.fixture
def robot(client: WorkspaceClient) -> ServicePrincipal:
    return client.service_principals.create(display_name=unique("robot"))


@pytest.fixture
def ann(client: WorkspaceClient) -> User:
    return client.users.create(user_name=f"{unique('ann')}@x.org")


@pytest.fixture
def other(local_workspace: LocalWorkspace) -> WorkspaceClient:
    return local_workspace.client(workspace="other")


def put(client: WorkspaceClient, principal_id: str | None, *permissions: str) -> None:
    client.api_client.do("PUT", f"{HERE}/principals/{principal_id}", body={"permissions": list(permissions)})


def assigned(client: WorkspaceClient) -> dict[str, list[str]]:
    listed = client.api_client.do("GET", HERE)
    return {str(known["principal"]["principal_id"]): known["permissions"] for known in listed["permission_assignments"]}


def test_a_principal_enters_the_workspace_where_it_was_made_and_those_it_is_assigned_to(
    local_workspace: LocalWorkspace, client: WorkspaceClient, other: WorkspaceClient, robot: ServicePrincipal
) -> None:
    token = local_workspace.act_as(str(robot.application_id))
    there = local_workspace.client(workspace="other", token=token)
    assert local_workspace.client(token=token).current_user.me().user_name == robot.application_id
    with pytest.raises(PermissionDenied, match="is not assigned to workspace 'other'"):
        there.current_user.me()
    put(other, robot.id, "USER")
    assert assigned(other)[str(robot.id)] == ["USER"]
    assert there.current_user.me().user_name == robot.application_id
    other.api_client.do("DELETE", f"{HERE}/principals/{robot.id}")
    with pytest.raises(PermissionDenied):
        there.current_user.me()
    assert str(robot.id) in assigned(client)


def test_a_group_brings_its_members_into_a_workspace_nested_ones_too(
    local_workspace: LocalWorkspace, client: WorkspaceClient, other: WorkspaceClient, ann: User
) -> None:
    inner = client.groups.create(display_name=unique("inner"), members=[ComplexValue(value=ann.id)])
    outer = client.groups.create(display_name=unique("outer"), members=[ComplexValue(value=inner.id)])
    there = local_workspace.client(workspace="other", token=local_workspace.act_as(str(ann.user_name)))
    with pytest.raises(PermissionDenied):
        there.current_user.me()
    put(other, outer.id, "USER")
    assert there.current_user.me().user_name == ann.user_name
    client.groups.delete(str(outer.id))
    with pytest.raises(PermissionDenied):
        there.current_user.me()


def test_assignment_is_for_administrators_and_never_invents_a_workspace_admin(
    local_workspace: LocalWorkspace, client: WorkspaceClient, other: WorkspaceClient, robot: ServicePrincipal
) -> None:
    theirs = local_workspace.client(token=local_workspace.act_as(str(robot.application_id)))
    with pytest.raises(PermissionDenied, match="no administrator"):
        put(theirs, robot.id, "USER")
    with pytest.raises(errors.NotImplemented, match="administrator of one workspace"):
        put(other, robot.id, "ADMIN")
    with pytest.raises(NotFound):
        put(client, "1", "USER")


def test_a_cycle_of_groups_is_refused(client: WorkspaceClient) -> None:
    inner = client.groups.create(display_name=unique("inner"))
    middle = client.groups.create(display_name=unique("middle"), members=[ComplexValue(value=inner.id)])
    outer = client.groups.create(display_name=unique("outer"), members=[ComplexValue(value=middle.id)])
    for group_id in (outer.id, inner.id):
        operation = Patch(op=PatchOp.ADD, path="members", value=[{"value": group_id}])
        with pytest.raises(BadRequest, match="cannot hold group"):
            client.groups.patch(str(inner.id), operations=[operation], schemas=SCHEMAS)


def test_entitlements_come_through_groups_and_are_enforced(fresh_local_workspace: LocalWorkspace) -> None:
    """By default everybody has workspace and SQL access through `users`; here that is taken away."""
    client = fresh_local_workspace.client()
    ann = client.users.create(user_name="ann@x.org")
    theirs = fresh_local_workspace.client(token=fresh_local_workspace.act_as("ann@x.org"))
    theirs.workspace.get_status("/Shared")
    users = next(iter(client.groups.list(filter='displayName eq "users"')))
    assert {entry.value for entry in users.entitlements or []} == {"workspace-access", "databricks-sql-access"}
    remove = Patch(op=PatchOp.REMOVE, path='entitlements[value eq "workspace-access"]')
    client.groups.patch(str(users.id), operations=[remove], schemas=SCHEMAS)
    with pytest.raises(PermissionDenied, match="lacks the entitlement workspace-access"):
        theirs.workspace.get_status("/Shared")
    with pytest.raises(PermissionDenied, match="lacks the entitlement"):
        list(theirs.jobs.list())
    list(theirs.catalogs.list())
    client.workspace.get_status("/Shared")
    inner = client.groups.create(display_name="inner", members=[ComplexValue(value=ann.id)])
    entitled = [ComplexValue(value="workspace-access")]
    client.groups.create(display_name="outer", members=[ComplexValue(value=inner.id)], entitlements=entitled)
    theirs.workspace.get_status("/Shared")


def test_an_entitlement_that_does_not_exist_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(BadRequest, match="'fly' is no entitlement"):
        client.groups.create(display_name=unique("g"), entitlements=[ComplexValue(value="fly")])


def test_roles_on_a_service_principal_are_kept_with_an_etag(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal, ann: User
) -> None:
    account = client.config.account_id
    resource = f"accounts/{account}/servicePrincipals/{robot.application_id}"
    name = f"{resource}/ruleSets/default"
    proxy = client.account_access_control_proxy
    roles = proxy.get_assignable_roles_for_resource(resource).roles or []
    assert {role.name for role in roles} == {"roles/servicePrincipal.manager", "roles/servicePrincipal.user"}
    before = proxy.get_rule_set(name, "")
    rules = [GrantRule(role="roles/servicePrincipal.manager", principals=[f"users/{ann.user_name}"])]
    after = proxy.update_rule_set(name, RuleSetUpdateRequest(name=name, etag=before.etag, grant_rules=rules))
    assert proxy.get_rule_set(name, after.etag).grant_rules == rules
    with pytest.raises(ResourceConflict, match="has changed since"):
        proxy.update_rule_set(name, RuleSetUpdateRequest(name=name, etag=before.etag))
    theirs = local_workspace.client(token=local_workspace.act_as(str(ann.user_name)))
    assert theirs.service_principal_secrets_proxy.create(str(robot.id)).secret
    client.users.delete(str(ann.id))
    assert not proxy.get_rule_set(name, "").grant_rules


def test_a_rule_set_that_breaks_a_rule_is_refused(client: WorkspaceClient, robot: ServicePrincipal) -> None:
    account = client.config.account_id
    name = f"accounts/{account}/servicePrincipals/{robot.application_id}/ruleSets/default"
    proxy = client.account_access_control_proxy
    etag = proxy.get_rule_set(name, "").etag
    for role, principal in (("roles/king", "groups/users"), ("roles/servicePrincipal.user", "users/nobody@x.org")):
        rules = [GrantRule(role=role, principals=[principal])]
        with pytest.raises(InvalidParameterValue):
            proxy.update_rule_set(name, RuleSetUpdateRequest(name=name, etag=etag, grant_rules=rules))
    with pytest.raises(errors.NotImplemented, match="rule sets of groups"):
        proxy.get_rule_set(f"accounts/{account}/groups/1/ruleSets/default", "")
    with pytest.raises(NotFound):
        proxy.get_rule_set(f"accounts/x/servicePrincipals/{robot.application_id}/ruleSets/default", "")


def test_administrators_act_as_any_user_and_nobody_else_does(
    local_workspace: LocalWorkspace, client: WorkspaceClient, ann: User
) -> None:
    token = local_workspace.act_as(str(ann.user_name))
    theirs = local_workspace.client(token=token)
    assert theirs.current_user.me().user_name == ann.user_name
    with pytest.raises(PermissionDenied):
        theirs.api_client.do("POST", "/api/local/tokens", body={"principal": "admin@brickyard.local"})
    with pytest.raises(NotFound):
        local_workspace.act_as("nobody@x.org")


def test_a_deactivated_user_is_refused_with_every_token_until_it_is_active_again(
    local_workspace: LocalWorkspace, client: WorkspaceClient, ann: User
) -> None:
    theirs = local_workspace.client(token=local_workspace.act_as(str(ann.user_name)))
    for active in ("false", "true"):
        operation = Patch(op=PatchOp.REPLACE, path="active", value=active)
        client.users.patch(str(ann.id), operations=[operation], schemas=SCHEMAS)
        if active == "true":
            assert theirs.current_user.me().user_name == ann.user_name
            continue
        with pytest.raises(Unauthenticated, match="set inactive"):
            theirs.current_user.me()
        with pytest.raises(PermissionDenied, match="inactive"):
            local_workspace.act_as(str(ann.user_name))


def test_an_expired_token_is_refused_and_listed_no_more(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    made = client.token_management.create_obo_token(str(robot.application_id), lifetime_seconds=1)
    theirs = local_workspace.client(token=made.token_value)
    time.sleep(1.1)
    with pytest.raises(Unauthenticated, match="expired"):
        theirs.current_user.me()
    assert made.token_info is not None
    with pytest.raises(NotFound):
        client.token_management.get(str(made.token_info.token_id))


def test_who_makes_tokens_is_a_permission(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    client.users.create(user_name="ann@x.org")
    theirs = fresh_local_workspace.client(token=fresh_local_workspace.act_as("ann@x.org"))
    assert theirs.tokens.create(comment="mine").token_value
    only = [TokenAccessControlRequest(user_name="admin@brickyard.local", permission_level=TokenPermissionLevel.CAN_USE)]
    client.token_management.set_permissions(access_control_list=only)
    with pytest.raises(PermissionDenied, match="CAN_USE on /authorization/tokens"):
        theirs.tokens.create(comment="mine")
    answer = client.api_client.do("GET", "/api/2.0/permissions/authorization/tokens/permissionLevels")
    # Asked without the SDK's dataclasses: whether they know CAN_MANAGE depends on the SDK's version.
    assert [level["permission_level"] for level in answer["permission_levels"]] == ["CAN_USE", "CAN_MANAGE"]


def test_a_lifetime_that_no_calendar_has_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(BadRequest, match="lifetime_seconds"):
        client.tokens.create(lifetime_seconds=10**400)
