"""06 and 07 on a real workspace: its quality monitor, its Spark, its jobs; labels come late and tasks are killed.

The steps run in a process of their own, as tasks do.
"""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brickyard_constructs.monitoring import Chart, MetricQuery, QualityMonitorProps, Snapshot
from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_stacks.alert_queries import metric_query
from brickyard_stacks.dashboard import charts
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings import load_environment, load_project

ROOT = Path(__file__).parents[2]
FLIGHT_DELAYS = ROOT / "projects/flight_delays/project.yaml"
FOLDERS = [
    str(ROOT / part) for part in ("pipelines", "local", "projects/flight_delays", "tests/unit/pipelines_support")
]
CODE = """
import json, sys
from dataclasses import replace
sys.path[:0] = {folders!r}
from brickyard_local.runtime import lazy_spark
lazy_spark.install([])
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import catalog as uc, jobs
import mlflow
from forks import Forks, die
from brickyard_pipelines.errors import PipelineError
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.project.monitoring import Monitoring
from brickyard_pipelines.ml.project.retraining import Limit, Retraining
from brickyard_pipelines.ml.retraining import decisions_table, training_job
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps.monitor import monitor
from brickyard_pipelines.ml.steps import trigger_retraining as step

name = sys.argv[1]
shipped = load_project("flight_delays")
limits = (Limit(metric="feature_drift", threshold=0.3), Limit(metric="brier", threshold=0.9))
project = replace(shipped, workflow=replace(
    shipped.workflow,
    monitoring=Monitoring(granularity="1 day", slices=("carrier",), min_rows=50),
    retraining=Retraining(limits=limits),
))
settings = StepSettings(
    project="flight_delays", catalog=name, experiment=f"/Users/admin@brickyard.local/{{name}}",
    model=f"{{name}}.models.m", endpoint="gone", job_run_id="7", train_job=f"train-{{name}}",
)
table, measured = f"{{name}}.inference.flight_delays_predictions", f"{{name}}.metrics.flight_delays_monitoring"

def dies_after(place, name):
    work = getattr(place, name)
    setattr(place, name, lambda *given, **named: die(work(*given, **named)))

def killed_monitor(at):
    dies_after(*{{"refresh": (uc.QualityMonitorsAPI, "run_refresh"), "report": (mlflow, "log_metrics")}}[at])
    monitor(settings, project)

def killed_trigger(at):
    step.champion_of = lambda _: "1"
    setattr(*{{"recorded": (training_job, "start"), "made": (decisions_table, "started")}}[at], die)
    step.trigger_retraining(settings, project)

forks = Forks({{"monitor": killed_monitor, "trigger": killed_trigger}})
spark, w, told = session(), WorkspaceClient(), {{}}

def refused(work):
    try:
        work(settings, project)
    except PipelineError as error:
        return f"{{type(error).__name__}}: {{error}}"

def values(metric, **where):
    where = {{"slice_value": None, "model_version": "*"}} | where
    conditions = " AND ".join(f"{{k}} <=> {{v!r}}" if v else f"{{k}} IS NULL" for k, v in where.items())
    rows = spark.sql(f"SELECT value FROM {{measured}} WHERE metric = '{{metric}}' AND column_name = ':table'"
                     f" AND {{conditions}} ORDER BY window_start").collect()
    return [round(row["value"], 4) for row in rows]

told["no table"] = refused(monitor)
told["no metrics"] = refused(step.trigger_retraining)
rows = f'''SELECT '{{name}}.models.m' AS model_name, '1' AS model_version, cast(id AS string) AS flight_id,
  current_date() - 3 + cast(id % 3 AS int) + INTERVAL 1 HOUR AS prediction_at,
  if(id % 2 = 0, 'AA', 'BB') AS carrier, id % 3 * 1000D + id % 7 AS distance_mi,
  0.2D + id % 5 * 0.1D AS prediction, cast(NULL AS int) AS arrived_late FROM range(900)'''
spark.sql(f"CREATE TABLE {{table}} AS {{rows}} LIMIT 0")
told["no rows"] = refused(monitor)
spark.sql(f"INSERT INTO {{table}} {{rows}}")
monitor(settings, project)
told["without a monitor"] = [values("feature_drift"), values("rows"), values("brier"), values("expected_brier")]
# The labels of the first day come late, and a monitor later than the first predictions.
spark.sql(f"UPDATE {{table}} SET arrived_late = cast(flight_id AS int) % 2 WHERE prediction_at < current_date() - 2")
log = uc.MonitorInferenceLog(
    problem_type=uc.MonitorInferenceLogProblemType.PROBLEM_TYPE_REGRESSION, timestamp_col="prediction_at",
    granularities=["1 day"], model_id_col="model_version", prediction_col="prediction", label_col="arrived_late")
written = {{"output_schema_name": f"{{name}}.metrics", "inference_log": log}}
w.quality_monitors.create(table, assets_dir=f"/Shared/{{name}}", **written)
forks.killed("monitor", "refresh")
forks.killed("monitor", "report")
monitor(settings, project)
found = mlflow.search_runs(experiment_names=[settings.experiment], filter_string="tags.`brickyard.step` = 'monitor'")
told["monitor runs"] = [list(found["status"]), bool(found["metrics.rows"].notna().all())]
told["drift"] = [values("feature_drift"), values("prediction_drift")]
told["labels"] = [values("labelled_rows"), values("brier"), values("brier", slice_value="AA")]
key = ("window_start", "model_version", "slice_key", "slice_value", "column_name", "metric")
told["one truth"] = spark.table(measured).groupBy(*key).count().selectExpr("max(count) AS n").collect()[0]["n"]

step.champion_of = lambda _: "1"
told["no job"] = refused(step.trigger_retraining)
task = jobs.Task(task_key="t", notebook_task=jobs.NotebookTask(notebook_path="/Shared/none"))
job = w.jobs.create(name=f"train-{{name}}", tasks=[task],
    parameters=[jobs.JobParameterDefinition(name="reason", default="by hand")]).job_id
forks.killed("trigger", "recorded")
forks.killed("trigger", "made")
for _ in range(3):
    step.trigger_retraining(settings, project)
runs = [w.jobs.get_run(run.run_id) for run in w.jobs.list_runs(job_id=job)]
told["runs"] = [{{p.name: p.value for p in run.job_parameters}} for run in runs]
decisions = spark.table(f"{{name}}.metrics.flight_delays_retraining_decisions").orderBy("decided_at").collect()
started = {{run.run_id for run in runs}}
told["decisions"] = [[row["retrain"], row["reason"], row["run_id"] in started] for row in decisions]
shown = [spark.sql(query) for query in json.loads(sys.argv[2])]
alerted = json.loads(sys.argv[3])
told["alerts"] = {{alert: [row["value"] for row in spark.sql(alerted[alert]).collect()] for alert in alerted}}
told["dashboard"] = [[frame.columns, [str(row[-1]) for row in frame.collect()]] for frame in shown]
w.quality_monitors.update(table, **written, slicing_exprs=["no_such_column"])
told["broken monitor"] = refused(monitor)
print("TOLD " + json.dumps(told))
"""

