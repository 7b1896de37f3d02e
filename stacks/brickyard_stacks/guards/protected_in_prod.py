"""What holds state in prod cannot be destroyed by a plan: it takes a change of the settings first."""

from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

STATEFUL = frozenset(
    {
        "aws_s3_bucket",
        "databricks_catalog",
        "databricks_database_instance",
        "databricks_external_location",
        "databricks_mlflow_experiment",
        "databricks_model_serving",
        "databricks_model_serving_provisioned_throughput",
        "databricks_registered_model",
        "databricks_schema",
        "databricks_secret_scope",
        "databricks_sql_table",
        "databricks_storage_credential",
        "databricks_volume",
    }
)


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """prevent_destroy is set, and nothing is deleted with what is in it."""
    if environment.stage != "prod" or resource.kind not in STATEFUL:
        return
    if not any(block.get("prevent_destroy") is True for block in resource.blocks("lifecycle")):
        yield "holds state and a plan could destroy it; set lifecycle.prevent_destroy (the construct's `protected`)"
    for argument in ("force_destroy", "purge_on_delete"):
        if resource.arguments.get(argument) is True:
            yield f"{argument} deletes all that is in it; leave it out in prod"
