"""What costs money or holds data says who owns it and who pays for it."""

from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

REQUIRED = ("owner", "cost_center")
# Where each kind keeps its tags: a mapping, or blocks of key and value.
_MAPPING = {
    "databricks_catalog": "properties",
    "databricks_cluster": "custom_tags",
    "databricks_instance_pool": "custom_tags",
    "databricks_job": "tags",
}
_BLOCKS = {
    "databricks_database_instance": ("custom_tags",),
    "databricks_mlflow_experiment": ("tags",),
    "databricks_model_serving": ("tags",),
    "databricks_model_serving_provisioned_throughput": ("tags",),
    "databricks_sql_endpoint": ("tags", "custom_tags"),
}


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """The tags owner and cost_center are there and not empty."""
    if resource.kind in _MAPPING:
        tags = dict(resource.arguments.get(_MAPPING[resource.kind]) or {})
    elif resource.kind in _BLOCKS:
        tags = {block.get("key"): block.get("value") for block in resource.blocks(*_BLOCKS[resource.kind])}
    else:
        return
    if missing := [name for name in REQUIRED if not tags.get(name)]:
        where = f"`tags` of environments/{environment.name}.yaml or of the project's deployment"
        yield f"has no tag {' and no tag '.join(missing)}; add it to {where}"
