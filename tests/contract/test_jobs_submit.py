"""One-time runs, and who may see them, driven by the unmodified databricks-sdk."""

import time
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, PermissionDenied
from databricks.sdk.service.iam import PermissionLevel
from databricks.sdk.service.jobs import (
    ConditionTask,
    ConditionTaskOp,
    JobAccessControlRequest,
    JobPermissionLevel,
    Run,
    RunResultState,
    RunType,
    SubmitTask,
)

from brickyard_local.pytest_plugin import LocalWorkspace

TRUE = SubmitTask(
    task_key="only", condition_task=ConditionTask(op=ConditionTaskOp.EQUAL_TO, left="{{job.run_id}}", right="x")
)


def ended(client: WorkspaceClient, run_id: int) -> Run:
    deadline = time.monotonic() + 30
    while client.jobs.get_run(run_id).status.state.value != "TERMINATED":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return client.jobs.get_run(run_id)


def test_a_one_time_run_has_no_job_that_is_listed(client: WorkspaceClient) -> None:
    run_id = client.jobs.submit(run_name="once", tasks=[TRUE]).run_id
    run = ended(client, run_id)
    assert (run.run_name, run.run_type, run.state.result_state) == ("once", RunType.SUBMIT_RUN, RunResultState.SUCCESS)
    assert not list(client.jobs.list(name="once"))
    assert run_id not in [found.run_id for found in client.jobs.list_runs(limit=5)]
    assert next(client.jobs.list_runs(run_type=RunType.SUBMIT_RUN, limit=5)).run_id == run_id
    client.jobs.delete_run(run_id)
    with pytest.raises(DatabricksError, match="does not exist"):
        client.jobs.get_run(run_id)


def test_a_one_time_run_runs_a_process_and_is_started_once_per_token(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload({"tiny": "def main(): print('once')\n"})
    environment = {"environment_key": "default", "spec": {"environment_version": "4", "dependencies": [wheel]}}
    body = {
        "tasks": [job_builder.wheel_task("main")],
        "environments": [environment],
        "idempotency_token": f"submit-{wheel[-30:]}",
    }
    started = [client.api_client.do("POST", "/api/2.1/jobs/runs/submit", body=body)["run_id"] for _ in range(2)]
    assert started[0] == started[1]
    run = ended(client, started[0])
    assert client.jobs.get_run_output(run.tasks[0].run_id).logs == "once\n"


def test_only_those_named_see_a_one_time_run(client: WorkspaceClient, local_workspace: LocalWorkspace) -> None:
    names = [client.service_principals.create(display_name=f"submit-{n}").application_id for n in range(2)]
    tokens = [client.token_management.create_obo_token(name, lifetime_seconds=600).token_value for name in names]
    named, stranger = (local_workspace.client(token=token) for token in tokens)
    level = JobPermissionLevel.CAN_VIEW
    access = [JobAccessControlRequest(service_principal_name=names[0], permission_level=level)]
    run_id = client.jobs.submit(tasks=[TRUE], access_control_list=access).run_id
    assert named.jobs.get_run(run_id).run_id == run_id
    with pytest.raises(PermissionDenied):
        stranger.jobs.get_run(run_id)
    with pytest.raises(PermissionDenied):
        named.jobs.cancel_run(run_id)
    listed = [found.run_id for found in stranger.jobs.list_runs(run_type=RunType.SUBMIT_RUN)]
    assert run_id not in listed


def test_a_job_is_made_with_its_access_control_list(client: WorkspaceClient, job_builder: Any) -> None:
    name = client.service_principals.create(display_name="acl of a job").application_id
    access = [{"service_principal_name": name, "permission_level": "CAN_MANAGE_RUN"}]
    job = job_builder.create(client, [TRUE.as_dict()], access_control_list=access)
    entries = client.permissions.get("jobs", str(job)).access_control_list
    levels = {entry.service_principal_name: entry.all_permissions[0].permission_level for entry in entries}
    assert levels[name] == PermissionLevel.CAN_MANAGE_RUN
    assert "access_control_list" not in client.jobs.get(job).settings.as_dict()


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"tasks": []}, "INVALID_PARAMETER_VALUE", "needs tasks"),
        ({"git_source": {"git_url": "https://x"}}, "NOT_IMPLEMENTED", "git_source"),
        ({"access_control_list": [{"permission_level": "CAN_VIEW"}]}, "INVALID_PARAMETER_VALUE", "exactly one"),
        ({"spark_python_task": {"python_file": "/Workspace/a.py"}}, "NOT_IMPLEMENTED", "spark_python_task"),
    ],
)
def test_a_one_time_run_that_cannot_be_is_refused(
    client: WorkspaceClient, change: dict[str, Any], code: str, message: str
) -> None:
    body = {"tasks": [TRUE.as_dict()], "run_name": "refused", **change}
    with pytest.raises(DatabricksError, match=message) as refused:
        client.api_client.do("POST", "/api/2.1/jobs/runs/submit", body=body)
    assert refused.value.error_code == code
    runs = client.jobs.list_runs(run_type=RunType.SUBMIT_RUN)
    assert "refused" not in [run.run_name for run in runs]
