"""Jobs are kept as they were configured, and found again."""

from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service.compute import Environment
from databricks.sdk.service.jobs import (
    CronSchedule,
    JobEnvironment,
    JobParameterDefinition,
    JobSettings,
    PauseStatus,
    PythonWheelTask,
    Task,
)


@pytest.fixture
def settings() -> JobSettings:
    wheel = PythonWheelTask(package_name="p", entry_point="main", parameters=["{{job.run_id}}"])
    spec = Environment(environment_version="4", dependencies=["/Volumes/a/b/c/p.whl"])
    return JobSettings(
        name="kept as it is",
        tags={"team": "ml"},
        tasks=[Task(task_key="a", environment_key="default", python_wheel_task=wheel, timeout_seconds=60)],
        environments=[JobEnvironment(environment_key="default", spec=spec)],
        parameters=[JobParameterDefinition(name="stage", default="dev")],
        schedule=CronSchedule(quartz_cron_expression="0 0 3 * * ?", timezone_id="UTC", pause_status=PauseStatus.PAUSED),
    )


def made(client: WorkspaceClient, settings: JobSettings) -> int:
    body = settings.as_dict()
    return int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])


def test_a_job_reads_as_it_was_made_and_nothing_more(client: WorkspaceClient, settings: JobSettings) -> None:
    job_id = made(client, settings)
    answer = client.api_client.do("GET", "/api/2.1/jobs/get", query={"job_id": job_id})
    assert answer["settings"] == {**settings.as_dict(), "format": "MULTI_TASK"}
    me = client.current_user.me().user_name
    assert (answer["creator_user_name"], answer["run_as_user_name"]) == (me, me)


def test_reset_replaces_and_update_merges_by_key(client: WorkspaceClient, settings: JobSettings) -> None:
    job_id = made(client, settings)
    second = Task(
        task_key="b",
        environment_key="default",
        python_wheel_task=PythonWheelTask(package_name="p", entry_point="main"),
    )
    client.jobs.update(job_id, new_settings=JobSettings(tasks=[second]), fields_to_remove=["schedule", "tags"])
    found = client.jobs.get(job_id).settings
    assert ([task.task_key for task in found.tasks], found.schedule, found.tags) == (["a", "b"], None, None)
    client.jobs.reset(job_id, JobSettings(name="new name"))
    assert client.jobs.get(job_id).settings == JobSettings.from_dict({"name": "new name", "format": "MULTI_TASK"})


def test_jobs_are_listed_page_by_page_and_found_by_name(client: WorkspaceClient, settings: JobSettings) -> None:
    settings.name = "one of five"
    ids = [made(client, settings) for _ in range(5)]
    assert [job.job_id for job in client.jobs.list(limit=2, name="ONE OF FIVE")] == ids[::-1]
    assert next(client.jobs.list(name="one of five")).settings.tasks == []
    assert len(next(client.jobs.list(name="one of five", expand_tasks=True)).settings.tasks) == 1


def test_a_job_that_is_gone_is_missing_as_on_databricks(client: WorkspaceClient, settings: JobSettings) -> None:
    job_id = made(client, settings)
    client.jobs.delete(job_id)
    with pytest.raises(ResourceDoesNotExist, match=f"Job {job_id} does not exist"):
        client.jobs.get(job_id)
    with pytest.raises(ResourceDoesNotExist, match="Run 1 does not exist"):
        client.jobs.get_run(1)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"schedule": {"quartz_cron_expression": "x", "timezone_id": "UTC"}}, "INVALID_PARAMETER_VALUE", "cron|quartz"),
        ({"git_source": {"git_url": "https://x"}}, "NOT_IMPLEMENTED", "git_source"),
        ({"run_as": {"service_principal_name": "nobody"}}, "INVALID_PARAMETER_VALUE", "nobody"),
    ],
)
def test_a_refused_job_is_not_made(
    client: WorkspaceClient, settings: JobSettings, change: dict[str, Any], error: str, message: str
) -> None:
    body = {**settings.as_dict(), "name": "refused", **change}
    with pytest.raises(DatabricksError, match=message) as refused:
        client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
    assert refused.value.error_code == error
    assert not list(client.jobs.list(name="refused"))


def test_only_known_parameters_are_taken(client: WorkspaceClient, settings: JobSettings) -> None:
    with pytest.raises(InvalidParameterValue, match="no parameters"):
        client.jobs.run_now(made(client, settings), job_parameters={"stagge": "x"})


def test_a_job_without_tasks_does_not_run(client: WorkspaceClient) -> None:
    with pytest.raises(DatabricksError, match="has no tasks"):
        client.jobs.run_now(made(client, JobSettings(name="empty")))
