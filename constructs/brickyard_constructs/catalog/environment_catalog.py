"""The catalog of one environment, with the schemas that every project shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_databricks.catalog import Catalog
from cdktf_cdktf_provider_databricks.schema import Schema
from cdktf_cdktf_provider_databricks.workspace_binding import WorkspaceBinding
from constructs import Construct

from brickyard_constructs.catalog.grants import Access, Securable, SecurableGrants
from brickyard_constructs.checks import check_at_least, check_object_name
from brickyard_constructs.errors import InvalidProps

SCHEMAS: Mapping[str, str] = {
    "bronze": "Data as it arrived",
    "silver": "Cleaned and typed data",
    "gold": "Data ready for reports and applications",
    "features": "Feature tables for training and inference",
    "models": "Registered models and the wheels of their jobs",
    "metrics": "Quality of data and models over time",
    "inference": "Predictions, appended and never overwritten",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogBinding:
    """Another workspace that sees the catalog. Databricks binds the creating workspace by itself."""

    workspace_id: int
    read_only: bool = True

    def __post_init__(self) -> None:
        check_at_least("workspace_id", self.workspace_id, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentCatalogProps:
    """The catalog and its schemas, and who may use them.

    `schema_access` holds one entry for each schema of `SCHEMAS`. With `protected`, Terraform refuses to delete;
    without, it deletes what jobs have put in as well.
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

    def __post_init__(self) -> None:
        check_object_name("name", self.name)
        if self.schema_access.keys() != SCHEMAS.keys():
            rule = f"one entry for each schema: {', '.join(SCHEMAS)}"
            raise InvalidProps("schema_access", sorted(self.schema_access), rule=rule)
        if self.bindings and not self.isolated:
            raise InvalidProps("bindings", len(self.bindings), rule="only an isolated catalog can be bound")


class EnvironmentCatalog(Construct):
    """A catalog that only its own workspaces see, with the schemas bronze to inference.

    Isolating a catalog binds the workspace it is created from, so that only others are bound here.

    Creates: databricks_catalog; databricks_schema for each of `SCHEMAS`; databricks_grants for each of them;
    databricks_workspace_binding for each binding.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/workspace_binding
    """

    def __init__(self, scope: Construct, id_: str, props: EnvironmentCatalogProps) -> None:
        super().__init__(scope, id_)
        self._props = props
        self.catalog = Catalog(
            self,
            "Resource",
            name=props.name,
            comment=props.comment or None,
            isolation_mode="ISOLATED" if props.isolated else "OPEN",
            storage_root=props.storage_root,
            properties=dict(props.properties) or None,
            force_destroy=not props.protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if props.protected else None,
        )
        self.grants = SecurableGrants(
            self,
            "grants",
            securable=Securable.CATALOG,
            name=props.name,
            full_name=self.catalog.name,
            access=props.access,
        )
        self.schemas = {name: self._schema(name) for name in SCHEMAS}
        for binding in props.bindings:
            self._bind(binding)

    def _schema(self, name: str) -> Schema:
        props = self._props
        schema = Schema(
            self,
            name,
            catalog_name=self.catalog.name,
            name=name,
            comment=SCHEMAS[name],
            force_destroy=not props.protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if props.protected else None,
        )
        SecurableGrants(
            self,
            f"{name}-grants",
            securable=Securable.SCHEMA,
            name=f"{props.name}.{name}",
            full_name=schema.id,
            access=props.schema_access[name],
        )
        return schema

    def _bind(self, binding: CatalogBinding) -> None:
        WorkspaceBinding(
            self,
            f"binding-{binding.workspace_id}",
            securable_type="catalog",
            securable_name=self.catalog.name,
            workspace_id=binding.workspace_id,
            binding_type="BINDING_TYPE_READ_ONLY" if binding.read_only else "BINDING_TYPE_READ_WRITE",
        )
