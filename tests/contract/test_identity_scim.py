"""Users, groups, service principals and tokens through the unmodified SDK."""

import secrets

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied, ResourceConflict, Unauthenticated
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, PatchSchema, ServicePrincipal

from brickyard_local.pytest_plugin import LocalWorkspace

SCHEMAS = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


def unique(name: str) -> str:
    return f"{name}-{secrets.token_hex(4)}"


@pytest.fixture
def robot(client: WorkspaceClient) -> ServicePrincipal:
    return client.service_principals.create(display_name=unique("robot"), active=True)


def token_of(client: WorkspaceClient, robot: ServicePrincipal) -> str:
    made = client.token_management.create_obo_token(application_id=robot.application_id, lifetime_seconds=600)
    assert made.token_value is not None
    return made.token_value


def add_to(client: WorkspaceClient, group_id: str | None, member_id: str | None) -> None:
    operation = Patch(op=PatchOp.ADD, path="members", value=[{"value": member_id}])
    client.groups.patch(str(group_id), operations=[operation], schemas=SCHEMAS)


def remove_from(client: WorkspaceClient, group_id: str | None, member_id: str | None) -> None:
    operation = Patch(op=PatchOp.REMOVE, path=f'members[value eq "{member_id}"]')
    client.groups.patch(str(group_id), operations=[operation], schemas=SCHEMAS)


def test_the_administrator_is_who_it_says(client: WorkspaceClient) -> None:
    me = client.current_user.me()
    assert me.user_name == "admin@brickyard.local"
    assert {group.display for group in me.groups or []} == {"admins", "users"}


def test_a_user_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    name = unique("ann") + "@x.org"
    user = client.users.create(
        user_name=name, display_name="Ann", entitlements=[ComplexValue(value="workspace-access")]
    )
    client.users.update(str(user.id), user_name=name, display_name="Ann B.", active=True)
    found = client.users.get(str(user.id))
    assert (found.display_name, found.entitlements) == ("Ann B.", [])
    assert [match.id for match in client.users.list(filter=f'userName eq "{name.upper()}"')] == [user.id]
    client.users.delete(str(user.id))
    with pytest.raises(NotFound):
        client.users.get(str(user.id))


def test_a_group_that_exists_is_a_conflict_in_words_that_terraform_knows(client: WorkspaceClient) -> None:
    name = unique("team")
    client.groups.create(display_name=name)
    with pytest.raises(ResourceConflict, match=f"Group with name {name} already exists."):
        client.groups.create(display_name=name)


def test_a_service_principal_gets_its_application_id(client: WorkspaceClient, robot: ServicePrincipal) -> None:
    assert str(robot.application_id).count("-") == 4
    mine = client.service_principals.list(filter=f'applicationId eq "{robot.application_id}"', attributes="id")
    assert [(found.id, found.display_name) for found in mine] == [(robot.id, None)]


def test_lists_are_paged(client: WorkspaceClient) -> None:
    prefix = unique("page")
    for number in range(5):
        client.groups.create(display_name=f"{prefix}-{number}")
    found = client.groups.list(filter=f'displayName sw "{prefix}"', count=2, sort_by="displayName")
    assert [group.display_name for group in found] == [f"{prefix}-{number}" for number in range(5)]


def test_a_principal_acts_through_its_groups_and_no_longer_once_removed(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    theirs = local_workspace.client(token=token_of(client, robot))
    with pytest.raises(PermissionDenied):
        theirs.groups.create(display_name=unique("no"))
    admins = next(iter(client.groups.list(filter='displayName eq "admins"')))
    add_to(client, admins.id, robot.id)
    theirs.groups.create(display_name=unique("yes"))
    remove_from(client, admins.id, robot.id)
    with pytest.raises(PermissionDenied):
        theirs.groups.create(display_name=unique("no"))


def test_members_are_shown_with_names_and_groups_nest(client: WorkspaceClient, robot: ServicePrincipal) -> None:
    inner, outer = (client.groups.create(display_name=unique(name)) for name in ("inner", "outer"))
    add_to(client, inner.id, robot.id)
    add_to(client, outer.id, inner.id)
    members = client.groups.get(str(inner.id)).members or []
    assert [(member.value, member.display) for member in members] == [(robot.id, robot.display_name)]
    groups = client.groups.get(str(inner.id)).groups or []
    assert [group.display for group in groups] == [outer.display_name]


def test_a_token_is_worth_nothing_without_its_principal(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    theirs = local_workspace.client(token=token_of(client, robot))
    assert theirs.current_user.me().user_name == robot.application_id
    client.service_principals.delete(str(robot.id))
    with pytest.raises(Unauthenticated):
        theirs.current_user.me()


def test_tokens_are_made_listed_and_revoked(local_workspace: LocalWorkspace, client: WorkspaceClient) -> None:
    comment = unique("laptop")
    made = client.tokens.create(comment=comment, lifetime_seconds=60)
    theirs = local_workspace.client(token=made.token_value)
    assert theirs.current_user.me().user_name == "admin@brickyard.local"
    assert comment in {info.comment for info in client.tokens.list()}
    assert made.token_info is not None
    client.tokens.delete(str(made.token_info.token_id))
    with pytest.raises(Unauthenticated):
        theirs.current_user.me()


def test_only_administrators_make_tokens_for_others(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    theirs = local_workspace.client(token=token_of(client, robot))
    with pytest.raises(PermissionDenied):
        theirs.token_management.create_obo_token(application_id=robot.application_id)
    with pytest.raises(NotFound):
        client.token_management.create_obo_token(application_id="00000000-0000-0000-0000-00000000000a")


def test_what_was_made_survives_a_kill(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    made = client.service_principals.create(display_name="robot")
    token = token_of(client, made)
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    assert fresh_local_workspace.client(token=token).current_user.me().user_name == made.application_id
