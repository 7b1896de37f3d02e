"""Who there is: the account, its principals, what they may do, and their secrets."""

from dataclasses import dataclass

from brickyard_local.account import Account, Home
from brickyard_local.billing.service import COLLECTION as BUDGET_POLICIES
from brickyard_local.billing.service import MANAGER, USER, BudgetPolicies
from brickyard_local.callers import Caller, Callers
from brickyard_local.directory import Directory
from brickyard_local.identity.rule_sets import Ruled
from brickyard_local.identity.service import IdentityService
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.secrets.compose import compose_secrets
from brickyard_local.secrets.service import SecretsService
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """What every other service asks about principals."""

    store: Store
    account: Account
    identity: IdentityService
    permissions: PermissionsService
    secrets: SecretsService
    budget_policies: BudgetPolicies
    callers: Callers

    def caller_of(self, workspace_id: int, principal: str) -> Caller:
        """The caller that a principal would be in a workspace, e.g. the run_as of a job."""
        workspaces = self.account.workspaces()
        found = next(workspace for workspace in workspaces if workspace.workspace_id == workspace_id)
        return self.callers.caller(principal, found)

    def admitted(self, workspace_id: int, principal: str) -> Caller:
        """As `caller_of`, of an active principal that is assigned to the workspace. Errors: as `Callers.admit`."""
        return self.callers.admit(principal, self.caller_of(workspace_id, principal).workspace)


def compose_people(home: Home) -> People:
    """Open the account of a home folder, or make it."""
    home.create()
    store = Store(home.database)
    directory = Directory(store)
    identity = IdentityService(store, directory)
    permissions = PermissionsService(store, identity)
    identity.when_name_changed(permissions.principal_changed)
    secrets = compose_secrets(home, store, identity)
    identity.when_name_changed(secrets.scopes.principal_changed)
    account = Account(store, home)
    return People(
        store=store,
        account=account,
        identity=identity,
        permissions=permissions,
        secrets=secrets,
        budget_policies=_budget_policies(store, account, identity),
        callers=Callers(store, directory),
    )


def _budget_policies(store: Store, account: Account, identity: IdentityService) -> BudgetPolicies:
    def workspace_ids() -> frozenset[int]:
        return frozenset(workspace.workspace_id for workspace in account.workspaces())

    policies = BudgetPolicies(store, identity.rule_sets, workspace_ids)
    ruled = Ruled(
        collection=BUDGET_POLICIES,
        noun="budget policy",
        roles=(MANAGER, USER),
        kind="budget_policy_rule_sets",
        exists=policies.exists,
    )
    identity.rule_sets.register(ruled)
    return policies
