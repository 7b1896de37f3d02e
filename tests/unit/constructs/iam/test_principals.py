"""Who enters a workspace and how, what they may do there, and who runs jobs as whom."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis

from brickyard_constructs.errors import InvalidProps, TwoOwners
from brickyard_constructs.iam import (
    LEVELS,
    AccountAssignment,
    AccountAssignmentProps,
    AccountGroup,
    AccountGroupProps,
    FederationPolicy,
    FederationPolicyProps,
    MadeServicePrincipal,
    ObjectPermissions,
    Permission,
    ServicePrincipalProps,
    ServicePrincipalUsers,
    ServicePrincipalUsersProps,
    Target,
    WorkspaceObject,
)
from brickyard_local.provider.schema.model import ProviderSchemas

CONSTRUCTS = Path(__file__).resolve().parents[4] / "constructs/brickyard_constructs"
ACCOUNT, APPLICATION = "11111111-2222-3333-4444-555566667777", "99999999-2222-3333-4444-555566667777"
JOB = Target(kind=WorkspaceObject.JOB, name="nightly", object_id="1")


def users(**changes: Any) -> ServicePrincipalUsersProps:
    """Roles on a service principal."""
    roles: dict[str, Any] = {"managers": ("servicePrincipals/deployer",), "users": (), **changes}
    return ServicePrincipalUsersProps(
        **{"account_id": ACCOUNT, "name": "run-as", "application_id": APPLICATION, **roles}
    )


def policy(**changes: Any) -> FederationPolicyProps:
    settings: dict[str, Any] = {
        "service_principal_id": "1234",
        "policy_id": "pipeline",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:acme/churn:environment:prod",
    }
    return FederationPolicyProps(**settings | changes)


def test_no_construct_makes_a_secret_or_takes_the_value_of_one() -> None:
    """Long-lived secrets would stand in the state; sign-in is by federation, values go past Terraform."""
    forbidden = ("secret", "service_principal_secret", "token", "obo_token", "mws_credentials")
    imported = {
        node.module
        for path in CONSTRUCTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
    }

    assert "cdktf_cdktf_provider_databricks.secret_scope" in imported
    assert not imported & {f"cdktf_cdktf_provider_databricks.{module}" for module in forbidden}


def test_every_object_of_the_providers_permissions_has_its_levels(provider_schemas: ProviderSchemas) -> None:
    arguments = provider_schemas.resources["databricks_permissions"].block.attributes.keys()

    assert {kind.value for kind in WorkspaceObject} == arguments - {"id", "object_type"}
    assert LEVELS.keys() == set(WorkspaceObject)


def test_an_object_is_one_whether_by_its_path_or_by_its_id(stack: TerraformStack) -> None:
    wanted = [Permission(level="CAN_READ", group="team")]
    by_path = Target(kind=WorkspaceObject.NOTEBOOK, name="/Shared/x", object_id="/Shared/x")
    by_id = Target(kind=WorkspaceObject.NOTEBOOK_ID, name="/Shared/x", object_id="7")
    ObjectPermissions(stack, "one", on=by_path, permissions=wanted)

    with pytest.raises(TwoOwners, match="notebook :Shared:x has two owners"):
        ObjectPermissions(stack, "two", on=by_id, permissions=wanted)


def test_of_what_several_roles_give_to_one_the_strongest_counts(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    given = [
        Permission(level="CAN_VIEW", group="team"),
        Permission(level="CAN_MANAGE", user="ann@example.com"),
        Permission(level="CAN_MANAGE_RUN", group="team"),
        Permission(level="CAN_VIEW", user="ann@example.com"),
    ]
    ObjectPermissions(stack, "one", on=JOB, permissions=given)

    (made,) = synth()["databricks_permissions"].values()
    assert made["access_control"] == [
        {"group_name": "team", "permission_level": "CAN_MANAGE_RUN"},
        {"permission_level": "CAN_MANAGE", "user_name": "ann@example.com"},
    ]


def test_administrators_are_not_given_what_they_hold(stack: TerraformStack) -> None:
    with pytest.raises(InvalidProps, match="group: got 'admins'; administrators hold every right already"):
        ObjectPermissions(stack, "one", on=JOB, permissions=[Permission(level="CAN_VIEW", group="admins")])


def test_groups_and_service_principals_are_adopted_by_their_ids(stack: TerraformStack) -> None:
    AccountGroup(stack, "group", AccountGroupProps(name="team", ownership="adopt", import_id="7"))
    robot = ServicePrincipalProps(name="robot", ownership="adopt", import_id="8")
    MadeServicePrincipal(stack, "robot", robot)

    imported = {b["to"].partition(".")[0]: b["id"] for b in json.loads(Synthesis.synth(stack))["import"]}
    assert imported == {"databricks_group": "7", "databricks_service_principal": "8"}


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: AccountGroupProps(name="team", ownership="adopt"), "the SCIM id of an adopted group"),
        (lambda: AccountGroupProps(name="team", import_id="7"), "the SCIM id of an adopted group"),
        (lambda: AccountGroupProps(name="team", ownership="reference"), "used by its name alone"),
        (lambda: ServicePrincipalProps(name="x", ownership="adopt"), "the SCIM id of an adopted service principal"),
        (lambda: AccountAssignmentProps(workspace_id=0, principal_id="1", name="x"), "must be at least 1"),
        (lambda: users(managers=()), "managers: got"),
        (lambda: users(account_id="7"), "account_id: got '7'; a UUID"),
        (lambda: users(users=("team",)), "managers, users: got 'team'; users/"),
    ],
)
def test_a_principal_that_databricks_would_refuse_is_refused_before(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()


def test_a_principal_enters_a_workspace_once(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    account = AccountAssignmentProps(workspace_id=42, principal_id="7", name="team", admin=True)
    AccountAssignment(stack, "two", account)

    (assigned,) = synth()["databricks_mws_permission_assignment"].values()
    assert assigned == {"workspace_id": 42, "principal_id": 7, "permissions": ["ADMIN"]}
    with pytest.raises(TwoOwners, match="entry of team into workspace 42 has two owners"):
        AccountAssignment(stack, "four", account)
    with pytest.raises(InvalidProps, match="principal_id: got 'team'; the id of a principal"):
        AccountAssignment(stack, "five", AccountAssignmentProps(workspace_id=42, principal_id="team", name="x"))


def test_a_pipeline_signs_in_as_one_exact_workload(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    FederationPolicy(stack, "one", policy(audiences=("api",)))

    (made,) = synth()["databricks_service_principal_federation_policy"].values()
    assert made["service_principal_id"] == 1234
    assert made["oidc_policy"] == {
        "audiences": ["api"],
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:acme/churn:environment:prod",
    }
    with pytest.raises(TwoOwners, match="federation policy pipeline of 1234 has two owners"):
        FederationPolicy(stack, "two", policy())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"issuer": "http://token.example.com"}, "issuer: got .*an https:// address"),
        ({"subject": "repo:acme/*"}, "knows no wildcard"),
        ({"subject": ""}, "one workload"),
        ({"policy_id": "My Policy"}, "policy_id: got 'My Policy'"),
        ({"audiences": ("",)}, "audiences: got ''"),
        ({"service_principal_id": ""}, "service_principal_id: got ''"),
    ],
)
def test_a_policy_that_would_let_in_more_or_nobody_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        policy(**changes)


def test_who_runs_jobs_as_a_service_principal_is_a_whole_list(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    props = users(users=("servicePrincipals/deployer", "groups/team"))
    ServicePrincipalUsers(stack, "one", props)

    (made,) = synth()["databricks_access_control_rule_set"].values()
    assert made["name"] == f"accounts/{ACCOUNT}/servicePrincipals/{APPLICATION}/ruleSets/default"
    assert made["grant_rules"] == [
        {"principals": ["servicePrincipals/deployer"], "role": "roles/servicePrincipal.manager"},
        {"principals": ["groups/team", "servicePrincipals/deployer"], "role": "roles/servicePrincipal.user"},
    ]
    with pytest.raises(TwoOwners, match="roles on the service principal"):
        ServicePrincipalUsers(stack, "two", props)
