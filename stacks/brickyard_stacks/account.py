"""The account stack: what needs an account administrator, and changes once in a long while."""

from pathlib import Path
from typing import Any

from constructs import Construct

from brickyard_constructs.iam import (
    AccountAssignment,
    AccountAssignmentProps,
    FederationPolicy,
    FederationPolicyProps,
)
from brickyard_constructs.workspace import NetworkBinding, NetworkBindingProps
from brickyard_stacks.base import EnvironmentStack, provider_arguments
from brickyard_stacks.identities import GROUPS, PRINCIPALS, make_group, make_principal, platform_roles
from brickyard_stacks.names import EnvironmentNames
from brickyard_stacks.permissions import Group, Principal
from brickyard_stacks.roles import give_run_as_roles
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.workspace import Account


class AccountStack(EnvironmentStack):
    """Groups and service principals that the settings say to make or adopt, their sign-in, and their entry.

    Who is only referenced is let into the workspace by its owner: SCIM, or the account console.

    Creates: databricks_group, databricks_service_principal, databricks_service_principal_federation_policy;
    databricks_access_control_rule_set where it makes `run_as`; databricks_mws_permission_assignment where the settings
    say the workspace's id; databricks_mws_ncc_binding and databricks_workspace_network_option where they name what to
    bind it to.
    """

    def __init__(self, scope: Construct, environment: Environment, account: Account, *, root: Path) -> None:
        self._account = account
        names = EnvironmentNames.of(environment)
        super().__init__(scope, names.account_stack, environment=environment, root=root)
        made = Construct(self, "iam")
        groups = {group: self._group(made, group) for group in GROUPS}
        found = {role: self._principal(made, role) for role in PRINCIPALS}
        principals = {role: application_id for role, application_id in found.items() if application_id is not None}
        give_run_as_roles(made, environment, platform_roles(environment, groups, principals))
        self._bind_network()

    def sign_in(self, root: Path) -> dict[str, Any]:
        """The account's own address, where workspaces are let in to."""
        return {**provider_arguments(self._account.auth, root), "account_id": self._account.id}

    def _group(self, scope: Construct, role: Group) -> str:
        owned = make_group(scope, self.environment, role)
        name: str = getattr(self.environment.groups, role).name
        if owned is None:
            return name
        self._enter(role, name, owned.group.id)
        return owned.name

    def _principal(self, scope: Construct, role: Principal) -> str | None:
        """Its application id; None for one that is only referred to."""
        made = make_principal(scope, self.environment, role)
        if made is None:
            return None
        self._enter(role, getattr(self.environment.service_principals, role).name, made.id)
        self._sign_in_without_secret(role, made.id)
        return made.application_id

    def _bind_network(self) -> None:
        """Settings without the workspace's id are refused before."""
        network, workspace = self.environment.network, self.environment.workspace.id
        asked = network.connectivity_config_id is not None or network.egress_policy_id is not None
        if asked and workspace is not None:
            props = NetworkBindingProps(
                workspace_id=workspace,
                connectivity_config_id=network.connectivity_config_id,
                egress_policy_id=network.egress_policy_id,
            )
            NetworkBinding(self, "network", props)

    def _enter(self, role: str, name: str, principal_id: str) -> None:
        workspace = self.environment.workspace.id
        if workspace is not None:
            props = AccountAssignmentProps(workspace_id=workspace, principal_id=principal_id, name=name)
            AccountAssignment(self, f"entry-{role}", props)

    def _sign_in_without_secret(self, role: Principal, principal_id: str) -> None:
        settings = getattr(self.environment.service_principals, role).federation
        if settings is None:
            return
        props = FederationPolicyProps(
            service_principal_id=principal_id,
            policy_id=f"{self.environment.name}-{role}".replace("_", "-"),
            issuer=settings.issuer,
            subject=settings.subject,
            audiences=settings.expected,
            description=f"{role} of the environment {self.environment.name}",
        )
        FederationPolicy(self, f"federation-{role}", props)
