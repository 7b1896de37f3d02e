"""databricks_registered_model."""

from brickyard_local.provider.engine.behaviour import Behaviour, ignore_case
from brickyard_local.provider.resources.catalog.securable import Securable

_FIELDS = (
    "aliases",
    "browse_only",
    "catalog_name",
    "comment",
    "created_at",
    "created_by",
    "metastore_id",
    "name",
    "owner",
    "schema_name",
    "storage_location",
    "updated_at",
    "updated_by",
)


class RegisteredModel(Securable):
    """A registered model of a schema. Its versions and aliases belong to the pipelines, not to Terraform."""

    type_name = "databricks_registered_model"
    collection = "models"
    name_parts = ("catalog_name", "schema_name", "name")
    create_fields = (*_FIELDS, "full_name")
    update_fields = _FIELDS
    behaviour = Behaviour(
        force_new=frozenset({"catalog_name", "name", "schema_name", "storage_location"}),
        suppress={"catalog_name": ignore_case, "name": ignore_case, "schema_name": ignore_case},
    )
