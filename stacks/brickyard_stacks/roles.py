"""Roles on the service principal that jobs run as, where a stack of ours makes it."""

from constructs import Construct

from brickyard_constructs.iam import ServicePrincipalUsers, ServicePrincipalUsersProps
from brickyard_stacks.identities import GROUPS, Identities, is_user
from brickyard_stacks.permissions import Role, run_as_roles
from brickyard_stacks.settings import Environment


def give_run_as_roles(scope: Construct, environment: Environment, identities: Identities) -> None:
    """Let who deploys make jobs that run as `run_as`.

    A rule set is the whole one, so that only a principal that we make gets it: on others' `brickyard bootstrap` adds
    the role to those that are there. The stage `local` needs none: its deployer administers the account.
    """
    made = environment.service_principals.run_as.ownership == "create"
    if not made or environment.account_id is None:
        return
    levels = run_as_roles(environment.stage)
    holders = {level: [_rule_name(r, identities) for r in levels if levels[r] == level] for level in levels.values()}
    holders["user"] = [*holders["user"], *(_applier_name(name) for name in identities.deployers.values())]
    props = ServicePrincipalUsersProps(
        account_id=environment.account_id,
        name=environment.service_principals.run_as.name,
        application_id=identities.principals["run_as"],
        managers=tuple(holders["manager"]),
        users=tuple(holders["user"]),
    )
    ServicePrincipalUsers(scope, "run-as-roles", props)


def _rule_name(role: Role, identities: Identities) -> str:
    name = identities.principal(role)
    if role in GROUPS:
        return f"groups/{name}"
    return _applier_name(name)


def _applier_name(name: str) -> str:
    return f"users/{name}" if is_user(name) else f"servicePrincipals/{name}"
