"""databricks_schema."""

from brickyard_local.provider.engine.behaviour import Behaviour, ignore_case, ignore_slash, one_of
from brickyard_local.provider.resources.catalog.securable import Securable


class Schema(Securable):
    """A schema of a catalog."""

    type_name = "databricks_schema"
    collection = "schemas"
    name_parts = ("catalog_name", "name")
    create_fields = ("catalog_name", "comment", "name", "properties", "storage_root")
    update_fields = ("comment", "enable_predictive_optimization", "owner", "properties")
    settled_by_update = ("owner", "enable_predictive_optimization")
    behaviour = Behaviour(
        force_new=frozenset({"catalog_name", "name", "storage_root"}),
        defaults={"force_destroy": False},
        suppress={"catalog_name": ignore_case, "name": ignore_case, "storage_root": ignore_slash},
        checks={"enable_predictive_optimization": one_of("DISABLE", "ENABLE", "INHERIT")},
        local=frozenset({"id", "force_destroy"}),
    )
