"""Request bodies of Unity Catalog. A field that is not listed is refused, never lost."""

import json
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Properties = dict[str, str]
Predictive = Literal["DISABLE", "ENABLE", "INHERIT"]


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self, *without: str) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude=set(without))


class CreateCatalog(Payload):
    """POST /catalogs."""

    name: str
    comment: str | None = None
    properties: Properties | None = None
    options: Properties | None = None
    custom_max_retention_hours: int | None = None
    storage_root: str | None = None
    connection_name: str | None = None
    provider_name: str | None = None
    share_name: str | None = None
    managed_encryption_settings: dict[str, Any] | None = None


class UpdateCatalog(Payload):
    """PATCH /catalogs/{name}."""

    name: str | None = None
    new_name: str | None = None
    comment: str | None = None
    properties: Properties | None = None
    options: Properties | None = None
    owner: str | None = None
    isolation_mode: Literal["OPEN", "ISOLATED"] | None = None
    enable_predictive_optimization: Predictive | None = None
    custom_max_retention_hours: int | None = None


class CreateSchema(Payload):
    """POST /schemas."""

    catalog_name: str
    name: str
    comment: str | None = None
    properties: Properties | None = None
    storage_root: str | None = None
    custom_max_retention_hours: int | None = None


class UpdateSchema(Payload):
    """PATCH /schemas/{full_name}."""

    new_name: str | None = None
    comment: str | None = None
    properties: Properties | None = None
    owner: str | None = None
    enable_predictive_optimization: Predictive | None = None
    custom_max_retention_hours: int | None = None


class CreateVolume(Payload):
    """POST /volumes."""

    catalog_name: str
    schema_name: str
    name: str
    volume_type: Literal["MANAGED", "EXTERNAL"]
    comment: str | None = None
    storage_location: str | None = None


class UpdateVolume(Payload):
    """PATCH /volumes/{name}."""

    new_name: str | None = None
    comment: str | None = None
    owner: str | None = None


class PermissionsChange(Payload):
    """Privileges that one principal gains and loses."""

    principal: str
    add: list[str] = []
    remove: list[str] = []


class UpdatePermissions(Payload):
    """PATCH /permissions/{securable_type}/{full_name}."""

    changes: list[PermissionsChange] = []
    omit_permissions_in_response: bool = False


class WorkspaceBinding(Payload):
    """A workspace and how it may use a catalog."""

    workspace_id: int
    binding_type: Literal["BINDING_TYPE_READ_WRITE", "BINDING_TYPE_READ_ONLY"] = "BINDING_TYPE_READ_WRITE"


class UpdateBindings(Payload):
    """PATCH /bindings/{securable_type}/{name}."""

    add: list[WorkspaceBinding] = []
    remove: list[WorkspaceBinding] = []


class UpdateCatalogBindings(Payload):
    """PATCH /workspace-bindings/catalogs/{name}."""

    assign_workspaces: list[int] = []
    unassign_workspaces: list[int] = []


class Column(Payload):
    """A column as an engine declares it."""

    name: str
    type_text: str = ""
    type_name: str = ""
    type_json: str | None = None
    type_precision: int | None = None
    type_scale: int | None = None
    type_interval_type: str | None = None
    position: int | None = None
    nullable: bool = True
    comment: str | None = None
    partition_index: int | None = None
    mask: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _of_the_whole_field(self) -> Self:
        """Spark tells the type alone (`"string"`); Databricks shows the field: name, type, nullable, metadata."""
        try:
            kind = json.loads(self.type_json or "null")
        except ValueError:
            return self
        if isinstance(kind, str) or (isinstance(kind, dict) and "metadata" not in kind):
            metadata = {"comment": self.comment} if self.comment else {}
            field = {"name": self.name, "type": kind, "nullable": self.nullable, "metadata": metadata}
            self.type_json = json.dumps(field)
        return self


class CreateStagingTable(Payload):
    """POST /staging-tables."""

    catalog_name: str
    schema_name: str
    name: str


class CreateTable(Payload):
    """Ours: `spark_view`, what the Spark catalog plug-in keeps with a view; `replace`, that a view may be there."""

    catalog_name: str
    schema_name: str
    name: str
    table_type: str
    data_source_format: str | None = None
    storage_location: str | None = None
    columns: list[Column] = []
    comment: str | None = None
    properties: Properties = {}
    table_constraints: list[dict[str, Any]] = []
    view_definition: str | None = None
    view_dependencies: dict[str, Any] | None = None
    row_filter: dict[str, Any] | None = None
    spark_view: Any = None
    replace: bool = False


class UpdateTable(Payload):
    """On Databricks only `owner`; the rest is what `ALTER TABLE` needs of the Spark catalog plug-in."""

    owner: str | None = None
    new_name: str | None = None
    comment: str | None = None
    columns: list[Column] | None = None
    properties: Properties | None = None
    table_constraints: list[dict[str, Any]] | None = None
    row_filter: dict[str, Any] | None = None
    view_definition: str | None = None
    spark_view: Any = None


class AnalysedView(Payload):
    """A view whose text an engine analysed, with the definition that it found."""

    full_name: str
    view_definition: str
    spark_view: Any = None


class ViewAccess(Payload):
    """POST /api/local/spark/view-access: ours. `views` are outermost first, `table` is named by the last of them."""

    views: list[AnalysedView] = Field(min_length=1, max_length=100)
    table: str


class TableCredentialRequest(Payload):
    """POST /temporary-table-credentials."""

    table_id: str
    operation: Literal["READ", "READ_WRITE"]


class CreateConstraint(Payload):
    """POST /constraints."""

    full_name_arg: str
    constraint: dict[str, Any]
