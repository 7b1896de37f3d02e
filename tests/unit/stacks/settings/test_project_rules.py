"""Projects of several models, endpoints and jobs, and the rules between their keys."""

from collections.abc import Callable
from typing import Any

import pytest

from brickyard_stacks.settings import Project

Load = Callable[[dict[str, Any]], Project]
Told = Callable[..., str]

WHEEL = {"package": "churn", "entry_point": "main"}
TASK = {"key": "train", "wheel": WHEEL}
LLM = {"model": "churn", "route": "llm"}
MONITOR = {"kind": "timeseries", "timestamp_column": "at", "granularities": ["1 day"]}
CRON = {"quartz_cron": "0 0 6 * * ?"}
COMPARED = {"operator": "LESS_THAN", "threshold": 1, "warehouse": "shared", "schedule": CRON}
METRIC = {"monitor": "gold.a", "table": "profile", "name": "avg", "column": "x"}


def jobs(**job: Any) -> dict[str, Any]:
    return {"jobs": {"tune": {"tasks": [TASK], **job}}}


def alert(**asked: Any) -> dict[str, Any]:
    return {"monitors": {"gold.a": MONITOR}, "alerts": {"low": {**COMPARED, **asked}}}


def tasks(*more: dict[str, Any]) -> dict[str, Any]:
    return {"jobs": {"tune": {"tasks": [TASK, *more]}}}


def test_the_short_form_is_one_model_and_one_endpoint(project_with: Load) -> None:
    project = project_with({"serving": {"workload_size": "Medium", "scale_to_zero": False}})

    assert list(project.models) == ["churn"]
    endpoint = project.endpoints["churn"]
    assert (endpoint.model, endpoint.workload_size, endpoint.scale_to_zero) == ("churn", "Medium", False)


def test_three_models_two_endpoints_and_a_fine_tuning_run_are_settings(project_with: Load) -> None:
    project = project_with(
        {
            "models": {"score": {}, "reason": {"title": "Why they leave"}, "letter": {"deployment_job": True}},
            "endpoints": {
                "score": {"model": "score", "gateway": {"rate_limits": [{"calls": 100}]}},
                "letter": {**LLM, "model": "letter", "provisioned_throughput": {"model_units": 50}},
            },
            "jobs": {
                "fine-tune": {
                    "clusters": {"gpu": {"policy": "gpu"}},
                    "tasks": [
                        {**TASK, "compute": "gpu"},
                        {"key": "check", "depends_on": ["train"], "notebook": {"path": "check.py"}},
                        {"key": "all", "depends_on": ["check"], "run_job": {"job": "workflow"}},
                    ],
                    "trigger": {"kind": "table_update", "tables": ["gold.letters"]},
                }
            },
            "tables": {
                "gold.letters": {"columns": {"id": {"type": "BIGINT", "nullable": False}}, "primary_key": ["id"]}
            },
            "monitors": {"gold.letters": MONITOR},
        }
    )

    assert list(project.models) == ["score", "reason", "letter"]
    assert {name: endpoint.route for name, endpoint in project.endpoints.items()} == {
        "score": "custom",
        "letter": "llm",
    }


def test_a_project_may_have_no_endpoint_and_no_model(project_with: Load) -> None:
    assert not project_with({"endpoints": {}}).endpoints
    assert not project_with({"models": {}}).endpoints


