"""Objects as people call them: `catalog sales_prod`, `SQL warehouse bi`."""

from collections.abc import Mapping
from typing import Any

from brickyard_review.model import Action
from brickyard_review.plan.model import ResourceChange
from brickyard_review.plan.values import text_of

_NOUNS = {
    "databricks_sql_endpoint": "SQL warehouse",
    "databricks_sql_table": "table",
    "databricks_model_serving": "serving endpoint",
    "databricks_model_serving_provisioned_throughput": "serving endpoint",
    "databricks_mlflow_experiment": "experiment",
    "databricks_mlflow_model": "workspace model",
    "databricks_quality_monitor": "quality monitor",
    "databricks_grants": "grants",
    "databricks_grant": "grant",
    "databricks_permissions": "permissions",
    "databricks_dbfs_file": "DBFS file",
}
_PARENTS = ("catalog_name", "schema_name")
_NAMES = (
    "full_name",
    "display_name",
    "table_name",
    "name",
    "bucket",
    "application_id",
    "path",
    "key",
    "title",
    "scope",
)


def title(change: ResourceChange) -> str:
    """Noun and name of what a change is about, that which goes when it is replaced."""
    values = change.before if change.action is Action.REPLACE and change.before else change.values
    return f"{noun(change.type)} {object_name(values) or change.name}".strip()


def noun(resource_type: str) -> str:
    """`databricks_cluster_policy` is a cluster policy; of other providers the type stands as it is."""
    if resource_type in _NOUNS:
        return _NOUNS[resource_type]
    return (
        resource_type.removeprefix("databricks_").replace("_", " ") if is_databricks(resource_type) else resource_type
    )


def is_databricks(resource_type: str) -> bool:
    """Whether the Databricks provider makes this type."""
    return resource_type.startswith("databricks_")


def object_name(values: Mapping[str, Any]) -> str | None:
    """The name that the object has in its service, with those of the catalog and schema before it."""
    own = next((text for key in _NAMES if (text := text_of(values.get(key)))), None)
    if own is None:
        return None
    parents = [text for key in _PARENTS if (text := text_of(values.get(key)))]
    return own if own.startswith(".".join([*parents, ""])) and parents else ".".join([*parents, own])
