"""A project's limits on a monitor's metrics become a job that looks, and starts the one it names."""

import json
from typing import Any

import pytest

from brickyard_stacks.errors import InvalidSettings

MONITOR = {
    "kind": "inference",
    "problem_type": "classification",
    "timestamp_column": "at",
    "prediction_column": "prediction",
    "model_id_column": "model",
    "granularities": ["1 day"],
    "baseline": "gold.baseline",
    "retrain": {
        "limits": {
            "drift": {
                "metric": "js_distance",
                "column": "carrier",
                "against": "baseline",
                "granularity": "1 day",
                "operator": ">",
                "threshold": 0.2,
            },
            "quality": {"metric": "accuracy_score", "granularity": "1 day", "operator": "<", "threshold": 0.7},
        }
    },
}


@pytest.fixture(scope="module")
def monitoring(synthesise: Any) -> dict[str, Any]:
    stacks = synthesise(None, {"deployment": {"monitors": {"inference.scores": MONITOR}}})
    stack: dict[str, Any] = stacks["local-flight-delays-monitoring"]
    return stack


def test_the_trigger_looks_at_the_metric_tables_and_starts_the_workflow(monitoring: dict[str, Any]) -> None:
    (job,) = monitoring["resource"]["databricks_job"].values()
    tables = ["local.metrics.scores_drift_metrics", "local.metrics.scores_profile_metrics"]

    assert job["name"] == "local-flight-delays-retrain-inference-scores"
    assert job["trigger"]["table_update"]["table_names"] == tables
    assert job["trigger"]["pause_status"] == "PAUSED"
    assert "local-flight-delays" in json.dumps(monitoring["data"]["databricks_jobs"])
    assert "retraining_status_inference_scores" in monitoring["output"]


def test_who_runs_the_trigger_may_start_the_workflow(monitoring: dict[str, Any], local: dict[str, Any]) -> None:
    blocks = local["local-flight-delays"]["resource"]["databricks_permissions"].values()
    (levels,) = [block["access_control"] for block in blocks if "job_id" in block]
    robots = {a["permission_level"] for a in levels if "run_as" in str(a.get("service_principal_name"))}

    assert robots == {"CAN_MANAGE_RUN"}


def test_limits_that_are_no_metric_of_the_monitor_are_refused(synthesise: Any) -> None:
    limits = {"a": {"metric": "x", "granularity": "1 hour", "operator": ">", "threshold": 1, "against": "baseline"}}
    wrong = {key: value for key, value in MONITOR.items() if key != "baseline"}
    wrong["retrain"] = {"limits": limits}

    with pytest.raises(
        InvalidSettings, match=r"granularity: one of the monitor's granularities: 1 day; got '1 hour'"
    ) as told:
        synthesise(None, {"deployment": {"monitors": {"inference.scores": wrong}}})

    assert "limits.a.against: baseline needs the monitor's key baseline" in str(told.value)
