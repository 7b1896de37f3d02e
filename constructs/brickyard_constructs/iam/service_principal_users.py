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

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePrincipalUsersProps:
    """A service principal of an account, and groups and service principals (by application id) with a role on it.

    The list is the whole one, so whoever deploys stands among the managers.
    """

    account_id: str
    application_id: str
    manager_service_principals: tuple[str, ...]
    user_service_principals: tuple[str, ...] = ()
    manager_groups: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for prop in ("account_id", "application_id"):
            value = getattr(self, prop)
            if known(value) and not _UUID.fullmatch(value):
                raise InvalidProps(prop, value, rule="a UUID in lower case")
        check_not_empty("manager_service_principals", (*self.manager_service_principals, *self.manager_groups))


class ServicePrincipalUsers(Construct):
    """Every role on one service principal. A deployer without `servicePrincipal.user` cannot set a job's run_as.

    Creates: databricks_access_control_rule_set.
    Errors: TwoOwners, when another construct of the app owns the same service principal's roles.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/access_control_rule_set
    """

    def __init__(self, scope: Construct, id_: str, props: ServicePrincipalUsersProps) -> None:
        super().__init__(scope, id_)
        claim(self, f"roles on the service principal {props.application_id}")
        holders = {
            "manager": _names(props.manager_groups, props.manager_service_principals),
            "user": _names(props.user_groups, props.user_service_principals),
        }
        self.rules = AccessControlRuleSet(
            self,
            "Resource",
            name=f"accounts/{props.account_id}/servicePrincipals/{props.application_id}/ruleSets/default",
            grant_rules=[
                AccessControlRuleSetGrantRules(role=f"roles/servicePrincipal.{role}", principals=names)
                for role, names in holders.items()
                if names
            ],
        )


def _names(groups: tuple[str, ...], service_principals: tuple[str, ...]) -> list[str]:
    return sorted([*(f"groups/{name}" for name in groups), *(f"servicePrincipals/{id_}" for id_ in service_principals)])
