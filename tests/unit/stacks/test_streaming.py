"""The streaming job: there where a project asks for it, all the time or at given times."""

from typing import Any

import pytest

from brickyard_stacks.errors import InvalidSettings


def job_of(stacks: dict[str, Any]) -> dict[str, Any]:
    jobs = {job["name"]: job for job in stacks["local-flight-delays"]["resource"]["databricks_job"].values()}
    found: dict[str, Any] = jobs["local-flight-delays-streaming"]
    return found


def test_without_a_schedule_one_run_follows_the_other_and_each_ends_by_itself(synthesise: Any) -> None:
    job = job_of(synthesise(None, {"deployment": {"streaming": {}}}))
    (task,) = job["task"]
    assert task["task_key"] == "streaming_inference"
    assert task["python_wheel_task"]["parameters"][-1] == "--available-now"
    assert "schedule" not in job
    assert job["continuous"] == {"pause_status": "PAUSED"}
    assert job["queue"] == {"enabled": False}


def test_with_a_schedule_it_scores_what_came_since(synthesise: Any) -> None:
    schedule = {"quartz_cron": "0 0/15 * * * ?"}
    job = job_of(synthesise(None, {"deployment": {"streaming": {"schedule": schedule, "max_retries": 1}}}))
    assert job["schedule"]["quartz_cron_expression"] == "0 0/15 * * * ?"
    assert "continuous" not in job
    assert job["task"][0]["max_retries"] == 1


def test_no_job_of_the_team_takes_its_name(synthesise: Any) -> None:
    task = {"key": "a", "python_file": {"path": "a.py"}}
    with pytest.raises(InvalidSettings, match="streaming: is the project's own job"):
        synthesise(None, {"deployment": {"jobs": {"streaming": {"tasks": [task]}}}})
