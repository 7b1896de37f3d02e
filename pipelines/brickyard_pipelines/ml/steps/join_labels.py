"""join_labels: labels that became known, or changed, → their rows of the inference table.

Hands on `label_days`: which days (UTC) of prediction moments were touched, for the monitor to look at again.
"""

import json
import logging
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import UnusableRows
from brickyard_pipelines.ml.data import conflicts, tables
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.inference import table as inference_table
from brickyard_pipelines.ml.inference.labels import Joined, joined, merge
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry
from brickyard_pipelines.task_values import hand_on

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)
_MOST_DAYS = 400  # a task value holds 48 KiB


def main() -> None:
    """The task's entry point."""
    entry.run("join_labels", join_labels)


def join_labels(settings: StepSettings, project: Project) -> None:
    """Bring the labels that are known now into the table; running it again touches nothing."""
    spark = session()
    table = inference_table.ensure(spark, settings, project)
    labels(spark, settings, project).createOrReplaceTempView("labels_now")
    refuse_unclear(spark, project)
    done = conflicts.until_undisturbed(lambda: join(spark, table, project))
    _log.info("%s: %d labels joined, %d changed, on %d days", table, done.new, done.changed, len(done.days))
    hand_on("label_days", json.dumps(done.days[-_MOST_DAYS:]), job_run_id=settings.job_run_id)


def labels(spark: "SparkSession", settings: StepSettings, project: Project) -> "DataFrame":
    """Key and label, as the project's function says, of the newest silver tables."""
    definition = project.workflow.labels
    silver = {}
    for name in definition.inputs:
        source = settings.source(name)
        version = tables.require(spark, source, made_by="ingest").version
        silver[name] = tables.at(spark, source, version)
    found: DataFrame = refer(definition.function)(silver)
    return found.selectExpr(f"`{project.workflow.features.key}`", f"CAST(`{definition.column}` AS int) AS label")


def refuse_unclear(spark: "SparkSession", project: Project) -> None:
    """Errors: UnusableRows when a key has two labels: which of them is true cannot be said."""
    key = project.workflow.features.key
    twice = f"SELECT `{key}` FROM labels_now GROUP BY `{key}` HAVING count(*) > 1 LIMIT 3"  # noqa: S608 - a name
    if found := [str(row[0]) for row in spark.sql(twice).collect()]:
        raise UnusableRows(
            f"{project.workflow.labels.function} gives more than one label for {key} {', '.join(found)}."
            " It must answer one row per key; nothing was joined."
        )


def join(spark: "SparkSession", table: str, project: Project) -> Joined:
    """Look which rows are touched, then touch them; both at the same label values."""
    key, time_key = project.workflow.features.key, project.workflow.features.time_key
    column = project.workflow.labels.column
    done = joined(spark, table, key=key, time_key=time_key, column=column)
    if done.days:
        spark.sql(merge(table, key=key, time_key=time_key, column=column, days=done.days)).collect()
    return done
