"""trigger_retraining: metrics.<project>_monitoring → a decision on record → perhaps a run of the training job."""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.monitoring import metrics_table
from brickyard_pipelines.ml.monitoring.known_metrics import METRICS
from brickyard_pipelines.ml.monitoring.metrics_table import ALL_MODELS, MetricRow
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.retraining import decisions_table, training_job
from brickyard_pipelines.ml.retraining.decision import Measured, Situation, decide
from brickyard_pipelines.ml.retraining.decisions_table import Recorded
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from databricks.sdk.service.jobs import JobsAPI
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("trigger_retraining", trigger_retraining)


def trigger_retraining(settings: StepSettings, project: Project) -> None:
    """Decide once, and write it down whatever it is; start the training job when it is a yes.

    Errors: MissingTable, CannotRetrain.
    """
    from databricks.sdk import WorkspaceClient  # seconds of imports that tests do not need

    jobs = WorkspaceClient().jobs
    spark = session()
    monitoring = metrics_table.table_of(settings, project.name)
    tables.require(spark, monitoring, made_by="monitor")
    table = decisions_table.table_of(settings, project.name)
    decisions_table.create(spark, table)
    job = training_job.job_id(jobs, settings.need("train_job"))
    make_starts(spark, jobs, job, table, settings)
    rows = metrics_table.read(spark, monitoring, granularity=project.workflow.monitoring.granularity)
    champion = champion_of(settings)
    seen = situation(project, rows, champion, decisions_table.starts(spark, table), training_job.under_way(jobs, job))
    decision = decide(project.workflow.retraining, seen)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    decisions_table.record(spark, table, decision, champion=champion, job_run_id=settings.job_run_id, now=now)
    _log.info("%s: %s", "train again" if decision.retrain else "do not train again", decision.reason)
    make_starts(spark, jobs, job, table, settings)


def make_starts(spark: "SparkSession", jobs: "JobsAPI", job: int, table: str, settings: StepSettings) -> None:
    """Start what is on record and was not started: of this decision, or of one whose task was killed."""
    for recorded in decisions_table.starts(spark, table):
        if recorded.run_id is None:
            token, reason = recorded.start.token, recorded.reason
            run_id = training_job.start(jobs, job, token=token, reason=reason, land_until=settings.land_until)
            decisions_table.started(spark, table, recorded.start.token, run_id)
            _log.info("run %d of the training job: %s", run_id, recorded.reason)


def situation(
    project: Project,
    rows: Sequence[MetricRow],
    champion: str | None,
    starts: Sequence[Recorded],
    under_way: int | None,
) -> Situation:
    """What the decision looks at: how good the champion was, and what all rows were like.

    After a new champion has scored the newest months as well, the breaches of the one before it are history.
    """
    return Situation(
        granularity=project.workflow.monitoring.granularity,
        min_rows=project.workflow.monitoring.min_rows,
        champion=champion,
        measured=[
            Measured(metric=row.metric, window_start=row.window_start, value=row.value, rows=row.rows)
            for row in rows
            if row.model_version == _judged(row.metric, champion) and row.slice_key is None
        ],
        starts=[recorded.start for recorded in starts],
        under_way=under_way,
    )


def _judged(metric: str, champion: str | None) -> str:
    known = METRICS.get(metric)
    return champion if champion is not None and known is not None and known.of_a_version else ALL_MODELS


def champion_of(settings: StepSettings) -> str | None:
    """The version that is champion now."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import versions

    return versions.champion(MlflowClient(), settings.need("model"))
