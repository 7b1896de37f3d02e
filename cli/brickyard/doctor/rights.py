"""What applying the environment needs, as data: each right, and who can give it.

Source: docs.databricks.com/aws/en/data-governance/unity-catalog/manage-privileges/privileges (what each one allows);
docs.databricks.com/aws/en/security/auth/entitlements
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from brickyard.doctor.finding import Giver
from brickyard_stacks.permissions import catalog_privileges, schema_privileges
from brickyard_stacks.settings import Environment

_PLATFORM: Giver = "administrator of the platform (it applies the platform's stack)"

Kind = Literal["metastore", "catalog", "schema", "table", "external_location", "storage_credential"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurableRight:
    """A privilege on a securable; owning the securable gives it too."""

    kind: Kind
    name: str  # empty for the metastore
    privilege: str
    because: str
    giver: Giver

    def statement(self, principal: str) -> str:
        """The GRANT to send to whoever can give it, as SQL reads it."""
        words = self.privilege.replace("_", " ")
        on = "METASTORE" if self.kind == "metastore" else f"{self.kind.replace('_', ' ').upper()} {_quoted(self.name)}"
        return f"GRANT {words} ON {on} TO `{principal}`;"


@dataclass(frozen=True, kw_only=True, slots=True)
class EntitlementRight:
    """An entitlement in the workspace; its administrators need none."""

    value: str
    because: str
    title: str

    def request(self, principal: str, workspace: str) -> str:
        """What to ask a workspace administrator for."""
        return f"Give `{principal}` the entitlement '{self.title}' ({self.value}) in {workspace}."


def _quoted(name: str) -> str:
    return ".".join(f"`{part}`" for part in name.split("."))


def securable_rights(environment: Environment, *, catalog_is_there: bool) -> Iterator[SecurableRight]:
    """Privileges in Unity Catalog that the first, or the next, apply needs."""
    yield from _catalog_rights(environment, catalog_is_there=catalog_is_there)
    yield from _storage_rights(environment)


def _catalog_rights(environment: Environment, *, catalog_is_there: bool) -> Iterator[SecurableRight]:
    catalog = environment.catalog
    if not catalog_is_there:
        if catalog.ownership == "create":
            because = f"Terraform makes the catalog {catalog.name}"
            yield SecurableRight(
                kind="metastore",
                name="",
                privilege="CREATE_CATALOG",
                because=because,
                giver="metastore administrator",
            )
        return
    needed = {"USE_CATALOG": "Terraform reads the catalog"}
    if catalog.ownership != "reference":
        needed["MANAGE"] = "Terraform owns the catalog's grants"
    owned = [name for name, schema in catalog.schemas if schema.ownership != "reference"]
    if any(schema.ownership == "create" for _, schema in catalog.schemas):
        needed["CREATE_SCHEMA"] = f"Terraform makes schemas ({', '.join(owned)})"
    needed["USE_SCHEMA"] = "Terraform reads what the schemas hold"
    for privilege, because in needed.items():
        yield SecurableRight(
            kind="catalog", name=catalog.name, privilege=privilege, because=because, giver="owner of the object"
        )


def _storage_rights(environment: Environment) -> Iterator[SecurableRight]:
    prefix = environment.prefix
    for name, storage in environment.storage.items():
        if storage.credential_ownership == "create":
            yield _on_metastore("CREATE_STORAGE_CREDENTIAL", f"storage.{name}: Terraform makes its credential")
        if storage.ownership == "create":
            yield _on_metastore("CREATE_EXTERNAL_LOCATION", f"storage.{name}: Terraform makes its external location")
        if storage.ownership == "create" and storage.credential_ownership == "reference":
            yield SecurableRight(
                kind="storage_credential",
                name=storage.credential.name or f"{prefix}-{name}",
                privilege="CREATE_EXTERNAL_LOCATION",
                because=f"storage.{name}: its location uses this credential",
                giver="owner of the object",
            )
        if environment.catalog.storage == name and storage.ownership == "reference":
            yield SecurableRight(
                kind="external_location",
                name=storage.external_location or f"{prefix}-{name}",
                privilege="CREATE_MANAGED_STORAGE",
                because="the catalog's data lie there",
                giver="owner of the object",
            )


def _on_metastore(privilege: str, because: str) -> SecurableRight:
    giver: Giver = "metastore administrator"
    return SecurableRight(kind="metastore", name="", privilege=privilege, because=because, giver=giver)


def project_rights(environment: Environment) -> Iterator[SecurableRight]:
    """Privileges of who applies projects only: what the permission matrix gives, and the platform's stack grants."""
    catalog, giver = environment.catalog.name, _PLATFORM
    for privilege in catalog_privileges(environment.stage)["deployer"]:
        yield SecurableRight(
            kind="catalog", name=catalog, privilege=privilege, because="projects deploy there", giver=giver
        )
    for schema, _ in environment.catalog.schemas:
        for privilege in schema_privileges(schema)["deployer"]:
            because = "projects deploy models, tables, volumes and monitors"
            yield SecurableRight(
                kind="schema", name=f"{catalog}.{schema}", privilege=privilege, because=because, giver=giver
            )


def entitlements_of_projects() -> Iterator[EntitlementRight]:
    """Entitlements of who applies projects only."""
    yield EntitlementRight(value="workspace-access", title="Workspace access", because="Terraform signs in")


def entitlement_rights(environment: Environment) -> Iterator[EntitlementRight]:
    """Entitlements that the apply needs."""
    yield from entitlements_of_projects()
    compute = environment.compute
    made = [name for name, warehouse in compute.warehouses.items() if warehouse.ownership != "reference"]
    if made:
        because = f"Terraform makes warehouses ({', '.join(made)})"
        title = "Allow unrestricted cluster creation"
        yield EntitlementRight(value="allow-cluster-create", title=title, because=because)
    if any(pool.ownership != "reference" for pool in compute.pools.values()):
        because, title = "Terraform makes instance pools", "Allow pool creation"
        yield EntitlementRight(value="allow-instance-pool-create", title=title, because=because)


def administrator_reasons(environment: Environment) -> list[str]:
    """What only an administrator of the workspace may do; cluster policies have no entitlement."""
    reasons = []
    if environment.compute.policies:
        reasons.append("Terraform makes cluster policies")
    made = [f"{role} ({p.name})" for role, p in environment.service_principals if p.ownership == "create"]
    if made and environment.account is None:
        reasons.append(f"Terraform makes service principals: {', '.join(made)}")
    groups = [f"{role} ({group.name})" for role, group in environment.groups if group.ownership == "create"]
    if groups and environment.account is None:
        reasons.append(f"Terraform makes groups: {', '.join(groups)}")
    return reasons
