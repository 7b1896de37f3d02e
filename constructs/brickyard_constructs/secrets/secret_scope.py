"""Secret scopes, and who may read, write and manage them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cdktf_cdktf_provider_databricks.secret_acl import SecretAcl
from cdktf_cdktf_provider_databricks.secret_scope import SecretScope, SecretScopeKeyvaultMetadata
from constructs import Construct

from brickyard_constructs.checks import check_not_empty, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, protection, share, take_over
from brickyard_constructs.secret_reference import SecretReference

ScopeAccess: TypeAlias = Literal["READ", "WRITE", "MANAGE"]
_ORDER: tuple[ScopeAccess, ...] = ("READ", "WRITE", "MANAGE")
# Source: docs.databricks.com, REST API, "Create a new secret scope": scope.
_NAME = re.compile(r"[A-Za-z0-9_@.-]{1,128}")
_VAULT_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+", re.IGNORECASE
)
_VAULT_URL = re.compile(r"https://[a-z0-9-]{3,24}\.vault\.[a-z.]+/", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyVault:
    """An Azure Key Vault that others own: Databricks reads its secrets, and nobody writes through the scope."""

    resource_id: str
    dns_name: str

    def __post_init__(self) -> None:
        if known(self.resource_id) and not _VAULT_ID.fullmatch(self.resource_id):
            rule = "/subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/…"
            raise InvalidProps("resource_id", self.resource_id, rule=rule)
        if known(self.dns_name) and not _VAULT_URL.fullmatch(self.dns_name):
            raise InvalidProps("dns_name", self.dns_name, rule="https://<vault>.vault.azure.net/, with the slash")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScopePrincipal:
    """A group, a user or a service principal (by its application id), and what it may do with every secret.

    `key` names the principal in addresses where only Terraform knows who it is; its role is a good one.
    """

    principal: str
    access: ScopeAccess
    key: str = ""

    def __post_init__(self) -> None:
        check_not_empty("principal", self.principal)
        if self.access not in _ORDER:
            raise InvalidProps("access", self.access, rule=f"one of {', '.join(_ORDER)}")
        if not (self.key or known(self.principal)):
            raise InvalidProps("key", self.key, rule="a principal known to Terraform only needs one")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretScopeProps:
    """The scope, where its secrets lie, and who may use them. Without `key_vault` they lie in Databricks.

    Who makes the scope manages it without being named.
    """

    name: str
    principals: tuple[ScopePrincipal, ...] = ()
    key_vault: KeyVault | None = None
    ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        if known(self.name) and not _NAME.fullmatch(self.name):
            raise InvalidProps("name", self.name, rule="1 to 128 letters, digits and _ - @ .")
        check_ownership(self.ownership)
        if self.key_vault is not None and self.ownership == "reference":
            raise InvalidProps("key_vault", self.key_vault, rule="a referenced scope has its own; leave it out")
        for one in self.principals:
            if self.key_vault is not None and one.access == "WRITE":
                rule = "nobody writes into a Key Vault through its scope: give READ, and write in Azure"
                raise InvalidProps(f"access of {one.principal}", one.access, rule=rule)


class UsedSecretScope(Construct):
    """A secret scope whose values nobody gives to Terraform: people and pipelines put them there by the Secrets API.

    An ACL is for one principal, and others' stay; so a referenced scope gets ACLs for our principals as well.

    Creates: databricks_secret_scope, unless it is referenced; databricks_secret_acl for each principal.
    Errors: TwoOwners, when another construct of the app sets the same principal's ACL on the same scope.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/secret_scope
    """

    def __init__(self, scope: Construct, id_: str, props: SecretScopeProps) -> None:
        super().__init__(scope, id_)
        self._name = props.name
        self.scope = self._made(props) if props.ownership != "reference" else None
        # Taken from the resource, the name makes whoever uses it wait.
        self.name = self.scope.name if self.scope else props.name
        for one in _strongest(props.principals):
            share(self, f"secret scope {props.name}", one.principal)
            SecretAcl(self, one.key or one.principal, scope=self.name, principal=one.principal, permission=one.access)

    def reference(self, key: str) -> SecretReference:
        """Where a value lies, for jobs, clusters and served models."""
        return SecretReference(scope=self._name, key=key)

    def _made(self, props: SecretScopeProps) -> SecretScope:
        vault = props.key_vault
        made = SecretScope(
            self,
            "Resource",
            name=props.name,
            keyvault_metadata=SecretScopeKeyvaultMetadata(resource_id=vault.resource_id, dns_name=vault.dns_name)
            if vault
            else None,
            lifecycle=protection(props.protected),
        )
        take_over(made, props.ownership, props.name)
        return made


def _strongest(principals: Iterable[ScopePrincipal]) -> list[ScopePrincipal]:
    """One for each principal: what several roles give to one is the strongest of it."""
    strongest: dict[str, ScopePrincipal] = {}
    for one in principals:
        before = strongest.get(one.principal, one)
        strongest[one.principal] = one if _ORDER.index(one.access) > _ORDER.index(before.access) else before
    return list(strongest.values())
