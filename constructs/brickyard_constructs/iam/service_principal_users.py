"""Who may make jobs run as a service principal, and who may manage it."""

import re
from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.access_control_rule_set import (
    AccessControlRuleSet,
    AccessControlRuleSetGrantRules,
)
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import claim

_HOLDER = re.compile(r"(users|groups|servicePrincipals)/.+")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePrincipalUsersProps:
    """A service principal of an account by application id, and who holds a role on it.

    `name` is the plain one, for the check. Holders are written `users/<user name>`, `groups/<group name>` or
    `servicePrincipals/<application id>`. The list is the whole one, so whoever deploys stands among the managers.
    """

    account_id: str
    name: str
    application_id: str
    managers: tuple[str, ...]
    users: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        for prop in ("account_id", "application_id"):
            value = getattr(self, prop)
            if known(value) and not _UUID.fullmatch(value):
                raise InvalidProps(prop, value, rule="a UUID in lower case")
        check_not_empty("managers", self.managers)
        for holder in (*self.managers, *self.users):
            if not _HOLDER.fullmatch(holder):
                raise InvalidProps("managers, users", holder, rule="users/…, groups/… or servicePrincipals/…")


class ServicePrincipalUsers(Construct):
    """Every role on one service principal. A deployer without `servicePrincipal.user` cannot set a job's run_as.

    Creates: databricks_access_control_rule_set.
    Errors: TwoOwners, when another construct of the app owns the same service principal's roles.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/access_control_rule_set
    """

    def __init__(self, scope: Construct, id_: str, props: ServicePrincipalUsersProps) -> None:
        super().__init__(scope, id_)
        claim(self, f"roles on the service principal {props.name}")
        self.rules = AccessControlRuleSet(
            self,
            "Resource",
            name=f"accounts/{props.account_id}/servicePrincipals/{props.application_id}/ruleSets/default",
            grant_rules=[
                AccessControlRuleSetGrantRules(role=f"roles/servicePrincipal.{role}", principals=sorted(set(holders)))
                for role, holders in (("manager", props.managers), ("user", props.users))
                if holders
            ],
        )
