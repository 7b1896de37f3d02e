"""Nobody makes a job run as a stronger principal by editing it, driven by the unmodified databricks-sdk."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.jobs import JobSettings, RunType

Robot = Any


def condition(left: str = "1") -> dict[str, Any]:
    """A task without a process; it fails where `left` is no number."""
    return {"task_key": "check", "condition_task": {"left": left, "op": "GREATER_THAN", "right": "0"}}


def allow(client: WorkspaceClient, job: int, robot: Robot, level: PermissionLevel = PermissionLevel.CAN_MANAGE) -> None:
    given = AccessControlRequest(service_principal_name=robot.application_id, permission_level=level)
    client.permissions.update("jobs", str(job), access_control_list=[given])


def ended(client: WorkspaceClient, run_id: int) -> Any:
    deadline = time.monotonic() + 30
    while client.jobs.get_run(run_id).status.state.value != "TERMINATED":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return client.jobs.get_run(run_id)


def run_as(client: WorkspaceClient, job: int) -> str:
    return str(client.jobs.get(job).run_as_user_name)


@pytest.fixture
def me(client: WorkspaceClient) -> str:
    return str(client.current_user.me().user_name)


def test_leaving_run_as_out_does_not_make_a_job_run_as_its_stronger_creator(
    client: WorkspaceClient, job_builder: Any, new_robot: Callable[[], Robot], me: str
) -> None:
    weak, carol = new_robot(), new_robot()
    job = job_builder.create(client, [condition()], run_as={"service_principal_name": weak.application_id})
    allow(client, job, carol)
    editing = carol.client()
    with pytest.raises(PermissionDenied, match=f"may not let a job run as '{me}'"):
        editing.jobs.update(job, fields_to_remove=["run_as"])
    with pytest.raises(PermissionDenied, match="the settings name no run_as"):
        editing.jobs.reset(job, JobSettings(name="without run_as"))
    assert run_as(client, job) == weak.application_id
    editing.jobs.update(job, new_settings=JobSettings(name="renamed"))
    assert (run_as(client, job), client.jobs.get(job).settings.name) == (weak.application_id, "renamed")
    client.jobs.update(job, fields_to_remove=["run_as"])
    assert run_as(client, job) == me


def test_who_manages_a_job_edits_it_whoever_it_runs_as(
    client: WorkspaceClient, job_builder: Any, new_robot: Callable[[], Robot], me: str
) -> None:
    carol = new_robot()
    job = job_builder.create(client, [condition()])
    allow(client, job, carol)
    carol.client().jobs.reset(job, JobSettings(name="still the creator's"))
    assert run_as(client, job) == me


def test_a_repair_runs_as_the_job_does_now(
    client: WorkspaceClient, job_builder: Any, new_robot: Callable[[], Robot]
) -> None:
    weak = new_robot()
    job = job_builder.create(client, [condition("no number")])
    run = ended(client, client.jobs.run_now(job).run_id)
    child = job_builder.create(client, [condition()])
    call = {"task_key": "check", "run_job_task": {"job_id": child}}
    settings = {"run_as": {"service_principal_name": weak.application_id}, "tasks": [call]}
    client.api_client.do("POST", "/api/2.2/jobs/update", body={"job_id": job, "new_settings": settings})
    client.jobs.repair_run(run.run_id, rerun_all_failed_tasks=True)
    task = max(ended(client, run.run_id).tasks, key=lambda task: task.attempt_number)
    assert f"'{weak.application_id}' does not have CAN_MANAGE_RUN" in task.state.state_message


def test_a_token_of_one_client_never_answers_the_run_of_another(
    client: WorkspaceClient, job_builder: Any, new_robot: Callable[[], Robot]
) -> None:
    carol = new_robot().client()
    jobs = [job_builder.create(client, [condition()]) for _ in range(2)]
    token = f"token-of-{jobs[0]}"
    runs = [client.jobs.run_now(job, idempotency_token=token).run_id for job in jobs]
    body = {"tasks": [condition()], "idempotency_token": token}
    submits: list[Any] = [
        each.api_client.do("POST", "/api/2.2/jobs/runs/submit", body=body) for each in (client, carol, carol)
    ]
    submitted = [answer["run_id"] for answer in submits]
    assert submitted[1] == submitted[2]
    assert len({*runs, *submitted}) == 4
    assert [run.run_id for run in carol.jobs.list_runs(run_type=RunType.SUBMIT_RUN)] == [submitted[1]]


@pytest.mark.parametrize("token", ["²", "9" * 5000, "007"])
def test_a_page_token_that_no_list_answered_is_refused(client: WorkspaceClient, token: str) -> None:
    for what in ("jobs/list", "jobs/runs/list"):
        with pytest.raises(InvalidParameterValue, match="page_token"):
            client.api_client.do("GET", f"/api/2.2/{what}", query={"page_token": token})


def test_a_task_gets_nothing_for_a_principal_that_may_not_enter_the_workspace(
    client: WorkspaceClient, job_builder: Any, new_robot: Callable[[], Robot]
) -> None:
    robot = new_robot()
    task = {"task_key": "read", "notebook_task": {"notebook_path": "/Shared/not looked for"}}
    job = job_builder.create(client, [task], run_as={"service_principal_name": robot.application_id})
    found = next(client.service_principals.list(filter=f"applicationId eq '{robot.application_id}'"))
    client.service_principals.delete(str(found.id))
    state = ended(client, client.jobs.run_now(job).run_id).tasks[0]
    assert "it cannot sign in" in state.state.state_message
    assert state.status.termination_details.code.value == "UNAUTHORIZED_ERROR"
