"""Jobs that start by themselves, in a workspace with the machine's own clock."""

import io
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service.catalog import AwsIamRoleRequest, PermissionsChange, Privilege
from databricks.sdk.service.jobs import BaseRun, Continuous, CronSchedule, JobSettings, PauseStatus, RunResultState
from databricks.sdk.service.workspace import ImportFormat

from brickyard_local.pytest_plugin import LocalWorkspace, until

EVERY_SECOND = {"schedule": {"quartz_cron_expression": "* * * * * ?", "timezone_id": "Europe/Amsterdam"}}


def runs(client: WorkspaceClient, job: int) -> list[BaseRun]:
    """Oldest first."""
    return list(client.jobs.list_runs(job_id=job, expand_tasks=True))[::-1]


@pytest.fixture
def new_job(client: WorkspaceClient) -> Iterator[Callable[..., int]]:
    """Makes jobs of one notebook, and deletes them at the end: nothing may go on starting."""
    folder, made = f"/Shared/triggers-{secrets.token_hex(4)}", list[int]()
    client.workspace.mkdirs(folder)
    content = b"# Databricks notebook source\nprint('started')\n"
    client.workspace.upload(f"{folder}/tick.py", io.BytesIO(content), format=ImportFormat.AUTO)

    def make(**settings: Any) -> int:
        tasks = [{"task_key": "tick", "notebook_task": {"notebook_path": f"{folder}/tick"}}]
        body = {"name": "triggered", "tasks": tasks, **settings}
        job = int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])
        made.append(job)
        return job

    yield make
    for job in made:
        client.jobs.delete(job)


def test_a_cron_schedule_starts_runs_as_the_jobs_run_as_until_it_is_paused(
    client: WorkspaceClient, new_job: Callable[..., int], new_robot: Callable[[], Any]
) -> None:
    robot = new_robot().application_id
    job = new_job(**EVERY_SECOND, run_as={"service_principal_name": robot})
    first = until(lambda: runs(client, job))[0]
    assert first.trigger.value == "PERIODIC"
    assert client.jobs.get(job).run_as_user_name == robot
    paused = CronSchedule(quartz_cron_expression="* * * * * ?", timezone_id="UTC", pause_status=PauseStatus.PAUSED)
    client.jobs.update(job, new_settings=JobSettings(schedule=paused))
    assert len(runs(client, job)) == 1, "at least ten seconds lie between two runs of a schedule"
    assert client.jobs.get(job).settings.schedule.pause_status == PauseStatus.PAUSED


def test_a_new_file_in_a_volume_starts_a_run_and_one_that_was_there_does_not(
    client: WorkspaceClient, new_job: Callable[..., int], wheels: Any
) -> None:
    folder = f"{wheels.volume}/{secrets.token_hex(4)}"
    client.files.upload(f"{folder}/old.csv", io.BytesIO(b"1"))
    job = new_job(trigger={"file_arrival": {"url": folder}})
    client.files.upload(f"{folder}/old.csv", io.BytesIO(b"2"), overwrite=True)
    client.files.upload(f"{folder}/deep/new.csv", io.BytesIO(b"3"))
    (run,) = until(lambda: runs(client, job))
    assert run.trigger.value == "FILE_ARRIVAL"


def test_files_of_an_external_location_are_watched_too(
    client: WorkspaceClient, local_workspace: LocalWorkspace, new_job: Callable[..., int]
) -> None:
    name = f"lake{secrets.token_hex(4)}"
    role = AwsIamRoleRequest(role_arn="arn:aws:iam::123456789012:role/lake")
    client.storage_credentials.create(name, aws_iam_role=role)
    client.external_locations.create(name, f"s3://{name}/raw", name)
    job = new_job(trigger={"file_arrival": {"url": f"s3://{name}/raw/in/"}})
    arriving = local_workspace.home.root / "external" / "s3" / name / "raw" / "in" / "new.csv"
    arriving.parent.mkdir(parents=True)
    arriving.write_text("1")
    assert until(lambda: runs(client, job))[0].trigger.value == "FILE_ARRIVAL"


