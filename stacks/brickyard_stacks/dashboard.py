"""What the dashboard of a project shows: the steps' metrics, the decisions to retrain, and the platform's monitors.

The numbers of a monitor are asked by the queries that alerts have (`DriftMetric`, `ProfileMetric`).
"""

# ruff: noqa: S608 - names and values are quoted

from collections.abc import Iterator, Mapping

from brickyard_constructs.monitoring import Chart, DriftMetric, ProfileMetric, QualityMonitorProps
from brickyard_constructs.monitoring.sql_text import table, text
from brickyard_stacks.names import METRICS_SCHEMA, ProjectNames
from brickyard_stacks.settings.deployment import Deployment
from brickyard_stacks.settings.deployment.monitors import InferenceMonitor

_OF_THE_WHOLE = "model_version = '*' AND slice_key IS NULL AND column_name = ':table'"
# Of a project's monitoring table: title, and metrics as pipelines/…/ml/monitoring/known_metrics.py calls them.
_STEP_METRICS = (
    ("Log loss, and what was expected before labels came", ("log_loss", "expected_log_loss")),
    ("ROC AUC, and what was expected before labels came", ("roc_auc", "expected_roc_auc")),
    (
        "Drift of features by importance, of the worst, of predictions",
        ("feature_drift", "worst_feature_drift", "prediction_drift"),
    ),
    ("Rows scored, and those whose label is known", ("rows", "labelled_rows")),
    ("Endpoint: latency in ms", ("endpoint_latency_p50_ms", "endpoint_latency_p99_ms")),
    ("Endpoint: share of failed requests", ("endpoint_error_rate",)),
)
_QUALITY = {
    "classification": ("accuracy_score", "accuracy"),
    "regression": ("root_mean_squared_error", "root mean squared error"),
}


def charts(
    names: ProjectNames, deployment: Deployment, monitors: Mapping[str, QualityMonitorProps]
) -> tuple[Chart, ...]:
    """Of what the project measures: by its monitors, which are called as in the settings, and by its steps."""
    measured = _of_steps(names) if deployment.inference is not None else ()
    monitored = (
        chart
        for dotted, monitor in deployment.monitors.items()
        if isinstance(monitor, InferenceMonitor)
        for chart in _of_monitor(dotted, monitor, monitors[dotted])
    )
    return (*monitored, *measured)


def _of_monitor(dotted: str, monitor: InferenceMonitor, made: QualityMonitorProps) -> Iterator[Chart]:
    """Numbers of the newest window, and the history behind them."""
    granularity = monitor.granularities[0]
    drift = DriftMetric(
        metrics_table=made.drift_table,
        column=monitor.prediction_column,
        metric="js_distance" if monitor.problem_type == "classification" else "ks_test.statistic",
        granularity=granularity,
    )
    yield Chart(title=f"{dotted}: drift of predictions, newest {granularity}", kind="counter", query=drift)
    if monitor.label_column is None:
        return
    metric, words = _QUALITY[monitor.problem_type]
    quality = ProfileMetric(metrics_table=made.profile_table, metric=metric, granularity=granularity)
    yield Chart(title=f"{dotted}: {words}, newest {granularity}", kind="counter", query=quality)
    yield Chart(title=f"{dotted}: {words}", kind="line", query=quality, width=6)


def _of_steps(names: ProjectNames) -> Iterator[Chart]:
    monitoring = table(".".join(names.table(f"{METRICS_SCHEMA}.{names.project}_monitoring")))
    for title, metrics in _STEP_METRICS:
        listed = ", ".join(text(metric) for metric in metrics)
        where = f"{_OF_THE_WHOLE} AND metric IN ({listed})"
        query = f"SELECT window_start, metric, value FROM {monitoring} WHERE {where} ORDER BY 1, 2"
        yield Chart(title=title, kind="line", query=query, series="metric")
    moved = f"SELECT column_name, value FROM {monitoring} WHERE metric = 'drift' AND slice_key IS NULL"
    newest = f"window_start = (SELECT max(window_start) FROM {monitoring} WHERE metric = 'drift')"
    query = f"{moved} AND {newest} ORDER BY value DESC"
    yield Chart(title="Drift of each feature in the newest window", kind="bar", query=query, x="column_name")
    decisions = table(".".join(names.table(f"{METRICS_SCHEMA}.{names.project}_retraining_decisions")))
    columns = ("decided_at", "window_start", "retrain", "reason", "champion_version", "run_id")
    query = f"SELECT {', '.join(columns)} FROM {decisions} ORDER BY decided_at DESC LIMIT 100"
    yield Chart(title="Decisions whether to train again", kind="table", query=query, columns=columns)
