"""Runs of jobs, driven by the unmodified databricks-sdk."""

from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.jobs import RunLifeCycleState, RunResultState

MINUTE = timedelta(minutes=1)


def wheel_task(key: str, *, after: tuple[str, ...] = (), entry_point: str | None = None, **more: Any) -> dict[str, Any]:
    wheel = {"package_name": "tiny", "entry_point": entry_point or key, **more.pop("wheel", {})}
    depends_on = [{"task_key": before} for before in after]
    return {
        "task_key": key,
        "environment_key": "default",
        "python_wheel_task": wheel,
        **({"depends_on": depends_on} if after else {}),
        **more,
    }


def create(client: WorkspaceClient, tasks: list[dict[str, Any]], wheel: str, **settings: Any) -> int:
    environment = {"environment_key": "default", "spec": {"environment_version": "4", "dependencies": [wheel]}}
    body = {"name": "tiny", "tasks": tasks, "environments": [environment], **settings}
    return int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])


def test_entry_point_of_a_wheel_runs_with_its_parameters(client: WorkspaceClient, wheels: Any) -> None:
    wheel = wheels.upload(
        {"tiny": "import sys\ndef main(): print('got', sys.argv[1:])\n"}, scripts={"say": "tiny:main"}
    )
    parameters = ["--run", "{{job.run_id}}", "--task", "{{task.name}}"]
    job = create(client, [wheel_task("say", wheel={"parameters": parameters})], wheel)
    run = client.jobs.run_now_and_wait(job, timeout=MINUTE)
    assert run.state.result_state == RunResultState.SUCCESS
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert output.logs == f"got ['--run', '{run.run_id}', '--task', 'say']\n"
    assert output.error is None


def test_task_values_reach_later_tasks_as_references_and_through_dbutils(client: WorkspaceClient, wheels: Any) -> None:
    wheel = wheels.upload(
        {
            "tiny": """
            import sys
            def train():
                from databricks.sdk.runtime import dbutils
                dbutils.jobs.taskValues.set(key="version", value=7)
            def use():
                from databricks.sdk.runtime import dbutils
                print(sys.argv[1], dbutils.jobs.taskValues.get("train", "version", debugValue=0))
            """
        }
    )
    tasks = [
        wheel_task("train"),
        wheel_task("use", after=("train",), wheel={"parameters": ["{{tasks.train.values.version}}"]}),
    ]
    run = client.jobs.run_now_and_wait(create(client, tasks, wheel), timeout=MINUTE)
    assert client.jobs.get_run_output(run.tasks[1].run_id).logs == "7 7\n"


def test_a_failed_task_fails_the_run_and_skips_those_that_wait_for_it(client: WorkspaceClient, wheels: Any) -> None:
    wheel = wheels.upload({"tiny": "def bad(): raise ValueError('no rows')\ndef after(): pass\n"})
    job = create(client, [wheel_task("bad"), wheel_task("after", after=("bad",))], wheel)
    waiter = client.jobs.run_now(job)
    with pytest.raises(OperationFailed, match="Task bad failed with message: Workload failed"):
        waiter.result(timeout=MINUTE)
    run = client.jobs.get_run(waiter.run_id)
    assert run.state.life_cycle_state == RunLifeCycleState.INTERNAL_ERROR
    results = {task.task_key: task.state.result_state for task in run.tasks}
    assert results == {"bad": RunResultState.FAILED, "after": RunResultState.UPSTREAM_FAILED}
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert output.error == "ValueError: no rows"
    assert output.error_trace.startswith("Traceback")
    assert "brickyard_local" not in output.error_trace
