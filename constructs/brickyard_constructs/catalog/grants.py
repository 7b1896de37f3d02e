"""Unity Catalog privileges: one authoritative set for each securable we own, single grants on what we refer to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cdktf_cdktf_provider_databricks.grant import Grant as PrincipalGrant
from cdktf_cdktf_provider_databricks.grants import Grants, GrantsGrant
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, claim, share, take_over

# Source: the provider's documentation of databricks_grants: underscores, not spaces.
_PRIVILEGE = re.compile(r"[A-Z]+(_[A-Z]+)*")


class Securable(StrEnum):
    """The securables that hold grants here; the values are the arguments of databricks_grants."""

    CATALOG = "catalog"
    SCHEMA = "schema"
    TABLE = "table"
    VOLUME = "volume"
    MODEL = "model"
    STORAGE_CREDENTIAL = "storage_credential"
    EXTERNAL_LOCATION = "external_location"


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What one principal (a user name, a group name or an application id) may do.

    `key` names the principal in addresses where only Terraform knows who it is; its role is a good one.
    """

    principal: str
    privileges: tuple[str, ...]
    key: str = ""

    def __post_init__(self) -> None:
        check_not_empty("principal", self.principal)
        check_not_empty("privileges", self.privileges)
        for privilege in self.privileges:
            if known(privilege) and not _PRIVILEGE.fullmatch(privilege):
                raise InvalidProps("privileges", privilege, rule="privileges are written like CREATE_TABLE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The whole access of one securable, and the principal that deploys it.

    `kept` is what stood on an adopted object, or what our principals held on a referenced one, and is to stay.
    """

    deployer: str
    grants: tuple[Grant, ...] = ()
    kept: tuple[Grant, ...] = ()

    def __post_init__(self) -> None:
        check_not_empty("deployer", self.deployer)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurableName:
    """The securable: `name` is plain text, for the check; `full_name` may refer to the resource, to wait for it."""

    kind: Securable
    name: str
    full_name: str

    @property
    def label(self) -> str:
        """How claims and messages call it."""
        return f"{self.kind} {self.name}"

    @property
    def argument(self) -> dict[str, Any]:
        """How databricks_grants and databricks_grant take it."""
        return {self.kind.value: self.full_name}


class SecurableGrants(Construct):
    """Every privilege on one securable, the deployer's MANAGE included.

    The set is authoritative: what it does not list is removed, silently (provider issue 4679). Without its own
    MANAGE in it, the deploying principal would lock itself out with the next apply. Of an adopted securable that has
    grants (`access.kept`), the set is imported too: so the plan shows what would go.

    Creates: databricks_grants.
    Errors: TwoOwners, when another construct of the app owns the same securable, or adds grants to it.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/grants
    """

    def __init__(
        self, scope: Construct, id_: str, *, on: SecurableName, access: Access, ownership: Ownership = "create"
    ) -> None:
        super().__init__(scope, id_)
        claim(self, on.label)
        manage = Grant(principal=access.deployer, privileges=("MANAGE",))
        blocks = [
            GrantsGrant(principal=g.principal, privileges=list(g.privileges))
            for g in merged([manage, *access.grants, *access.kept])
        ]
        self.grants = Grants(self, "Resource", grant=blocks, **on.argument)
        if access.kept:  # the provider cannot import a set that is empty
            take_over(self.grants, ownership, f"{on.kind}/{on.name}")


class AdditionalGrants(Construct):
    """What our principals may do with a securable that others own; nobody else's grants are touched.

    A grant is authoritative for its principal: what that one held before stays if it stands in `access.kept`. The
    deployer is left out: it holds MANAGE from the owner, or it could grant nothing, and a list without it would end it.

    Creates: databricks_grant for each principal.
    Errors: TwoOwners, when another construct of the app owns the securable or grants the same principal;
    InvalidProps, when a principal is known to Terraform only and has no key.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/grant
    """

    def __init__(self, scope: Construct, id_: str, *, on: SecurableName, access: Access) -> None:
        super().__init__(scope, id_)
        ours = {g.principal for g in access.grants} - {access.deployer}
        for grant in merged([g for g in (*access.grants, *access.kept) if g.principal in ours]):
            if not (grant.key or known(grant.principal)):
                raise InvalidProps("key", grant.key, rule=f"a principal known to Terraform only needs one ({on.label})")
            share(self, on.label, grant.principal)
            PrincipalGrant(
                self,
                grant.key or grant.principal,
                principal=grant.principal,
                privileges=list(grant.privileges),
                **on.argument,
            )


def govern(scope: Construct, id_: str, *, on: SecurableName, access: Access, ownership: Ownership) -> Construct:
    """The whole set on what is created or adopted; on what is referenced, our principals' grants only."""
    if ownership == "reference":
        return AdditionalGrants(scope, id_, on=on, access=access)
    return SecurableGrants(scope, id_, on=on, access=access, ownership=ownership)


def merged(grants: Sequence[Grant]) -> list[Grant]:
    """One grant for each principal, in the order the principals first appear; two blocks for one would fight."""
    together: dict[str, Grant] = {}
    for grant in grants:
        before = together.get(grant.principal, grant)
        together[grant.principal] = Grant(
            principal=grant.principal,
            privileges=_sorted((*before.privileges, *grant.privileges)),
            key=before.key or grant.key,
        )
    return list(together.values())


def _sorted(privileges: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(privileges)))
