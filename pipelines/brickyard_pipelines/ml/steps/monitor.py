"""monitor: the quality monitor's metrics and the inference table → metrics.<project>_monitoring and a report."""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import UnusableRows
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.monitoring import (
    endpoint,
    importance,
    measure,
    metrics_table,
    predictions,
    quality_monitor,
    report,
)
from brickyard_pipelines.ml.monitoring.drift import ColumnDrift
from brickyard_pipelines.ml.monitoring.importance import Importance
from brickyard_pipelines.ml.monitoring.measure import Seen
from brickyard_pipelines.ml.monitoring.metrics_table import MetricRow
from brickyard_pipelines.ml.monitoring.quality_monitor import DriftTable
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)
_NO_MONITOR = "not measured: the inference table has no quality monitor (deployment.monitors makes one)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where this step works, and for whom."""

    spark: "SparkSession"
    workspace: "WorkspaceClient"
    settings: StepSettings
    project: Project


def main() -> None:
    """The task's entry point."""
    entry.run("monitor", monitor)


def monitor(settings: StepSettings, project: Project) -> None:
    """Measure the windows whose rows, labels or requests changed since they were measured; no other is touched.

    Errors: MissingTable, UnusableRows, MonitorFailed.
    """
    from databricks.sdk import WorkspaceClient  # seconds of imports that tests do not need

    place = Place(spark=session(), workspace=WorkspaceClient(), settings=settings, project=project)
    scored = predictions.of_model(place.spark, settings, project)
    refreshed = refresh(place)
    table = metrics_table.table_of(settings, project.name)
    known = metrics_table.read(place.spark, table, granularity=project.workflow.monitoring.granularity)
    weights = importance_of(settings, project)
    seen = look(place, scored, known, refreshed, weights)
    measured = measure.rows(seen)
    metrics_table.write(place.spark, table, measured, now=seen.now)
    _log.info("%s: %d windows measured, %d rows", table, len(seen.starts), len(measured))
    log_report(place, table, weights, weights.said if refreshed else _NO_MONITOR)


def refresh(place: Place) -> DriftTable | None:
    """The quality monitor's metrics as of now; without a monitor there is no drift, which is said."""
    table = predictions.table_of(place.settings, place.project)
    within_s = place.project.workflow.monitoring.refresh_within_minutes * 60.0
    refreshed = quality_monitor.refresh(place.workspace.quality_monitors, table, within_s=within_s)
    if refreshed is None:
        _log.warning("%s: drift is %s", table, _NO_MONITOR)
    return refreshed


def importance_of(settings: StepSettings, project: Project) -> Importance:
    """How much the champion leans on each feature."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import versions

    model = settings.need("model")
    features = [column.name for column in refer(project.workflow.features.columns)]
    weights = importance.of_champion(model, versions.champion(MlflowClient(), model), features)
    _log.info("feature drift is %s", weights.said)
    return weights


def look(
    place: Place,
    scored: "DataFrame",
    known: Sequence[MetricRow],
    refreshed: DriftTable | None,
    weights: Importance,
) -> Seen:
    """What the tables say of the windows that changed.

    Errors: UnusableRows when the inference table has no row of this model.
    """
    spark, how, label = place.spark, place.project.workflow.monitoring, place.project.workflow.labels.column
    counted = predictions.counted(scored, label)
    if not counted:
        table = predictions.table_of(place.settings, place.project)
        raise UnusableRows(f"{table} holds no prediction of {place.settings.model} yet. Run 'batch_inference' first.")
    payloads = endpoint.payload_table(place.workspace.serving_endpoints, place.settings.endpoint)
    requests = endpoint.by_window(spark, payloads, granularity=how.granularity)
    asked = measure.requests_changed(requests, known)
    starts = sorted({*measure.changed(counted, known, drifts=refreshed is not None), *(asked & counted.keys())})
    drift: Mapping[dt.datetime, Sequence[ColumnDrift]] = {}
    if refreshed is not None:
        drift = quality_monitor.drift_by_window(
            spark, refreshed, granularity=how.granularity, against=how.against, starts=starts
        )
    return Seen(
        granularity=how.granularity,
        starts=starts,
        counted=counted,
        bins=predictions.bins(scored, label, measure.with_reference(starts, counted), how.slices),
        drift=drift,
        importance=weights.shares,
        requests={start: each for start, each in requests.items() if start in {*starts, *(asked - counted.keys())}},
        newest_row=predictions.newest(scored, place.project.workflow.features.time_key),
        min_rows=how.min_rows,
        now=dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
    )


def log_report(place: Place, table: str, weights: Importance, drift_said: str) -> None:
    """The newest window's metrics and a page of all windows, in a run of this step."""
    import mlflow

    from brickyard_pipelines.ml.registry import runs

    project = place.project
    rows = metrics_table.read(place.spark, table, granularity=project.workflow.monitoring.granularity)
    newest = max(row.window_start for row in rows if row.metric == "rows")
    features = metrics_table.features(place.spark, table, newest)
    page = report.page(
        f"{project.title}: monitoring",
        rows,
        limits=project.workflow.retraining.limits,
        features={name: (moved, weights.shares.get(name, 0.0)) for name, moved in features.items()},
        drift_said=drift_said,
    )
    with runs.step_run("monitor", place.settings, project, {}):
        mlflow.log_metrics({row.metric: row.value for row in rows if row.window_start == newest and row.of_the_whole})
        mlflow.log_text(page, "monitoring.html")
