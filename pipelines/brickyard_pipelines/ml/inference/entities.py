"""Which model version a served entity's id stands for: payloads name who answered by nothing else.

Source: docs.databricks.com/aws/en/ai-gateway/inference-tables-serving-endpoints (`served_entity_id`)
"""

from typing import TYPE_CHECKING

from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_VIEW = "served_entities"


def as_view(spark: "SparkSession", settings: StepSettings, project: Project) -> str:
    """A view of served_entity_id, entity_name and entity_version, one row per id. Answers its name."""
    table = ".".join(f"`{part}`" for part in project.workflow.inference.served_entities.split("."))
    spark.sql(
        "SELECT served_entity_id, first(entity_name) AS entity_name, first(string(entity_version)) AS entity_version"  # noqa: S608 - names
        f" FROM {table} WHERE entity_name = '{settings.need('model')}' GROUP BY served_entity_id"
    ).createOrReplaceTempView(_VIEW)
    return _VIEW
