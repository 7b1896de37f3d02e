"""The inference job: there where a project asks for it, and allowed to start the one that trains."""

from typing import Any

import pytest

from brickyard_stacks.errors import InvalidSettings

SCHEDULE = {"quartz_cron": "0 0 7 * * ?"}


@pytest.fixture(scope="module")
def jobs(synthesise: Any) -> dict[str, Any]:
    stacks = synthesise(None, {"deployment": {"inference": {"schedule": SCHEDULE, "max_retries": 2}}})
    return {job["name"]: job for job in stacks["local-flight-delays"]["resource"]["databricks_job"].values()}


def arguments(job: dict[str, Any], step: str) -> list[str]:
    (task,) = [task for task in job["task"] if task["task_key"] == step]
    parameters: list[str] = task["python_wheel_task"]["parameters"]
    return parameters


def test_it_scores_measures_and_decides_in_this_order(jobs: dict[str, Any]) -> None:
    tasks = {task["task_key"]: task for task in jobs["local-flight-delays-inference"]["task"]}
    after = {key: [need["task_key"] for need in task.get("depends_on", ())] for key, task in tasks.items()}
    assert after["unpack_payloads"] == ["batch_inference"]
    assert after["monitor"] == ["join_labels"]
    assert after["trigger_retraining"] == ["monitor"]
    assert all(task["max_retries"] == 2 for task in tasks.values())


def test_what_decides_is_told_which_job_trains(jobs: dict[str, Any]) -> None:
    told = arguments(jobs["local-flight-delays-inference"], "trigger_retraining")
    assert told[told.index("--train-job") + 1] == "local-flight-delays"
    assert "local-flight-delays" in jobs


def test_a_source_that_is_replayed_is_told_until_when(jobs: dict[str, Any]) -> None:
    job = jobs["local-flight-delays-inference"]
    told = arguments(job, "ingest")
    assert told[told.index("--land-until") + 1] == "{{job.parameters.land_until}}"
    assert {"name": "land_until", "default": ""} in job["parameter"]
    assert job["schedule"]["pause_status"] == "PAUSED"


def test_without_the_block_there_is_no_such_job(local: dict[str, Any]) -> None:
    (job,) = local["local-flight-delays"]["resource"]["databricks_job"].values()
    assert job["name"] == "local-flight-delays"


def test_no_job_of_the_team_takes_its_name(synthesise: Any) -> None:
    task = {"key": "a", "python_file": {"path": "a.py"}}
    with pytest.raises(InvalidSettings, match="inference: is the project's own job"):
        synthesise(None, {"deployment": {"jobs": {"inference": {"tasks": [task]}}}})
