"""batch_inference: rows that the champion has not scored yet → inference.<project>_predictions, appended."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.data import conflicts, tables
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.inference import append, champion, pending, scoring
from brickyard_pipelines.ml.inference import table as inference_table
from brickyard_pipelines.ml.inference.append import Window
from brickyard_pipelines.ml.inference.champion import Champion
from brickyard_pipelines.ml.inference.pending import Pending
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("batch_inference", batch_inference)


def batch_inference(settings: StepSettings, project: Project) -> None:
    """Score what is new with the champion; a row is written once per model version, however often this runs."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    chosen = champion.current(MlflowClient(), settings, project)
    spark = session()
    features = settings.table("features", project.name)
    now = tables.require(spark, features, made_by="features").version
    found = spark.table(features).schema
    scoring.check_columns(features, {field.name: field.dataType.simpleString() for field in found}, project)
    table = inference_table.ensure(spark, settings, project)
    known = tables.detail(spark, features)
    tables.ensure_change_feed(spark, features, known)
    done = pending.scope(known, chosen, project.workflow.features.time_key)
    before = pending.watermark(spark, table, done)
    if before is not None and before >= now:
        _log.info("%s: nothing to do, version %s has scored %s at version %d", table, chosen.version, features, now)
        return
    with ThreadPoolExecutor(1, "model") as aside:  # it is loaded here while Spark looks for what is new
        inputs = aside.submit(champion.inputs, chosen, project)
        written = conflicts.until_undisturbed(
            lambda: write(
                spark,
                settings,
                project,
                (chosen, inputs),
                pending.find(spark, table, features, project, chosen, (before, now)),
            )
        )
    pending.record(spark, table, done, now)
    _log.info("%s: %d rows appended, scored by version %s", table, written, chosen.version)


def write(
    spark: "SparkSession",
    settings: StepSettings,
    project: Project,
    model: tuple[Champion, Future[tuple[str, ...]]],
    waiting: Pending,
) -> int:
    """Score the rows and append them in one commit. Answers how many there were.

    `model` is the version and, once it could be loaded, what it takes: a broken one writes nothing.
    """
    if waiting.window is None:
        return 0
    waiting.rows.createOrReplaceTempView("to_score")
    chosen, inputs = model
    return append.run(spark, statement(spark, settings, project, chosen, inputs.result(), waiting.window))


def statement(
    spark: "SparkSession",
    settings: StepSettings,
    project: Project,
    chosen: Champion,
    inputs: Sequence[str],
    window: Window,
) -> str:
    """The MERGE that scores the view `to_score`."""
    definition = project.workflow.features
    scorer = scoring.ready(spark, chosen, inputs)
    scored = scoring.select(settings, project, scorer, rows="to_score", source=inference_table.BATCH)
    same = append.same_version_and_key(definition.key)
    table = inference_table.name(settings, project)
    return append.merge(table, scored, same=same, window=window, time_key=definition.time_key)