pytestmark = pytest.mark.slow


def shown(catalog: str) -> tuple[tuple[Chart, ...], dict[str, MetricQuery]]:
    """What the shipped project's dashboard and its alerts ask, in another catalog and by day."""
    shipped, project = load_environment(ROOT / "environments/local.yaml"), load_project(FLIGHT_DELAYS)
    by_day = {
        dotted: monitor.model_copy(update={"granularities": ("1 day",)})
        for dotted, monitor in project.deployment.monitors.items()
    }
    deployment = project.deployment.model_copy(update={"monitors": by_day})
    other = shipped.model_copy(update={"catalog": shipped.catalog.model_copy(update={"name": catalog})})
    names = ProjectNames.of(other, project)
    made = {
        dotted: QualityMonitorProps(
            table=".".join(names.table(dotted)),
            output_schema=f"{catalog}.metrics",
            assets_dir="/Shared/watched",
            profile=Snapshot(),
        )
        for dotted in by_day
    }
    asked = {
        name: metric_query(alert.metric, by_day[alert.metric.monitor], made[alert.metric.monitor])
        for name, alert in project.deployment.alerts.items()
        if alert.metric is not None
    }
    return charts(names, deployment, made), asked


def dashboard(catalog: str) -> tuple[Chart, ...]:
    """The charts alone."""
    return shown(catalog)[0]


@pytest.fixture(scope="module")
def told(local_workspace: LocalWorkspace) -> dict[str, Any]:
    """What both steps did in one session with Spark, which costs more than all they do."""
    client, name = local_workspace.client(), f"watched_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    for schema in ("inference", "metrics", "models"):
        client.schemas.create(schema, name)
    client.registered_models.create(catalog_name=name, schema_name="models", name="m")
    environment = os.environ | local_workspace.environment()
    charted, alerted = shown(name)
    asked = [json.dumps([each.sql for each in charted]), json.dumps({alert: alerted[alert].sql for alert in alerted})]
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(folders=FOLDERS), name, *asked],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.rsplit("TOLD ", 1)[1])
    return found


