"""Unity Catalog privileges: one authoritative set for each securable."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cdktf_cdktf_provider_databricks.grants import Grants, GrantsGrant
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import claim

# Source: the provider's documentation of databricks_grants: underscores, not spaces.
_PRIVILEGE = re.compile(r"[A-Z]+(_[A-Z]+)*")


class Securable(StrEnum):
    """The securables that hold grants here; the values are the arguments of databricks_grants."""

    CATALOG = "catalog"
    SCHEMA = "schema"
    VOLUME = "volume"
    MODEL = "model"


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What one principal (a user name, a group name or an application id) may do."""

    principal: str
    privileges: tuple[str, ...]

    def __post_init__(self) -> None:
        check_not_empty("principal", self.principal)
        check_not_empty("privileges", self.privileges)
        for privilege in self.privileges:
            if known(privilege) and not _PRIVILEGE.fullmatch(privilege):
                raise InvalidProps("privileges", privilege, rule="privileges are written like CREATE_TABLE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The whole access of one securable, and the principal that deploys it."""

    deployer: str
    grants: tuple[Grant, ...] = ()

    def __post_init__(self) -> None:
        check_not_empty("deployer", self.deployer)


class SecurableGrants(Construct):
    """Every privilege on one securable, the deployer's MANAGE included.

    The set is authoritative: what it does not list is removed, silently (provider issue 4679). Without its own
    MANAGE in it, the deploying principal would lock itself out with the next apply.

    Creates: databricks_grants.
    Errors: TwoOwners, when another construct of the app owns the same securable.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/grants
    """

    def __init__(
        self, scope: Construct, id_: str, *, securable: Securable, name: str, full_name: str, access: Access
    ) -> None:
        """`name` is plain text, for the check; `full_name` may refer to the resource, so that it comes first."""
        super().__init__(scope, id_)
        claim(self, f"{securable} {name}")
        manage = Grant(principal=access.deployer, privileges=("MANAGE",))
        blocks = [
            GrantsGrant(principal=g.principal, privileges=list(g.privileges)) for g in merged([manage, *access.grants])
        ]
        on: dict[str, Any] = {securable.value: full_name}
        self.grants = Grants(self, "Resource", grant=blocks, **on)


def merged(grants: Sequence[Grant]) -> list[Grant]:
    """One grant for each principal, in the order the principals first appear; two blocks for one would fight."""
    together: dict[str, tuple[str, ...]] = {}
    for grant in grants:
        together[grant.principal] = (*together.get(grant.principal, ()), *grant.privileges)
    return [Grant(principal=p, privileges=_sorted(privileges)) for p, privileges in together.items()]


def _sorted(privileges: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(privileges)))
