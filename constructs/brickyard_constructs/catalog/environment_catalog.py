"""The catalog of one environment, with the schemas that every project shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.catalog import Catalog
from constructs import Construct

from brickyard_constructs.catalog.bindings import CatalogBinding, bind
from brickyard_constructs.catalog.governed_schema import GovernedSchema, GovernedSchemaProps
from brickyard_constructs.catalog.grants import Access, Securable, SecurableName, govern
from brickyard_constructs.checks import check_object_name
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over

SCHEMAS: Mapping[str, str] = {
    "bronze": "Data as it arrived",
    "silver": "Cleaned and typed data",
    "gold": "Data ready for reports and applications",
    "features": "Feature tables for training and inference",
    "models": "Registered models and the wheels of their jobs",
    "metrics": "Quality of data and models over time",
    "inference": "Predictions, appended and never overwritten",
    "payloads": "Requests and responses of serving endpoints, as they recorded them",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentCatalogProps:
    """The catalog and its schemas, and who may use them.

    `schema_access` holds one entry for each schema of `SCHEMAS`; `schema_ownership` for those that are not created.
    With `protected`, Terraform refuses to delete; without, it deletes what jobs have put in as well. `storage_root` is
    a path of an external location; without it, managed data go where the metastore puts them.
    """

    name: str
    access: Access
    schema_access: Mapping[str, Access]
    comment: str = ""
    isolated: bool = True
    storage_root: str | None = None
    bindings: tuple[CatalogBinding, ...] = ()
    protected: bool = True
    properties: Mapping[str, str] = field(default_factory=dict)
    ownership: Ownership = "create"
    schema_ownership: Mapping[str, Ownership] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_object_name("name", self.name)
        check_ownership(self.ownership)
        if self.schema_access.keys() != SCHEMAS.keys():
            rule = f"one entry for each schema: {', '.join(SCHEMAS)}"
            raise InvalidProps("schema_access", sorted(self.schema_access), rule=rule)
        if unknown := sorted(self.schema_ownership.keys() - SCHEMAS.keys()):
            raise InvalidProps("schema_ownership", unknown, rule=f"the schemas are {', '.join(SCHEMAS)}")
        if self.bindings and not self.isolated:
            raise InvalidProps("bindings", len(self.bindings), rule="only an isolated catalog can be bound")
        if self.ownership == "reference" and (self.bindings or self.storage_root):
            rule = "a referenced catalog keeps its owner's; adopt it to change them"
            raise InvalidProps("bindings, storage_root", (len(self.bindings), self.storage_root), rule=rule)


class EnvironmentCatalog(Construct):
    """A catalog that only its own workspaces see, with the schemas bronze to payloads.

    Isolating a catalog binds the workspace it is created from, so that only others are bound here.

    Creates: databricks_catalog and databricks_schema for each of `SCHEMAS`, unless they are referenced;
    databricks_grants for each of them, or databricks_grant for each principal where it is referenced;
    databricks_workspace_binding for each binding.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/catalog
    """

    def __init__(self, scope: Construct, id_: str, props: EnvironmentCatalogProps) -> None:
        super().__init__(scope, id_)
        self._props = props
        self.catalog = self._made() if props.ownership != "reference" else None
        # Taken from the resource, the name makes whoever uses it wait.
        self.name = self.catalog.name if self.catalog else props.name
        on = SecurableName(kind=Securable.CATALOG, name=props.name, full_name=self.name)
        self.grants = govern(self, "grants", on=on, access=props.access, ownership=props.ownership)
        self.schemas = {name: self._schema(name) for name in SCHEMAS}
        for binding in props.bindings:
            bind(self, "catalog", self.name, binding)

    def _made(self) -> Catalog:
        props = self._props
        catalog = Catalog(
            self,
            "Resource",
            name=props.name,
            comment=props.comment or None,
            isolation_mode="ISOLATED" if props.isolated else "OPEN",
            storage_root=props.storage_root,
            properties=dict(props.properties) or None,
            force_destroy=not props.protected,
            lifecycle=protection(props.protected),
        )
        take_over(catalog, props.ownership, props.name)
        return catalog

    def _schema(self, name: str) -> GovernedSchema:
        props = GovernedSchemaProps(
            catalog=self._props.name,
            name=name,
            comment=SCHEMAS[name],
            access=self._props.schema_access[name],
            ownership=self._props.schema_ownership.get(name, "create"),
            protected=self._props.protected,
        )
        return GovernedSchema(self, name, props, catalog_reference=self.name)