def test_what_is_not_there_yet_is_named_with_the_step_that_makes_it(told: dict[str, Any]) -> None:
    assert told["no table"].startswith("MissingTable")
    assert "Run the step 'batch_inference' first" in told["no table"]
    assert "Run the step 'monitor' first" in told["no metrics"]
    assert told["no rows"].startswith("UnusableRows")


def test_without_a_quality_monitor_everything_but_drift_is_measured(told: dict[str, Any]) -> None:
    drift, rows, quality, expected = told["without a monitor"]
    assert (drift, quality) == ([], [])
    assert rows == [300, 300, 300]
    assert len(expected) == 3


def test_drift_comes_with_the_monitor_also_to_windows_that_were_measured_before(told: dict[str, Any]) -> None:
    features, predictions = told["drift"]
    # Of two features that count the same the distance moved wholly, the carrier's shares not at all.
    assert features == [0.5, 0.5]
    assert len(predictions) == 2


def test_labels_that_come_late_change_their_window_and_leave_one_truth(told: dict[str, Any]) -> None:
    labelled, quality, of_slice = told["labels"]
    assert labelled == [300, 0, 0]
    assert len(quality) == len(of_slice) == 1
    assert quality != of_slice
    assert told["one truth"] == 1


def test_a_monitor_that_was_killed_twice_has_measured_each_window_once_in_one_run(told: dict[str, Any]) -> None:
    """After it had asked for the refresh, and within its report: what it left is all that the other tests see."""
    assert told["monitor runs"] == [["FINISHED"], True]
    assert told["one truth"] == 1


def test_a_start_killed_before_and_after_it_was_made_is_one_run_with_its_reason(told: dict[str, Any]) -> None:
    assert told["no job"].startswith("CannotRetrain: 0 jobs")
    (parameters,) = told["runs"]
    assert parameters["reason"].startswith("feature_drift 0.5 is above 0.3 in 1 of 1 windows")


def test_every_decision_is_on_record(told: dict[str, Any]) -> None:
    yes, *others = told["decisions"]
    assert yes == [True, told["runs"][0]["reason"], True]
    assert len(others) == 3
    assert not any(retrain for retrain, _, _ in others)
    assert all("this breach has started a run already" in reason for _, reason, _ in others)


def test_metrics_of_a_monitor_that_fails_are_not_taken_for_those_of_now(told: dict[str, Any]) -> None:
    assert told["broken monitor"].startswith("MonitorFailed")
    assert "no_such_column" in told["broken monitor"]


def test_the_deployed_dashboard_asks_what_the_tables_can_answer(told: dict[str, Any]) -> None:
    """The queries as Terraform deploys them: the alerts' over the monitor's tables, and ours over the steps'."""
    answered = dict(zip([chart.title for chart in dashboard("c")], told["dashboard"], strict=True))
    for chart in dashboard("c"):
        assert set(chart.fields) <= set(answered[chart.title][0]), chart.title
    # Two versions of the whole: one of all, one of the only model; the labels of the first day are known.
    (drift,) = (rows for title, (_, rows) in answered.items() if "drift of predictions" in title)
    assert len(drift) == 2
    (error,) = (rows for title, (_, rows) in answered.items() if title.endswith("root mean squared error"))
    assert len([value for value in error if value != "None"]) == 2
    losses = next(rows for title, (_, rows) in answered.items() if title.startswith("Log loss"))
    assert len(losses) == 4, "one that is known, and three that are expected"
    (decisions,) = (rows for title, (_, rows) in answered.items() if title.startswith("Decisions"))
    assert len(decisions) == 4


def test_the_alerts_of_the_project_ask_what_the_monitor_has_measured(told: dict[str, Any]) -> None:
    """A row of all models and one of the only one: the worst of them is compared."""
    assert set(told["alerts"]) == {"model-error", "prediction-drift"}
    drift = told["alerts"]["prediction-drift"]
    assert len(drift) == 2
    assert all(0 <= value <= 1 for value in drift)
    error = told["alerts"]["model-error"]
    assert len(error) == 2
    assert all(value is not None for value in error), "of the first day: the labels of the others nobody knows yet"
