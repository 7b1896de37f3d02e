"""Failed runs are repaired, driven by the unmodified databricks-sdk."""

import time
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue
from databricks.sdk.service.jobs import Run, RunLifeCycleState, RunResultState

from brickyard_local.jobs import repairs
from brickyard_local.jobs.records import Records
from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.store import Store


def condition(key: str, left: str, op: str, right: str, *after: str, **more: Any) -> dict[str, Any]:
    """A task without a process: it succeeds, or fails where an operand is no number."""
    block = {"left": left, "op": op, "right": right}
    return {"task_key": key, "condition_task": block, "depends_on": [{"task_key": k} for k in after], **more}


def ended(client: WorkspaceClient, run_id: int) -> Run:
    deadline = time.monotonic() + 30
    while client.jobs.get_run(run_id).status.state.value != "TERMINATED":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return client.jobs.get_run(run_id, include_history=True)


def last_results(run: Run) -> dict[str, str]:
    """The result of each task's last attempt."""
    tasks = sorted(run.tasks, key=lambda task: task.attempt_number)
    return {task.task_key: task.state.result_state.value for task in tasks}


def attempts(run: Run) -> dict[str, int]:
    """How often each task was begun or skipped."""
    keys = [task.task_key for task in run.tasks]
    return {key: keys.count(key) for key in keys}


@pytest.fixture
def broken(client: WorkspaceClient, job_builder: Any) -> tuple[int, Run]:
    """A job of which `check` fails until its parameter is a number, and a run of it."""
    tasks = [
        condition("first", "1", "EQUAL_TO", "1"),
        condition("check", "{{job.parameters.x}}", "GREATER_THAN", "{{job.repair_count}}", "first"),
        condition("after", "1", "EQUAL_TO", "1", "check"),
        condition("beside", "1", "EQUAL_TO", "1", "first"),
    ]
    job = job_builder.create(client, tasks, parameters=[{"name": "x", "default": "none"}])
    return job, ended(client, client.jobs.run_now(job).run_id)


def test_a_repair_runs_only_what_failed_and_keeps_the_rest(client: WorkspaceClient, broken: tuple[int, Run]) -> None:
    _, run = broken
    assert last_results(run) == {
        "first": "SUCCESS",
        "check": "FAILED",
        "after": "UPSTREAM_FAILED",
        "beside": "SUCCESS",
    }
    repair_id = client.jobs.repair_run(
        run.run_id, rerun_all_failed_tasks=True, job_parameters={"x": "5"}
    ).response.repair_id
    repaired = ended(client, run.run_id)
    assert repaired.state.result_state == RunResultState.SUCCESS
    assert set(last_results(repaired).values()) == {"SUCCESS"}
    assert attempts(repaired) == {"first": 1, "check": 2, "after": 2, "beside": 1}
    history = repaired.repair_history
    assert [(item.type.value, item.id) for item in history] == [("ORIGINAL", None), ("REPAIR", repair_id)]
    assert [item.state.result_state.value for item in history] == ["FAILED", "SUCCESS"]
    again = {task.run_id for task in repaired.tasks if task.attempt_number == 1}
    assert set(history[1].task_run_ids) == again
    assert set(history[0].task_run_ids) == {task.run_id for task in repaired.tasks} - again


def test_a_second_repair_must_name_the_latest(client: WorkspaceClient, broken: tuple[int, Run]) -> None:
    _, run = broken
    first = client.jobs.repair_run(run.run_id, rerun_tasks=["check"]).response.repair_id
    assert last_results(ended(client, run.run_id))["check"] == "FAILED"
    with pytest.raises(InvalidParameterValue, match=f"Its latest repair is {first}"):
        client.jobs.repair_run(run.run_id, rerun_tasks=["check"])
    asked = {"rerun_tasks": ["check"], "rerun_dependent_tasks": True, "job_parameters": {"x": "5"}}
    client.jobs.repair_run(run.run_id, latest_repair_id=first, **asked)
    repaired = ended(client, run.run_id)
    assert attempts(repaired) == {"first": 1, "check": 3, "after": 2, "beside": 1}
    assert repaired.state.result_state == RunResultState.SUCCESS


def test_a_repair_takes_the_settings_of_now(client: WorkspaceClient, broken: tuple[int, Run], job_builder: Any) -> None:
    job, run = broken
    changed = condition("check", "2", "GREATER_THAN", "1", "first")
    body = {"job_id": job, "new_settings": {"tasks": [changed]}}
    client.api_client.do("POST", "/api/2.2/jobs/update", body=body)
    client.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True)
    assert ended(client, run.run_id).state.result_state == RunResultState.SUCCESS


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "either rerun_tasks or rerun_all_failed_tasks"),
        ({"rerun_tasks": ["zzz"]}, "does not have"),
        ({"rerun_tasks": ["check"], "rerun_all_failed_tasks": True}, "either"),
        ({"rerun_tasks": ["check"], "job_parameters": {"zzz": "1"}}, "no parameters"),
        ({"rerun_tasks": ["check"], "python_params": ["a"]}, "does not emulate 'python_params'"),
        ({"rerun_tasks": ["check"], "latest_repair_id": 1}, "not repaired before"),
    ],
)
def test_a_repair_that_makes_no_sense_is_refused_and_changes_nothing(
    client: WorkspaceClient, broken: tuple[int, Run], asked: dict[str, Any], message: str
) -> None:
    _, run = broken
    with pytest.raises(DatabricksError, match=message):
        client.jobs.repair_run(run.run_id, **asked)
    assert client.jobs.get_run(run.run_id, include_history=True).as_dict() == run.as_dict()


def test_a_run_without_failures_has_nothing_to_repair(client: WorkspaceClient, job_builder: Any) -> None:
    job = job_builder.create(client, [condition("a", "1", "EQUAL_TO", "1")])
    run = ended(client, client.jobs.run_now(job).run_id)
    with pytest.raises(InvalidParameterValue, match="no failed tasks"):
        client.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True)


def test_a_repair_that_a_kill_kept_from_starting_is_told_of_and_can_be_asked_for_again(
    fresh_local_workspace: LocalWorkspace, job_builder: Any
) -> None:
    client = fresh_local_workspace.client()
    task = condition("check", "{{job.parameters.x}}", "GREATER_THAN", "1")
    job = job_builder.create(client, [task], parameters=[{"name": "x", "default": "none"}])
    run_id = int(ended(client, client.jobs.run_now(job).run_id).run_id or 0)
    fresh_local_workspace.kill()
    records = Records(Store(fresh_local_workspace.home.database))
    run = records.run(client.get_workspace_id(), run_id) or {}
    records.replace_run(repairs.prepared(run, ["check"], run["settings"], repair_id=7, start_time=run["end_time"]))
    fresh_local_workspace.start()
    killed = client.jobs.get_run(run_id, include_history=True)
    assert killed.state.life_cycle_state == RunLifeCycleState.INTERNAL_ERROR
    assert "workspace stopped" in killed.state.state_message
    original, repair = killed.repair_history
    assert (original.state.result_state, repair.id) == (RunResultState.FAILED, 7)
    assert "workspace stopped" in repair.state.state_message
    client.jobs.repair_run(run_id, rerun_tasks=["check"], latest_repair_id=7, job_parameters={"x": "5"})
    assert ended(client, run_id).state.result_state == RunResultState.SUCCESS
