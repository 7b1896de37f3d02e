"""batch_inference: rows that the champion has not scored yet → inference.<project>_predictions, appended."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import NoChampion
from brickyard_pipelines.ml.data import rows, tables
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.data.tables import ColumnDefinition
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("batch_inference", batch_inference)


def batch_inference(settings: StepSettings, project: Project) -> None:
    """Score the batch period with the champion; a row is written once per model version, however often this runs."""
    version = champion(settings)
    spark = session()
    table = settings.table("inference", f"{project.name}_predictions")
    comment = f"Predictions of {settings.model}, never overwritten"
    tables.create(spark, table, definitions(project), comment=comment, statistics=6)
    pending = unscored(spark, settings, project, table, version)
    waiting = pending.count()
    if waiting:
        append(spark, project, score(spark, settings, project, pending, version), table)
    _log.info("%s: %d rows appended, scored by version %s", table, waiting, version)


def champion(settings: StepSettings) -> str:
    """The version that carries the alias now; the whole run stays with it.

    Errors: NoChampion.
    """
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import versions

    version = versions.champion(MlflowClient(), settings.need("model"))
    if version is None:
        raise NoChampion(f"No version of {settings.model} carries the alias champion. Run the step 'deploy' first.")
    return version


def definitions(project: Project) -> list[ColumnDefinition]:
    """The inference table: who scored when, the key, the features, the prediction; the label comes later."""
    definition = project.workflow.features
    columns: Sequence[Feature] = refer(definition.columns)
    label = project.workflow.labels.column
    return [
        ColumnDefinition(name="model_name", type="string", nullable=False, comment="Registered model"),
        ColumnDefinition(name="model_version", type="string", nullable=False, comment="Version that scored"),
        ColumnDefinition(name="scored_at", type="timestamp", nullable=False, comment="When it was scored"),
        ColumnDefinition(name="job_run_id", type="string", comment="Job run that scored; null by hand"),
        ColumnDefinition(name=definition.key, type="string", nullable=False, comment="Key of the row"),
        ColumnDefinition(name=definition.time_key, type="timestamp", nullable=False, comment="Prediction moment"),
        *(ColumnDefinition(name=column.name, type=column.type, comment=column.comment) for column in columns),
        ColumnDefinition(name="prediction", type="double", comment=f"Probability of {label} = 1"),
        ColumnDefinition(name=label, type="int", comment="What happened, joined by key when it is known"),
    ]


def unscored(spark: "SparkSession", settings: StepSettings, project: Project, table: str, version: str) -> "DataFrame":
    """The feature rows of the batch period that this version has not scored."""
    definition = project.workflow.features
    features = settings.table("features", project.name)
    known = tables.require(spark, features, made_by="features").version
    period = rows.within(tables.at(spark, features, known), definition.time_key, project.workflow.batch)
    scored = spark.table(table).where(f"model_name = '{settings.need('model')}' AND model_version = '{version}'")
    return period.join(scored.select(definition.key), definition.key, "left_anti")


def score(
    spark: "SparkSession", settings: StepSettings, project: Project, pending: "DataFrame", version: str
) -> "DataFrame":
    """The rows of the inference table, scored where the rows are."""
    import mlflow.pyfunc  # seconds of imports that tests do not need
    from pyspark.sql import functions as f

    model = settings.need("model")
    names = [column.name for column in refer(project.workflow.features.columns)]
    predict = mlflow.pyfunc.spark_udf(spark, f"models:/{model}/{version}", result_type="double", env_manager="local")
    label = project.workflow.labels.column
    return pending.select(
        f.lit(model).alias("model_name"),
        f.lit(version).alias("model_version"),
        f.current_timestamp().alias("scored_at"),
        f.lit(settings.job_run_id).cast("string").alias("job_run_id"),
        *(f.col(name) for name in (project.workflow.features.key, project.workflow.features.time_key, *names)),
        predict(f.struct(*names)).alias("prediction"),
        f.lit(None).cast("int").alias(label),
    )


def append(spark: "SparkSession", project: Project, scored: "DataFrame", table: str) -> None:
    """Insert what is not there. MERGE, not append: of two runs at once one finds the other's rows."""
    key = project.workflow.features.key
    columns = ", ".join(f"`{name}`" for name in scored.columns)
    values = ", ".join(f"scored.`{name}`" for name in scored.columns)
    same = " AND ".join(f"kept.`{name}` = scored.`{name}`" for name in ("model_name", "model_version", key))
    scored.createOrReplaceTempView("scored_now")
    spark.sql(  # names come from project.yaml and the table, never from rows
        f"MERGE INTO {table} AS kept USING scored_now AS scored ON {same}"  # noqa: S608
        f" WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})"
    )
