"""Runs of jobs, driven by the unmodified databricks-sdk."""

import contextlib
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, OperationFailed, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.jobs import QueueSettings, Run, RunLifeCycleState, RunResultState

from brickyard_local import process
from brickyard_local.jobs.processes import task_folder
from brickyard_local.pytest_plugin import LocalWorkspace, until
from brickyard_local.store import Store

MINUTE = timedelta(minutes=1)
SLEEPS = {
    "tiny": """
    import subprocess, sys, time
    def sleep():
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("child", child.pid, flush=True)
        time.sleep(600)
    def quick(): pass
    """
}


def ended(client: WorkspaceClient, job: int, **given: Any) -> Run:
    """Run to the end, whatever the end is."""
    waiter = client.jobs.run_now(job, **given)
    with contextlib.suppress(OperationFailed):
        waiter.result(timeout=MINUTE)
    return client.jobs.get_run(waiter.run_id)


def results(run: Run) -> dict[str, str]:
    return {task.task_key: task.state.result_state.value for task in run.tasks}


def log_of(client: WorkspaceClient, run_id: int, index: int = 0) -> str:
    tasks = client.jobs.get_run(run_id).tasks
    return client.jobs.get_run_output(tasks[index].run_id).logs or "" if len(tasks) > index else ""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_entry_point_of_a_wheel_runs_with_its_parameters(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload(
        {"tiny": "import sys\ndef main(): print('got', sys.argv[1:])\n"}, scripts={"say": "tiny:main"}
    )
    parameters = ["--run", "{{job.run_id}}", "--task", "{{task.name}}"]
    task = job_builder.wheel_task("say", wheel={"parameters": parameters})
    run = client.jobs.run_now_and_wait(job_builder.create(client, [task], wheel), timeout=MINUTE)
    assert run.state.result_state == RunResultState.SUCCESS
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert output.logs == f"got ['--run', '{run.run_id}', '--task', 'say']\n"
    assert output.error is None


def test_job_parameters_reach_named_parameters_and_references(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload({"tiny": "import sys\ndef say(): print(sys.argv[1:])\n"})
    named = {"stage": "{{job.parameters.stage}}-x", "rows": "5"}
    task = job_builder.wheel_task("say", wheel={"named_parameters": named})
    parameters = [{"name": "stage", "default": "dev"}]
    job = job_builder.create(client, [task], wheel, parameters=parameters)
    run = ended(client, job, job_parameters={"stage": "prod"})
    assert log_of(client, run.run_id) == "['--stage=prod', '--rows=5']\n"
    assert run.job_parameters[0].value == "prod"


def test_task_values_reach_later_tasks_as_references_and_through_dbutils(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload(
        {
            "tiny": """
            import sys
            from databricks.sdk.runtime import dbutils
            def train(): dbutils.jobs.taskValues.set(key="version", value=7)
            def use(): print(sys.argv[1], dbutils.jobs.taskValues.get("train", "version", debugValue=0))
            """
        }
    )
    parameters = {"parameters": ["{{tasks.train.values.version}}"]}
    tasks = [job_builder.wheel_task("train"), job_builder.wheel_task("use", after=("train",), wheel=parameters)]
    run = ended(client, job_builder.create(client, tasks, wheel))
    assert log_of(client, run.run_id, 1) == "7 7\n"


def test_a_missing_task_value_fails_the_task_that_asks_and_says_what_was_set(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload({"tiny": "def train(): pass\ndef use(): pass\n"})
    parameters = {"parameters": ["{{tasks.train.values.version}}"]}
    tasks = [job_builder.wheel_task("train"), job_builder.wheel_task("use", after=("train",), wheel=parameters)]
    run = ended(client, job_builder.create(client, tasks, wheel))
    assert results(run) == {"train": "SUCCESS", "use": "FAILED"}
    assert "has set no value 'version'" in run.tasks[1].state.state_message


def test_a_task_acts_for_the_principal_of_run_as_and_sees_nothing_of_the_servers_environment(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload(
        {
            "tiny": """
            import os, json
            def main():
                from databricks.sdk import WorkspaceClient
                print(json.dumps([WorkspaceClient().current_user.me().user_name, sorted(os.environ)]))
            """
        }
    )
    principal = client.service_principals.create(display_name="runs-jobs").application_id
    _grant_volume(client, wheels.volume, principal)
    task = job_builder.wheel_task("main")
    job = job_builder.create(client, [task], wheel, run_as={"service_principal_name": principal})
    assert client.jobs.get(job).run_as_user_name == principal
    run = ended(client, job)
    log = log_of(client, run.run_id)
    assert principal in log
    assert "PYTEST_CURRENT_TEST" not in log


def test_a_failed_task_fails_the_run_and_skips_those_that_wait_for_it(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload({"tiny": "def bad(): raise ValueError('no rows')\ndef after(): pass\ndef clean(): pass\n"})
    tasks = [
        job_builder.wheel_task("bad"),
        job_builder.wheel_task("after", after=("bad",)),
        job_builder.wheel_task("clean", after=("after",), run_if="ALL_DONE"),
        job_builder.wheel_task("rescue", after=("clean",), run_if="ALL_FAILED", entry_point="clean"),
        job_builder.wheel_task("last", after=("after",)),
    ]
    job = job_builder.create(client, tasks, wheel)
    waiter = client.jobs.run_now(job)
    with pytest.raises(OperationFailed, match="Task bad failed with message: Workload failed"):
        waiter.result(timeout=MINUTE)
    run = client.jobs.get_run(waiter.run_id)
    assert run.state.life_cycle_state == RunLifeCycleState.INTERNAL_ERROR
    assert results(run) == {
        "bad": "FAILED",
        "after": "UPSTREAM_FAILED",
        "clean": "SUCCESS",
        "rescue": "EXCLUDED",
        "last": "UPSTREAM_FAILED",
    }
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert output.error == "ValueError: no rows"
    assert output.error_trace.startswith("Traceback")
    assert "task_main" not in output.error_trace


@pytest.mark.parametrize(
    ("code", "result", "error"),
    [
        ("import sys\ndef main(): sys.exit(0)\n", "SUCCESS", None),
        ("import sys\ndef main(): sys.exit(3)\n", "FAILED", "SystemExit: 3"),
        ("import os\ndef main(): print('so far', flush=True); os._exit(9)\n", "FAILED", "exit status 9"),
        ("import os\ndef main(): os.kill(os.getpid(), 11)\n", "FAILED", "signal 11"),
    ],
)
def test_the_end_of_the_process_is_the_end_of_the_task(
    client: WorkspaceClient, wheels: Any, job_builder: Any, code: str, result: str, error: str | None
) -> None:
    job = job_builder.create(client, [job_builder.wheel_task("main")], wheels.upload({"tiny": code}))
    run = ended(client, job)
    assert results(run) == {"main": result}
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert (error in (output.error or "")) if error else output.error is None


def test_a_failed_task_is_tried_again_and_each_attempt_is_listed(
    client: WorkspaceClient, wheels: Any, job_builder: Any, tmp_path: Path
) -> None:
    marker = tmp_path / "tried"
    code = f"""
    from pathlib import Path
    def main():
        if not Path({str(marker)!r}).exists():
            Path({str(marker)!r}).touch()
            raise RuntimeError("first time")
    """
    task = job_builder.wheel_task("main", max_retries=2, min_retry_interval_millis=100)
    run = ended(client, job_builder.create(client, [task], wheels.upload({"tiny": code})))
    attempts = [(task.attempt_number, task.state.result_state.value) for task in run.tasks]
    assert attempts == [(0, "FAILED"), (1, "SUCCESS")]
    assert run.state.result_state == RunResultState.SUCCESS


@pytest.mark.parametrize("of_the", ["task", "job"])
def test_a_timeout_ends_the_process(client: WorkspaceClient, wheels: Any, job_builder: Any, of_the: str) -> None:
    limit = {"timeout_seconds": 1}
    task = job_builder.wheel_task("sleep", **(limit if of_the == "task" else {}))
    wheel = wheels.upload(SLEEPS)
    run = ended(client, job_builder.create(client, [task], wheel, **(limit if of_the == "job" else {})))
    assert results(run) == {"sleep": "TIMEDOUT"}
    assert run.state.result_state == (RunResultState.TIMEDOUT if of_the == "job" else RunResultState.FAILED)


def test_cancel_ends_the_process_and_all_it_started(client: WorkspaceClient, wheels: Any, job_builder: Any) -> None:
    tasks = [job_builder.wheel_task("sleep"), job_builder.wheel_task("quick", after=("sleep",))]
    waiter = client.jobs.run_now(job_builder.create(client, tasks, wheels.upload(SLEEPS)))
    log = until(lambda: log_of(client, waiter.run_id))
    pid = int(log.split()[1])
    assert is_alive(pid)
    run = client.jobs.cancel_run_and_wait(waiter.run_id, timeout=MINUTE)
    assert run.state.result_state == RunResultState.CANCELED
    assert run.state.user_cancelled_or_timedout
    assert set(results(run).values()) == {"CANCELED"}
    until(lambda: not is_alive(pid))


def test_a_run_waits_in_the_queue_or_is_skipped_where_queueing_is_off(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    job = job_builder.create(client, [job_builder.wheel_task("sleep")], wheels.upload(SLEEPS))
    first = client.jobs.run_now(job).run_id
    queued = client.jobs.run_now(job).run_id
    skipped = client.jobs.run_now(job, queue=QueueSettings(enabled=False)).run_id
    assert client.jobs.get_run(queued).state.life_cycle_state == RunLifeCycleState.QUEUED
    state = client.jobs.get_run(skipped).state
    assert state.life_cycle_state == RunLifeCycleState.SKIPPED
    assert state.result_state == RunResultState.MAXIMUM_CONCURRENT_RUNS_REACHED
    assert [run.run_id for run in client.jobs.list_runs(job_id=job, active_only=True)] == [queued, first]
    client.jobs.cancel_run_and_wait(first, timeout=MINUTE)
    until(lambda: log_of(client, queued))
    client.jobs.cancel_run_and_wait(queued, timeout=MINUTE)


def test_the_same_idempotency_token_answers_the_same_run(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    wheel = wheels.upload({"tiny": "def main(): pass\n"})
    job = job_builder.create(client, [job_builder.wheel_task("main")], wheel)
    first = client.jobs.run_now(job, idempotency_token=f"token-{job}").run_id
    assert client.jobs.run_now(job, idempotency_token=f"token-{job}").run_id == first
    assert client.jobs.run_now(job).run_id != first


def test_runs_are_listed_page_by_page_newest_first(client: WorkspaceClient, wheels: Any, job_builder: Any) -> None:
    wheel = wheels.upload({"tiny": "def main(): pass\n"})
    job = job_builder.create(client, [job_builder.wheel_task("main")], wheel, max_concurrent_runs=5)
    started = [client.jobs.run_now(job).run_id for _ in range(5)]
    assert [run.run_id for run in client.jobs.list_runs(job_id=job, limit=2)] == started[::-1]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        ({"requires": ["pandas>=99"]}, r"requires 'pandas>=99', and pandas [\d.]+ is installed"),
        ({"requires": ["no-such-package-9"]}, "no-such-package-9 is not installed"),
        ({"tag": "cp311-cp311-linux_x86_64"}, "Only pure Python 3 wheels"),
    ],
)
def test_a_library_that_cannot_be_used_fails_the_task_by_name(
    client: WorkspaceClient, wheels: Any, job_builder: Any, build: dict[str, Any], message: str
) -> None:
    wheel = wheels.upload({"tiny": "def main(): pass\n"}, **build)
    run = ended(client, job_builder.create(client, [job_builder.wheel_task("main")], wheel))
    state = run.tasks[0].state
    assert state.life_cycle_state == RunLifeCycleState.INTERNAL_ERROR

    assert re.search(message, state.state_message)


def test_a_script_of_a_volume_runs(client: WorkspaceClient, wheels: Any, job_builder: Any) -> None:

    path = f"{wheels.volume}/script.py"
    client.files.upload(path, io.BytesIO(b"import sys\nprint(__name__, sys.argv[1:])\n"), overwrite=True)
    task = {
        "task_key": "script",
        "environment_key": "default",
        "spark_python_task": {"python_file": path, "parameters": ["a b"]},
    }
    run = ended(client, job_builder.create(client, [task]))
    assert log_of(client, run.run_id) == "__main__ ['a b']\n"


def test_what_dbutils_lacks_here_says_so(client: WorkspaceClient, wheels: Any, job_builder: Any) -> None:
    code = "def main():\n    from databricks.sdk.runtime import dbutils\n    dbutils.widgets.get('a')\n"
    job = job_builder.create(client, [job_builder.wheel_task("main")], wheels.upload({"tiny": code}))
    run = ended(client, job)
    error = client.jobs.get_run_output(run.tasks[0].run_id).error
    assert "does not emulate dbutils.widgets.get" in error


def test_only_who_may_run_a_job_runs_it(
    client: WorkspaceClient, wheels: Any, job_builder: Any, local_workspace: LocalWorkspace
) -> None:
    wheel = wheels.upload({"tiny": "def main(): pass\n"})
    job = job_builder.create(client, [job_builder.wheel_task("main")], wheel)
    user = client.service_principals.create(display_name=f"runs-{job}").application_id
    token = client.token_management.create_obo_token(user, lifetime_seconds=600).token_value
    other = local_workspace.client(token=token)
    with pytest.raises(PermissionDenied):
        other.jobs.get(job)
    _allow(client, job, user, PermissionLevel.CAN_VIEW)
    assert other.jobs.get(job).job_id == job
    with pytest.raises(PermissionDenied, match="CAN_MANAGE_RUN"):
        other.jobs.run_now(job)
    _allow(client, job, user, PermissionLevel.CAN_MANAGE_RUN)
    assert other.jobs.run_now_and_wait(job, timeout=MINUTE).state.result_state == RunResultState.SUCCESS
    with pytest.raises(PermissionDenied, match="CAN_MANAGE"):
        other.jobs.delete(job)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_runs_that_the_end_of_the_workspace_interrupts_end_as_internal_error(
    fresh_local_workspace: LocalWorkspace, fresh_wheels: Any, job_builder: Any, how: str
) -> None:
    client = fresh_local_workspace.client()
    tasks = [job_builder.wheel_task("sleep"), job_builder.wheel_task("quick", after=("sleep",))]
    job = job_builder.create(client, tasks, fresh_wheels.upload(SLEEPS))
    run_id = client.jobs.run_now(job).run_id
    queued = client.jobs.run_now(job).run_id
    pid = int(until(lambda: log_of(client, run_id)).split()[1])
    draft = task_folder(fresh_local_workspace.home, client.jobs.get_run(run_id).tasks[0].run_id) / "values.new"
    if how == "kill":
        draft.touch()  # as by a kill in the middle of a write
        fresh_local_workspace.kill()
    else:
        process.stop(fresh_local_workspace.home)
    until(lambda: not is_alive(pid))
    fresh_local_workspace.start()
    assert not draft.exists()
    run = client.jobs.get_run(run_id)
    assert run.state.life_cycle_state == RunLifeCycleState.INTERNAL_ERROR
    assert "workspace stopped" in run.state.state_message
    assert {task.state.life_cycle_state for task in run.tasks} == {RunLifeCycleState.INTERNAL_ERROR}
    until(lambda: log_of(client, queued))
    tokens = Store(fresh_local_workspace.home.database).all("tokens")
    assert [token["purpose"] for token in tokens if token["purpose"].startswith("task run")] == [
        f"task run {client.jobs.get_run(queued).tasks[0].run_id}"
    ]
    client.jobs.cancel_run_and_wait(queued, timeout=MINUTE)


def _grant_volume(client: WorkspaceClient, volume: str, principal: str) -> None:
    catalog, schema, name = volume.split("/")[2:5]
    for kind, full_name, privilege in (
        ("catalog", catalog, "USE_CATALOG"),
        ("schema", f"{catalog}.{schema}", "USE_SCHEMA"),
        ("volume", f"{catalog}.{schema}.{name}", "READ_VOLUME"),
    ):
        path = f"/api/2.1/unity-catalog/permissions/{kind}/{full_name}"
        body = {"changes": [{"principal": principal, "add": [privilege]}]}
        client.api_client.do("PATCH", path, body=body)


def _allow(client: WorkspaceClient, job: int, user: str, level: PermissionLevel) -> None:
    entry = AccessControlRequest(service_principal_name=user, permission_level=level)
    client.permissions.update("jobs", str(job), access_control_list=[entry])


@pytest.mark.parametrize("asked", [{"job_id": 2**63}, {"start_time_from": 10**30}, {"job_id": -(2**63) - 1}])
def test_a_number_that_no_client_can_hold_is_a_bad_request(client: WorkspaceClient, asked: dict[str, int]) -> None:
    with pytest.raises(BadRequest):
        client.api_client.do("GET", "/api/2.2/jobs/runs/list", query=asked)


def test_a_job_id_that_no_client_can_hold_starts_nothing(client: WorkspaceClient) -> None:
    for path in ("run-now", "runs/cancel-all", "delete"):
        with pytest.raises(BadRequest):
            client.api_client.do("POST", f"/api/2.2/jobs/{path}", body={"job_id": 2**63})
