"""What only the account's stack can make or bind."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brickyard_stacks.settings.strict import Broken

if TYPE_CHECKING:
    from brickyard_stacks.settings.environment import Environment

_NEEDED = "needs the block account"


def rules_of(environment: "Environment") -> Iterable[Broken]:
    """Without the block `account`, nothing of the account's is made."""
    if environment.account is None:
        yield from _groups(environment)
        yield from _federation(environment)
        yield from _roles(environment)
    elif environment.workspace.account_id is not None:
        yield Broken(key=("workspace", "account_id"), rule="account.id says it: remove one of the two")
    yield from _network(environment)


def _groups(environment: "Environment") -> Iterable[Broken]:
    """A group that is made through a workspace holds no Unity Catalog privileges, but in `local`."""
    if environment.stage == "local":
        return
    for role, group in environment.groups:
        if group.ownership != "reference":
            rule = "without the block account only the stage local makes or adopts groups: others are the account's"
            yield Broken(key=("groups", role, "ownership"), rule=rule)


def _federation(environment: "Environment") -> Iterable[Broken]:
    for role, principal in environment.service_principals:
        if principal.federation is not None:
            rule = f"{_NEEDED}: federation policies are the account's"
            yield Broken(key=("service_principals", role, "federation"), rule=rule)


def _roles(environment: "Environment") -> Iterable[Broken]:
    """Who deploys jobs that run as a new principal needs a role on it; the local deployer administers."""
    made = environment.service_principals.run_as.ownership == "create"
    if made and environment.stage != "local" and environment.account_id is None:
        rule = "required with service_principals.run_as.ownership: create: roles on it are named by the account's id"
        yield Broken(key=("workspace", "account_id"), rule=rule)


def _network(environment: "Environment") -> Iterable[Broken]:
    """The account binds a network's settings to a workspace, which it knows by its id."""
    for key in ("connectivity_config_id", "egress_policy_id"):
        if getattr(environment.network, key) is None:
            continue
        if environment.account is None:
            yield Broken(key=("network", key), rule=f"{_NEEDED}: the account binds it to the workspace")
        if environment.workspace.id is None:
            yield Broken(key=("workspace", "id"), rule=f"required: network.{key} is bound to the workspace by its id")
