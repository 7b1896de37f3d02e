"""streaming_inference: feature rows as they come → scored by the champion → inference.<project>_predictions.

Structured Streaming over the feature table's change data feed, with a checkpoint. A row is written once, whoever is
killed when; one that comes late is scored when it comes; a new champion takes over between two micro-batches.
With `--available-now` it scores what is there and ends, for a schedule.
"""

import logging
from functools import partial
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import BrokenContract
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import session, ship
from brickyard_pipelines.ml.inference import append, champion, scoring, streams
from brickyard_pipelines.ml.inference import table as inference_table
from brickyard_pipelines.ml.inference.champion import Champion
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.project.inference import Streaming
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from pyspark.sql import SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("streaming_inference", streaming_inference)


def streaming_inference(settings: StepSettings, project: Project) -> None:
    """Score rows as they come, until it is ended; with `--available-now` until there are no more."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    client, spark = MlflowClient(), session()
    prepare(spark, settings, project)
    how = project.workflow.inference.streaming or Streaming()
    while True:
        chosen = champion.current(client, settings, project)
        _log.info("scoring with version %s from now on", chosen.version)
        query = start(spark, settings, project, chosen)
        if not streams.follow(query, every_s=how.champion_every_s, is_over=partial(has_moved, client, chosen)):
            return


def prepare(spark: "SparkSession", settings: StepSettings, project: Project) -> None:
    """Make sure that there is something to stream from and to.

    Errors: MissingTable; BrokenContract when the feature table cannot be streamed.
    """
    ship("brickyard_pipelines")
    features = settings.table("features", project.name)
    tables.require(spark, features, made_by="features")
    found = spark.table(features).schema
    scoring.check_columns(features, {field.name: field.dataType.simpleString() for field in found}, project)
    inference_table.ensure(spark, settings, project)
    if not tables.ensure_change_feed(spark, features, tables.detail(spark, features)):
        raise BrokenContract(
            f"{features} has no change data feed, and this principal may not switch it on. Its rows change, so that it"
            " can be streamed no other way: set the table property delta.enableChangeDataFeed = true."
        )


def has_moved(client: "MlflowClient", chosen: Champion) -> bool:
    """Whether another version is champion now."""
    return champion.current_version(client, chosen.model) != chosen.version


def start(spark: "SparkSession", settings: StepSettings, project: Project, chosen: Champion) -> "StreamingQuery":
    """Begin, or go on where the checkpoint says."""
    definition = project.workflow.features
    how = project.workflow.inference.streaming or Streaming()
    scorer = scoring.ready(spark, chosen, champion.inputs(chosen, project))
    scored = scoring.select(settings, project, scorer, rows="streamed", source=inference_table.STREAM)
    table = inference_table.name(settings, project)
    same = append.same_event(definition.key)
    statement = append.merge(table, scored, same=same, window=streams.WINDOW, time_key=definition.time_key)
    batch = streams.running(
        [statement],
        view="streamed",
        key=f"`{definition.key}`",
        moment=f"`{definition.time_key}`",
        newest="_commit_version",
    )
    feed = spark.readStream.option("readChangeFeed", "true").option("maxFilesPerTrigger", str(how.files_per_batch))
    changes = feed.table(settings.table("features", project.name))
    rows = changes.where("_change_type IN ('insert', 'update_postimage')").where(chosen.where(definition.time_key))
    writer = rows.writeStream.foreachBatch(batch).queryName(f"{project.name}_streaming_inference")
    writer = writer.option("checkpointLocation", streams.checkpoint(settings, "streaming_inference"))
    trigger = {"availableNow": True} if settings.available_now else {"processingTime": f"{how.every_s} seconds"}
    return streams.begin(writer.trigger(**trigger))