def table(client: WorkspaceClient, catalog: str, name: str) -> str:
    """A managed table with one version; where it lies."""
    import pyarrow as pa
    from deltalake import write_deltalake

    path = "/api/2.1/unity-catalog"
    parts = {"catalog_name": catalog, "schema_name": "s", "name": name}
    location = client.api_client.do("POST", f"{path}/staging-tables", body=parts)["staging_location"]
    write_deltalake(location, pa.table({"a": [1]}))
    made = {**parts, "table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": location}
    client.api_client.do("POST", f"{path}/tables", body={**made, "columns": []})
    return str(location)


def test_a_new_version_of_a_table_starts_a_run_for_whom_may_read_it(
    client: WorkspaceClient, new_job: Callable[..., int], new_robot: Callable[[], Any]
) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    catalog = f"triggers_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("s", catalog)
    location = table(client, catalog, "t")
    trigger = {"trigger": {"table_update": {"table_names": [f"{catalog}.s.t"]}}}
    robot = new_robot().application_id
    blind = new_job(**trigger, run_as={"service_principal_name": robot})
    job = new_job(**trigger)
    write_deltalake(location, pa.table({"a": [2]}), mode="append")
    (run,) = until(lambda: runs(client, job))
    assert run.trigger.value == "TABLE"
    assert runs(client, blind) == [], "this principal may not read the table"
    changes = [PermissionsChange(principal=robot, add=[Privilege.USE_CATALOG, Privilege.USE_SCHEMA, Privilege.SELECT])]
    client.grants.update("catalog", catalog, changes=changes)
    until(lambda: runs(client, blind))


def test_a_continuous_job_runs_again_and_again_until_it_is_paused(
    client: WorkspaceClient, new_job: Callable[..., int]
) -> None:
    job = new_job(continuous={"pause_status": "UNPAUSED"})
    first, second = until(lambda: runs(client, job)[:2] if len(runs(client, job)) > 1 else None)
    assert {first.trigger.value, second.trigger.value} == {"CONTINUOUS"}
    assert first.state.result_state == RunResultState.SUCCESS
    assert first.end_time <= second.start_time
    client.jobs.update(job, new_settings=JobSettings(continuous=Continuous(pause_status=PauseStatus.PAUSED)))
    until(lambda: all(run.state.result_state for run in runs(client, job)))


def test_a_bad_schedule_is_refused_when_the_job_is_saved(new_job: Callable[..., int]) -> None:
    with pytest.raises(InvalidParameterValue, match="hours is '25'; it must be 0-23"):
        new_job(schedule={"quartz_cron_expression": "0 0 25 * * ?", "timezone_id": "UTC"})
    with pytest.raises(InvalidParameterValue, match="timezone_id is 'Moon'"):
        new_job(schedule={"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "Moon"})


def test_triggers_go_on_after_a_kill_and_start_no_run_twice(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    content = io.BytesIO(b"# Databricks notebook source\nx = 1\n")
    client.workspace.upload("/Shared/tick.py", content, format=ImportFormat.AUTO)
    tasks = [{"task_key": "tick", "notebook_task": {"notebook_path": "/Shared/tick"}}]
    client.catalogs.create("c")
    client.schemas.create("s", "c")
    client.api_client.do(
        "POST",
        "/api/2.1/unity-catalog/volumes",
        body={"catalog_name": "c", "schema_name": "s", "name": "v", "volume_type": "MANAGED"},
    )
    body = {"name": "arrivals", "tasks": tasks, "trigger": {"file_arrival": {"url": "/Volumes/c/s/v"}}}
    job = int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])
    client.files.upload("/Volumes/c/s/v/one", io.BytesIO(b"1"))
    until(lambda: runs(client, job))
    fresh_local_workspace.kill()
    (fresh_local_workspace.home.files / "Volumes/c/s/v/two").write_text("it arrived meanwhile")
    fresh_local_workspace.start()
    client = fresh_local_workspace.client()
    until(lambda: len(runs(client, job)) == 2)
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    client = fresh_local_workspace.client()
    client.files.upload("/Volumes/c/s/v/three", io.BytesIO(b"3"))
    until(lambda: len(runs(client, job)) >= 3)
    assert len(runs(client, job)) == 3