@pytest.mark.parametrize(
    ("deployment", "rule"),
    [
        (
            {"endpoints": {"a": {"model": "chrun"}}},
            "endpoints.a.model: must be one of the project's models: churn; got",
        ),
        ({"endpoints": {"a": {"model": "chrun"}}}, "did you mean churn?"),
        ({"endpoints": {}, "serving": {}}, "deployment.serving: endpoints says it all: remove one of the two"),
        ({"models": {"a": {}, "b": {}}, "serving": {}}, "deployment.serving: the short form is for a project of one"),
        ({"endpoints": {"a": LLM}}, "endpoints.a.provisioned_throughput: required for route llm"),
        (
            {"endpoints": {"a": {**LLM, "provisioned_throughput": {"model_units": 1}, "workload_size": "Small"}}},
            "endpoints.a.workload_size: for route custom only",
        ),
        (
            {"endpoints": {"a": {"model": "churn", "provisioned_throughput": {"model_units": 1}}}},
            "endpoints.a.provisioned_throughput: for route llm only",
        ),
        (
            {"endpoints": {"a": {**LLM, "provisioned_throughput": {}}}},
            "provisioned_throughput.model_units: model_units or max_tokens_per_second must be given, not both",
        ),
        (
            {
                "endpoints": {
                    "a": {**LLM, "provisioned_throughput": {"min_tokens_per_second": 9, "max_tokens_per_second": 8}}
                }
            },
            "min_tokens_per_second: at most max_tokens_per_second, 8; got 9 (int)",
        ),
        (
            {"endpoints": {"a": {"model": "churn", "gateway": {"guardrails": {}}}}},
            "endpoints.a.gateway.guardrails: for route llm only",
        ),
        (
            {"endpoints": {"a": {"model": "churn", "gateway": {"rate_limits": [{}]}}}},
            "endpoints.a.gateway.rate_limits.0.calls: calls or tokens must be given",
        ),
        (
            {"endpoints": {"a": {"model": "churn", "gateway": {"rate_limits": [{"calls": 1, "principal": "x"}]}}}},
            "rate_limits.0.principal: goes with key user_group or service_principal",
        ),
        ({"jobs": {"workflow": {"tasks": [TASK]}}}, "jobs.workflow: is the project's own job"),
        (jobs(tasks=[]), "jobs.tune.tasks: must have at least 1 item"),
        (
            jobs(schedule=CRON, trigger={"kind": "file_arrival", "volume": "bronze.landing"}),
            "trigger: schedule or trigger",
        ),
        (jobs(trigger={"kind": "file"}), "trigger.kind: must be one of file_arrival, table_update; got 'file'"),
        (
            tasks({"key": "b"}),
            "jobs.tune.tasks.1.key: a task has exactly one of wheel, notebook, sql, python_file, run_job",
        ),
        (tasks({**TASK, "key": "b", "notebook": {"path": "x"}}), "run_job; got wheel and notebook"),
        (tasks(TASK), "jobs.tune.tasks: each key stands once"),
        (
            tasks({**TASK, "key": "b", "depends_on": ["c"]}),
            "tasks.1.depends_on: names a task that stands above it; c does",
        ),
        (
            tasks({**TASK, "key": "b", "compute": "gpu"}),
            "tasks.1.compute: serverless, or one of the job's clusters: none",
        ),
        (tasks({"key": "b", "run_job": {"job": "tune"}}), "tasks.1.run_job.job: another job of the project: workflow"),
        (
            tasks({"key": "b", "compute": "x", "sql": {"path": "q.sql", "warehouse": "shared"}}),
            "tasks.1.compute: a task of sql or run_job takes no cluster",
        ),
        (
            {"tables": {"golden.a": {"columns": {"x": {"type": "INT"}}}}},
            "tables.golden.a: begins with one of the schemas",
        ),
        (
            {"tables": {"gold.a": {"columns": {"x": {"type": "INT"}}, "cluster_by": ["y"]}}},
            "cluster_by: names columns of",
        ),
        (
            {"tables": {"gold.a": {"columns": {"x": {"type": "INT"}}, "primary_key": ["x"]}}},
            "tables.gold.a.columns.x.nullable: false, for a column of the primary key",
        ),
        ({"volumes": {"landing": {}}}, "volumes.landing: must be schema.name, each of lower-case letters"),
        ({"monitors": {"gold.a": {**MONITOR, "kind": "timeserie"}}}, "must be one of inference, snapshot, timeseries"),
        ({"monitors": {"gold.a": {**MONITOR, "granularities": ["1 dya"]}}}, "got '1 dya'; did you mean 1 day?"),
        (alert(), "alerts.low.sql: an alert has either metric or sql"),
        (alert(metric=METRIC, sql="SELECT 1 AS n"), "alerts.low.sql: an alert has either metric or sql"),
        (alert(sql="SELECT 1 AS n"), "alerts.low.column: required with sql"),
        (alert(metric=METRIC, column="n"), "alerts.low.column: is of a query's result: remove it"),
        (alert(metric={**METRIC, "name": "avg("}), "alerts.low.metric.name: must be a metric like js_distance"),
        (
            alert(metric={**METRIC, "monitor": "gold.b"}),
            "alerts.low.metric.monitor: names no monitor of the project; add it to monitors; got 'gold.b'",
        ),
        (
            alert(metric={**METRIC, "granularity": "1 week"}),
            "alerts.low.metric.granularity: is not among the granularities of the monitor of gold.a",
        ),
        (
            alert(metric={"monitor": "gold.a", "table": "drift", "name": "js_distance"}),
            "alerts.low.metric.column: required: drift is measured of a column, not of a table",
        ),
        (
            alert(metric={**METRIC, "table": "drift", "against": "baseline"}),
            "alerts.low.metric.against: the monitor of gold.a has no baseline; give it one",
        ),
    ],
)
def test_a_broken_rule_names_its_key_and_what_holds(
    project_with: Load, told: Told, deployment: dict[str, Any], rule: str
) -> None:
    assert rule in told(project_with, deployment)
