"""Runs that start by themselves, what they run as, and with which secrets: through the unmodified databricks-sdk."""

import time
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, PermissionDenied

from brickyard_local.pytest_plugin import LocalWorkspace, until

YES = {"task_key": "a", "condition_task": {"left": "{{job.trigger.type}}", "op": "EQUAL_TO", "right": "periodic"}}
EVERY_SECOND = {"quartz_cron_expression": "* * * * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"}


def test_a_schedule_starts_runs_until_it_is_paused(client: WorkspaceClient, job_builder: Any) -> None:
    job = job_builder.create(client, [YES], schedule=EVERY_SECOND)

    def ended() -> list[Any]:
        return list(client.jobs.list_runs(job_id=job, completed_only=True, expand_tasks=True))

    run = until(ended)[-1]
    assert (run.trigger.value, run.tasks[0].condition_task.outcome) == ("PERIODIC", "true")
    assert run.schedule.quartz_cron_expression == "* * * * * ?"
    assert client.jobs.get(job).settings.schedule.pause_status.value == "UNPAUSED"
    paused = {**EVERY_SECOND, "pause_status": "PAUSED"}
    body = {"job_id": job, "new_settings": {"schedule": paused}}
    client.api_client.do("POST", "/api/2.2/jobs/update", body=body)
    until(lambda: not list(client.jobs.list_runs(job_id=job, active_only=True)))
    count = len(list(client.jobs.list_runs(job_id=job)))
    time.sleep(1.2)
    assert len(list(client.jobs.list_runs(job_id=job))) == count


@pytest.mark.parametrize("schedule", [{"quartz_cron_expression": "every day", "timezone_id": "UTC"}])
def test_a_schedule_that_cannot_be_read_is_refused(
    client: WorkspaceClient, job_builder: Any, schedule: dict[str, str]
) -> None:
    with pytest.raises(DatabricksError) as refused:
        job_builder.create(client, [YES], schedule=schedule)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_secret_of_the_cluster_reaches_the_task_and_no_answer(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    scope = f"jobs-{time.time_ns()}"
    client.secrets.create_scope(scope)
    client.secrets.put_secret(scope, "key", string_value="opensesame")
    code = "import os\ndef main(): print(len(os.environ['PASS']), os.environ['PASS'], os.environ['STAGE'])\n"
    task = {
        "task_key": "main",
        "new_cluster": {
            "num_workers": 1,
            "spark_version": "15.4.x-scala2.12",
            "node_type_id": "i3.xlarge",
            "spark_env_vars": {"PASS": f"{{{{secrets/{scope}/key}}}}", "STAGE": "dev"},
        },
        "python_wheel_task": {"package_name": "tiny", "entry_point": "main"},
        "libraries": [{"whl": wheels.upload({"tiny": code})}],
    }
    job = job_builder.create(client, [task])
    run_id = client.jobs.run_now(job).run_id
    until(lambda: client.jobs.get_run(run_id).status.state.value == "TERMINATED")
    run = client.jobs.get_run(run_id)
    log = client.jobs.get_run_output(run.tasks[0].run_id).logs
    assert log.startswith("10 "), run.tasks[0].state
    assert log.endswith(" dev\n")
    assert "opensesame" not in log + str(run.as_dict()) + str(client.jobs.get(job).as_dict())
    stranger = client.service_principals.create(display_name=f"stranger-{job}").application_id
    body = {"job_id": job, "new_settings": {"run_as": {"service_principal_name": stranger}}}
    client.api_client.do("POST", "/api/2.2/jobs/update", body=body)
    run_id = client.jobs.run_now(job).run_id
    until(lambda: client.jobs.get_run(run_id).status.state.value == "TERMINATED")
    refused = client.jobs.get_run(run_id).tasks[0]
    assert refused.status.termination_details.code.value == "UNAUTHORIZED_ERROR"


def test_only_who_may_use_a_principal_lets_jobs_run_as_it(
    client: WorkspaceClient, local_workspace: LocalWorkspace, job_builder: Any
) -> None:
    names = [client.service_principals.create(display_name=f"run as {n}").application_id for n in range(2)]
    token = client.token_management.create_obo_token(names[0], lifetime_seconds=600).token_value
    other = local_workspace.client(token=token)
    with pytest.raises(PermissionDenied, match=r"servicePrincipal\.user"):
        job_builder.create(other, [YES], run_as={"service_principal_name": names[1]})
    job = job_builder.create(other, [YES])
    assert client.jobs.get(job).run_as_user_name == names[0]
