"""Conditions, loops and jobs in jobs, driven by the unmodified databricks-sdk."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue
from databricks.sdk.service.jobs import Run, RunLifeCycleState, RunResultState, RunTask

from brickyard_local.pytest_plugin import LocalWorkspace, until

MINUTE = timedelta(minutes=1)


def ended(client: WorkspaceClient, job: int, **given: Any) -> Run:
    """Run to the end, whatever the end is."""
    run_id = client.jobs.run_now(job, **given).run_id
    until(lambda: client.jobs.get_run(run_id).status.state.value == "TERMINATED")
    return client.jobs.get_run(run_id)


def results(run: Run) -> dict[str, str]:
    return {task.task_key: task.state.result_state.value for task in run.tasks}


def condition(key: str, left: str, op: str, right: str, *after: dict[str, str], **more: Any) -> dict[str, Any]:
    block = {"left": left, "op": op, "right": right}
    return {"task_key": key, "condition_task": block, "depends_on": list(after), **more}


def is_true(key: str) -> dict[str, str]:
    return {"task_key": key, "outcome": "true"}


def is_false(key: str) -> dict[str, str]:
    return {"task_key": key, "outcome": "false"}


def yes(key: str, *after: dict[str, str], **more: Any) -> dict[str, Any]:
    """A task without a process that succeeds."""
    return condition(key, "1", "EQUAL_TO", "1", *after, **more)


def no(key: str, *after: dict[str, str], **more: Any) -> dict[str, Any]:
    """A task without a process that fails."""
    return condition(key, "no number", "GREATER_THAN", "1", *after, **more)


def loop(key: str, inputs: str, task: dict[str, Any], **more: Any) -> dict[str, Any]:
    nested, concurrency = {"task_key": f"{key}_nested", **task}, more.pop("concurrency", None)
    block = {"inputs": inputs, "task": nested, **({"concurrency": concurrency} if concurrency else {})}
    return {"task_key": key, "for_each_task": block, **more}


def test_the_outcome_of_a_condition_chooses_the_branch(client: WorkspaceClient, job_builder: Any) -> None:
    tasks = [
        condition("check", "{{job.parameters.rows}}", "GREATER_THAN", "10.0"),
        yes("many", is_true("check")),
        yes("few", is_false("check")),
        yes("after_few", {"task_key": "few"}),
        yes("join", {"task_key": "many"}, {"task_key": "few"}),
    ]
    job = job_builder.create(client, tasks, parameters=[{"name": "rows", "default": "5"}])
    run = ended(client, job, job_parameters={"rows": "11"})
    assert results(run) == {
        "check": "SUCCESS",
        "many": "SUCCESS",
        "few": "EXCLUDED",
        "after_few": "EXCLUDED",
        "join": "SUCCESS",
    }
    assert run.state.result_state == RunResultState.SUCCESS
    assert run.tasks[0].condition_task.outcome == "true"
    whole = client.jobs.get_run(run.run_id, include_resolved_values=True)
    assert whole.tasks[0].resolved_values.condition_task.left == "11"
    assert results(ended(client, job))["few"] == "SUCCESS"


def test_a_condition_on_what_is_no_number_fails(client: WorkspaceClient, job_builder: Any) -> None:
    job = job_builder.create(client, [no("check"), yes("then", is_true("check"))])
    run = ended(client, job)
    assert results(run) == {"check": "FAILED", "then": "UPSTREAM_FAILED"}
    assert "GREATER_THAN compares numbers, and 'no number' is none" in run.tasks[0].state.state_message


def test_a_disabled_task_is_not_run_and_disables_what_needs_its_success(
    client: WorkspaceClient, job_builder: Any
) -> None:
    off = {"task_key": "off"}
    tasks = [yes("off", disabled=True), yes("needs", off), yes("anyway", off, run_if="ALL_DONE")]
    job = job_builder.create(client, tasks)
    run = ended(client, job)
    assert results(run) == {"off": "DISABLED", "needs": "DISABLED", "anyway": "SUCCESS"}
    assert run.tasks[0].status.termination_details.code.value == "DISABLED"
    assert [task.disabled for task in client.jobs.get(job).settings.tasks] == [True, None, None]


def test_what_started_a_run_and_how_tasks_ended_can_be_referred_to(client: WorkspaceClient, job_builder: Any) -> None:
    facts = "{{job.trigger.type}} {{tasks.bad.result_state}} {{tasks.bad.error_code}} {{job.repair_count}}"
    tasks = [
        no("bad"),
        condition("told", facts, "EQUAL_TO", "one_time failed InvalidRunConfiguration 0", {"task_key": "bad"}),
    ]
    tasks[1]["run_if"] = "ALL_DONE"
    run = ended(client, job_builder.create(client, tasks))
    assert run.tasks[1].condition_task.outcome == "true"
    assert run.state.result_state == RunResultState.SUCCESS_WITH_FAILURES


def test_a_loop_runs_its_task_once_for_every_input(client: WorkspaceClient, wheels: Any, job_builder: Any) -> None:
    wheel = wheels.upload(
        {
            "tiny": """
            import sys
            def tables():
                from databricks.sdk.runtime import dbutils
                dbutils.jobs.taskValues.set(key="names", value=[{"name": "a"}, {"name": "b"}])
            def load(): print("load", sys.argv[1])
            """
        }
    )
    nested = job_builder.wheel_task("load", wheel={"parameters": ["{{input.name}}"]})
    after = {"depends_on": [{"task_key": "tables"}]}
    tasks = [
        job_builder.wheel_task("tables"),
        loop("each", "{{tasks.tables.values.names}}", {**nested, "task_key": "load"}, concurrency=2, **after),
    ]
    run = ended(client, job_builder.create(client, tasks, wheel))
    assert results(run) == {"tables": "SUCCESS", "each": "SUCCESS"}
    stats = run.tasks[1].for_each_task.stats.task_run_stats
    assert (stats.total_iterations, stats.succeeded_iterations, stats.failed_iterations) == (2, 2, 0)
    each = client.jobs.get_run(run.tasks[1].run_id)
    logs = [client.jobs.get_run_output(iteration.run_id).logs for iteration in each.iterations]
    assert logs == ["load a\n", "load b\n"]
    assert client.jobs.get_run(each.iterations[0].run_id).tasks[0].task_key == "load"


def test_a_failed_iteration_fails_the_loop_after_the_others_have_run(client: WorkspaceClient, job_builder: Any) -> None:
    block = {"left": "{{input}}", "op": "GREATER_THAN", "right": "1"}
    nested = {"condition_task": block, "max_retries": 1}
    job = job_builder.create(client, [loop("each", '[1, "x", 3]', nested), yes("then", {"task_key": "each"})])
    run = ended(client, job)
    assert results(run) == {"each": "FAILED", "then": "UPSTREAM_FAILED"}
    assert run.tasks[0].state.state_message.startswith("1 of 3 iterations failed")
    stats = run.tasks[0].for_each_task.stats
    counts = stats.task_run_stats
    assert (counts.completed_iterations, counts.succeeded_iterations, counts.failed_iterations) == (3, 2, 1)
    assert "'x' is none" in stats.error_message_stats[0].error_message
    iterations = client.jobs.get_run(run.tasks[0].run_id).iterations
    assert sorted((i.attempt_number, i.state.result_state.value) for i in iterations) == [
        (0, "FAILED"),
        (0, "SUCCESS"),
        (0, "SUCCESS"),
        (1, "FAILED"),
    ]


def test_iterations_come_in_pages(client: WorkspaceClient, job_builder: Any) -> None:
    nested = {"condition_task": {"left": "{{input}}", "op": "EQUAL_TO", "right": "1"}}
    inputs = str(list(range(120)))
    run = ended(client, job_builder.create(client, [loop("each", inputs, nested, concurrency=10)]))
    first = client.api_client.do("GET", "/api/2.2/jobs/runs/get", query={"run_id": run.tasks[0].run_id})
    assert len(first["iterations"]) == 100
    every = client.jobs.get_run(run.tasks[0].run_id).iterations
    assert len({iteration.run_id for iteration in every}) == 120


@pytest.mark.parametrize("inputs", ["{{job.parameters.list}}", '{"a": 1}'])
def test_inputs_must_be_an_array(client: WorkspaceClient, job_builder: Any, inputs: str) -> None:
    task = loop("each", inputs, {"condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}})
    parameters = [{"name": "list", "default": "no array"}]
    if inputs.startswith("{{"):
        run = ended(client, job_builder.create(client, [task], parameters=parameters))
        assert "must be a JSON array; got 'no array'" in run.tasks[0].state.state_message
    else:
        with pytest.raises(InvalidParameterValue, match="must be a JSON array"):
            job_builder.create(client, [task])


def test_a_job_runs_another_with_parameters_and_ends_as_it_ends(client: WorkspaceClient, job_builder: Any) -> None:
    parameters = [{"name": "x", "default": "0"}]
    child = job_builder.create(
        client, [condition("big", "{{job.parameters.x}}", "GREATER_THAN", "1")], parameters=parameters
    )
    block = {"job_id": child, "job_parameters": {"x": "{{job.parameters.y}}"}}
    parent = job_builder.create(
        client, [{"task_key": "call", "run_job_task": block}], parameters=[{"name": "y", "default": "2"}]
    )
    run = ended(client, parent)
    assert results(run) == {"call": "SUCCESS"}
    child_run = client.jobs.get_run(client.jobs.get_run_output(run.tasks[0].run_id).run_job_output.run_id)
    assert (child_run.job_id, child_run.trigger.value) == (child, "RUN_JOB_TASK")
    assert child_run.tasks[0].condition_task.outcome == "true"
    failed = ended(client, parent, job_parameters={"y": "none"})
    assert results(failed) == {"call": "FAILED"}
    assert f"of job {child} ended as FAILED" in failed.tasks[0].state.state_message


def test_jobs_cannot_run_in_a_circle(client: WorkspaceClient, job_builder: Any) -> None:
    first = job_builder.create(client, [yes("a")])
    second = job_builder.create(client, [{"task_key": "call", "run_job_task": {"job_id": first}}])
    body = {"job_id": first, "new_settings": {"tasks": [{"task_key": "a", "run_job_task": {"job_id": second}}]}}
    with pytest.raises(InvalidParameterValue, match="circle"):
        client.api_client.do("POST", "/api/2.2/jobs/reset", body=body)
    with pytest.raises(InvalidParameterValue, match="job 1, which does not exist"):
        job_builder.create(client, [{"task_key": "call", "run_job_task": {"job_id": 1}}])


def test_a_principal_without_rights_on_the_other_job_does_not_run_it(client: WorkspaceClient, job_builder: Any) -> None:
    child = job_builder.create(client, [yes("a")])
    stranger = client.service_principals.create(display_name=f"stranger-{child}").application_id
    task = {"task_key": "call", "run_job_task": {"job_id": child}}
    run = ended(client, job_builder.create(client, [task], run_as={"service_principal_name": stranger}))
    assert "does not have CAN_MANAGE_RUN" in run.tasks[0].state.state_message
    assert run.tasks[0].status.termination_details.code.value == "UNAUTHORIZED_ERROR"


SLEEPS = {"tiny": "import time\ndef sleep():\n    print('sleeping', flush=True)\n    time.sleep(600)\n"}


def test_cancelling_a_run_cancels_its_loops_and_the_runs_it_started(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    child = job_builder.create(client, [job_builder.wheel_task("sleep")], wheels.upload(SLEEPS))
    nested = {"run_job_task": {"job_id": child}}
    waiter = client.jobs.run_now(job_builder.create(client, [loop("each", "[1, 2]", nested)]))
    each = until(lambda: client.jobs.get_run(waiter.run_id).tasks)[0].run_id
    call = until(lambda: client.jobs.get_run(each).iterations)[0].run_id
    output = until(lambda: client.jobs.get_run_output(call).run_job_output)
    until(lambda: (_first(client, output.run_id) or RunTask("")).run_id)
    client.jobs.cancel_run_and_wait(waiter.run_id, timeout=MINUTE)
    child_run = client.jobs.wait_get_run_job_terminated_or_skipped(output.run_id, timeout=MINUTE)
    assert child_run.state.result_state == RunResultState.CANCELED
    iterations = client.jobs.get_run(each).iterations
    assert [i.state.result_state for i in iterations] == [RunResultState.CANCELED] * 2


def _first(client: WorkspaceClient, run_id: int) -> RunTask | None:
    tasks = client.jobs.get_run(run_id).tasks
    return tasks[0] if tasks and tasks[0].state.life_cycle_state == RunLifeCycleState.RUNNING else None


def test_a_kill_ends_a_half_done_loop_and_what_waited_for_it_and_a_repair_finishes_it(
    fresh_local_workspace: LocalWorkspace, fresh_wheels: Any, job_builder: Any, tmp_path: Path
) -> None:
    client, marker = fresh_local_workspace.client(), tmp_path / "go"
    code = f"""
    import sys, time
    from pathlib import Path
    def work():
        while sys.argv[1] == "2" and not Path({str(marker)!r}).exists():
            time.sleep(0.05)
    """
    nested = job_builder.wheel_task("work", wheel={"parameters": ["{{input}}"]})
    child = job_builder.create(
        client,
        [loop("each", "[1, 2, 3]", {**nested, "task_key": "work"}), yes("then", {"task_key": "each"})],
        fresh_wheels.upload({"tiny": code}),
    )
    parent = job_builder.create(client, [{"task_key": "call", "run_job_task": {"job_id": child}}])
    running = client.jobs.run_now(child).run_id
    waiting = client.jobs.run_now(parent).run_id
    each = until(lambda: client.jobs.get_run(running).tasks)[0].run_id
    until(lambda: [i for i in client.jobs.get_run(each).iterations or [] if i.state.result_state])
    call = until(lambda: client.jobs.get_run(waiting).tasks)[0].run_id
    queued = until(lambda: client.jobs.get_run_output(call).run_job_output).run_id
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    states = {run_id: client.jobs.get_run(run_id).state.life_cycle_state.value for run_id in (running, waiting, queued)}
    assert states == {running: "INTERNAL_ERROR", waiting: "INTERNAL_ERROR", queued: "TERMINATED"}
    iterations = client.jobs.get_run(each).iterations
    assert [i.state.life_cycle_state.value for i in iterations] == ["TERMINATED", "INTERNAL_ERROR", "INTERNAL_ERROR"]
    marker.touch()
    repaired = client.jobs.repair_run(running, rerun_all_failed_tasks=True).result(timeout=MINUTE)
    assert repaired.state.result_state == RunResultState.SUCCESS


def test_more_than_a_hundred_tasks_come_in_pages(client: WorkspaceClient, job_builder: Any) -> None:
    tasks = [yes(f"t{number}") for number in range(130)]
    job = job_builder.create(client, tasks)
    first = client.api_client.do("GET", "/api/2.2/jobs/get", query={"job_id": job})
    assert (len(first["settings"]["tasks"]), first["next_page_token"]) == (100, "100")
    assert len(client.jobs.get(job).settings.tasks) == 130
    run = ended(client, job)
    assert len(results(run)) == 130
    listed = next(client.jobs.list_runs(job_id=job, expand_tasks=True))
    assert (len(listed.tasks), run.state.result_state) == (130, RunResultState.SUCCESS)


def test_what_is_not_emulated_is_refused_by_name(client: WorkspaceClient, job_builder: Any) -> None:
    job = job_builder.create(client, [yes("a")])
    run = ended(client, job)
    with pytest.raises(DatabricksError, match="jobs/runs/export") as refused:
        client.jobs.export_run(run.run_id)
    assert refused.value.error_code == "NOT_IMPLEMENTED"
    with pytest.raises(DatabricksError, match="'only' of run-now"):
        client.jobs.run_now(job, only=["a"])
