"""The account's own client: principals of the account, and whose tokens are to sign in as a service principal."""

import secrets

import pytest
from databricks.sdk import AccountClient
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.iam import WorkspacePermission
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy

from brickyard_local.pytest_plugin import LocalWorkspace

ISSUER = "https://token.actions.githubusercontent.com"


def account_client(
    workspace: LocalWorkspace, *, token: str | None = None, account_id: str | None = None
) -> AccountClient:
    told = workspace.client().api_client.do("GET", "/.well-known/databricks-config")
    return AccountClient(
        host=workspace.host, account_id=account_id or told["account_id"], token=token or workspace.token
    )


@pytest.fixture
def account(local_workspace: LocalWorkspace) -> AccountClient:
    return account_client(local_workspace)


@pytest.fixture
def robot(account: AccountClient) -> int:
    return int(account.service_principals_v2.create(display_name=f"robot-{secrets.token_hex(4)}").id or 0)


def policy(subject: str) -> FederationPolicy:
    return FederationPolicy(oidc_policy=OidcFederationPolicy(issuer=ISSUER, subject=subject, audiences=["api"]))


def test_a_federation_policy_is_kept_changed_and_removed(account: AccountClient, robot: int) -> None:
    api = account.service_principal_federation_policy
    made = api.create(robot, policy("repo:acme/a"), policy_id="pipeline")
    assert made.name == f"accounts/{account.config.account_id}/servicePrincipals/{robot}/federationPolicies/pipeline"
    assert made.service_principal_id == robot
    with pytest.raises(ResourceAlreadyExists):
        api.create(robot, policy("repo:acme/b"), policy_id="pipeline")

    api.update(robot, "pipeline", policy("repo:acme/b"), update_mask="oidc_policy")
    found = api.get(robot, "pipeline")
    assert found.oidc_policy == policy("repo:acme/b").oidc_policy
    assert (found.uid, found.create_time) == (made.uid, made.create_time)
    assert [each.policy_id for each in api.list(robot)] == ["pipeline"]

    api.delete(robot, "pipeline")
    assert not list(api.list(robot))
    with pytest.raises(NotFound):
        api.get(robot, "pipeline")


def test_a_policy_that_would_let_in_anybody_is_refused(account: AccountClient, robot: int) -> None:
    api = account.service_principal_federation_policy
    for wrong in (FederationPolicy(), FederationPolicy(oidc_policy=OidcFederationPolicy(issuer=ISSUER)), policy("")):
        with pytest.raises(InvalidParameterValue, match="issuer and a subject"):
            api.create(robot, wrong)
    with pytest.raises(InvalidParameterValue, match="policy_id 'No_Id'"):
        api.create(robot, policy("s"), policy_id="No_Id")


def test_who_is_gone_has_no_policies(account: AccountClient, robot: int) -> None:
    account.service_principal_federation_policy.create(robot, policy("s"), policy_id="p")
    account.service_principals_v2.delete(str(robot))

    with pytest.raises(NotFound):
        account.service_principal_federation_policy.get(robot, "p")


def test_policies_are_the_account_administrators(
    account: AccountClient, robot: int, local_workspace: LocalWorkspace
) -> None:
    application_id = str(account.service_principals_v2.get(str(robot)).application_id)
    own = account_client(local_workspace, token=local_workspace.act_as(application_id))

    with pytest.raises(PermissionDenied):
        own.service_principal_federation_policy.create(robot, policy("s"))
    with pytest.raises(PermissionDenied):
        list(own.service_principal_federation_policy.list(robot))


def test_an_account_answers_for_itself_only(local_workspace: LocalWorkspace) -> None:
    other = account_client(local_workspace, account_id="00000000-0000-0000-0000-0000000000ac")

    with pytest.raises(NotFound, match="This is account"):
        list(other.service_principals_v2.list())


def test_the_account_lets_its_principals_into_its_workspaces(
    account: AccountClient, robot: int, local_workspace: LocalWorkspace
) -> None:
    other = local_workspace.client(workspace="other").get_workspace_id()
    account.workspace_assignment.update(other, robot, permissions=[WorkspacePermission.USER])

    assigned = {each.principal.principal_id for each in account.workspace_assignment.list(other) if each.principal}
    assert robot in assigned
