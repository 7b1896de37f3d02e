"""Jobs: settings as they are kept, and the semantics of their graph, by tasks that need no compute.

Source: docs.databricks.com/api/workspace/jobs; docs.databricks.com/jobs/run-if, /jobs/conditional-tasks, /jobs/for-each
"""

from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, ResourceDoesNotExist
from databricks.sdk.service.jobs import (
    ConditionTask,
    ConditionTaskOp,
    CronSchedule,
    JobParameter,
    JobParameterDefinition,
    JobSettings,
    PauseStatus,
    Run,
    RunIf,
    RunJobTask,
    RunResultState,
    Task,
    TaskDependency,
)

REFUSED = (BadRequest, InvalidParameterValue)
MISSING = (NotFound, ResourceDoesNotExist, InvalidParameterValue)


def condition(key: str, left: str, op: ConditionTaskOp, right: str, **more: Any) -> Task:
    return Task(task_key=key, condition_task=ConditionTask(left=left, op=op, right=right), **more)


def true(key: str, **more: Any) -> Task:
    return condition(key, "1", ConditionTaskOp.EQUAL_TO, "1", **more)


def after(*keys: str, outcome: str | None = None) -> list[TaskDependency]:
    return [TaskDependency(task_key=key, outcome=outcome) for key in keys]


def run(target: Any, tasks: list[Task], cleanup: Any, **settings: Any) -> Run:
    """The ended run of a job of its own, whatever its result."""
    made = target.client.jobs.create(name=target.name("job"), tasks=tasks, **settings)
    cleanup(target.client.jobs.delete, made.job_id)
    started = target.client.jobs.run_now(made.job_id)
    found: Run = started.result(timeout=timedelta(minutes=5))
    return found


def results(ended: Run) -> dict[str, str]:
    """Result state by task."""
    return {
        task.task_key: task.state.result_state.value if task.state and task.state.result_state else "NONE"
        for task in ended.tasks or []
    }


def test_settings_are_kept_as_they_were_given(target: Any, seen: Any, cleanup: Any) -> None:
    made = target.client.jobs.create(
        name=target.name("job"),
        tasks=[true("first"), true("second", depends_on=after("first"), run_if=RunIf.ALL_DONE)],
        parameters=[JobParameterDefinition(name="month", default="1")],
        schedule=CronSchedule(
            quartz_cron_expression="0 0 3 * * ?", timezone_id="Europe/Berlin", pause_status=PauseStatus.PAUSED
        ),
        max_concurrent_runs=2,
        tags={"team": "ml"},
    )
    cleanup(target.client.jobs.delete, made.job_id)
    kept = seen.answer("get", lambda: target.client.jobs.get(made.job_id)).settings
    assert kept is not None
    assert kept.schedule is not None
    assert (kept.max_concurrent_runs, kept.tags) == (2, {"team": "ml"})
    assert kept.schedule.timezone_id == "Europe/Berlin"
    target.client.jobs.update(made.job_id, new_settings=JobSettings(name="renamed"), fields_to_remove=["schedule"])
    changed = target.client.jobs.get(made.job_id).settings
    assert changed is not None
    assert (changed.name, changed.schedule) == ("renamed", None)


@pytest.mark.parametrize(
    ("what", "settings"),
    [
        ("a cycle", {"tasks": [true("a", depends_on=after("b")), true("b", depends_on=after("a"))]}),
        ("an unknown dependency", {"tasks": [true("a", depends_on=after("none"))]}),
        ("a key twice", {"tasks": [true("a"), true("a")]}),
        (
            "a wrong schedule",
            {"tasks": [true("a")], "schedule": CronSchedule(quartz_cron_expression="every day", timezone_id="UTC")},
        ),
        (
            "a wrong time zone",
            {"tasks": [true("a")], "schedule": CronSchedule(quartz_cron_expression="0 0 3 * * ?", timezone_id="Mars")},
        ),
    ],
)
def test_what_cannot_run_is_refused_when_it_is_made(target: Any, what: str, settings: Any, seen: Any) -> None:
    seen.refusal(what, lambda: target.client.jobs.create(name=target.name("job"), **settings), *REFUSED)


def test_a_missing_job_is_an_error_of_its_own(target: Any, seen: Any) -> None:
    seen.refusal("get", lambda: target.client.jobs.get(123_456_789), *MISSING)
    seen.refusal("run", lambda: target.client.jobs.run_now(123_456_789), *MISSING)


def test_a_condition_chooses_its_branch(target: Any, seen: Any, cleanup: Any) -> None:
    tasks = [
        condition("more", "{{job.parameters.month}}", ConditionTaskOp.GREATER_THAN, "9"),
        true("if_true", depends_on=after("more", outcome="true")),
        true("if_false", depends_on=after("more", outcome="false")),
        true("behind_true", depends_on=after("if_true")),
        true("join", depends_on=after("if_true", "if_false"), run_if=RunIf.AT_LEAST_ONE_SUCCESS),
    ]
    ended = run(target, tasks, cleanup, parameters=[JobParameterDefinition(name="month", default="10")])
    seen.answer("run", lambda: ended)
    assert ended.state is not None
    assert ended.state.result_state is RunResultState.SUCCESS
    assert results(ended) == {
        "more": "SUCCESS",
        "if_true": "SUCCESS",
        "if_false": "EXCLUDED",
        "behind_true": "SUCCESS",
        "join": "SUCCESS",
    }


@pytest.mark.parametrize(
    ("left", "op", "right", "outcome"),
    [
        ("10", ConditionTaskOp.GREATER_THAN, "9", "true"),
        ("10.0", ConditionTaskOp.EQUAL_TO, "10", "false"),
        ("10.0", ConditionTaskOp.GREATER_THAN_OR_EQUAL, "10", "true"),
        ("a", ConditionTaskOp.NOT_EQUAL, "A", "true"),
    ],
)
def test_numbers_are_compared_as_numbers_and_equality_is_of_text(
    target: Any, left: str, op: ConditionTaskOp, right: str, outcome: str, cleanup: Any
) -> None:
    ended = run(target, [condition("c", left, op, right)], cleanup)
    task = (ended.tasks or [])[0]
    assert task.condition_task is not None
    assert task.condition_task.outcome == outcome


def test_a_parameter_of_the_run_wins_over_the_jobs(target: Any, cleanup: Any) -> None:
    made = target.client.jobs.create(
        name=target.name("job"),
        tasks=[condition("c", "{{job.parameters.month}}", ConditionTaskOp.EQUAL_TO, "7")],
        parameters=[JobParameterDefinition(name="month", default="1")],
    )
    cleanup(target.client.jobs.delete, made.job_id)
    ended = target.client.jobs.run_now(made.job_id, job_parameters={"month": "7"}).result()
    assert (ended.tasks or [])[0].condition_task.outcome == "true"
    assert JobParameter(name="month", default="1", value="7") in (ended.job_parameters or [])


def test_the_same_token_starts_one_run(target: Any, cleanup: Any) -> None:
    made = target.client.jobs.create(name=target.name("job"), tasks=[true("a")])
    cleanup(target.client.jobs.delete, made.job_id)
    token = target.name("token")
    first = target.client.jobs.run_now(made.job_id, idempotency_token=token)
    second = target.client.jobs.run_now(made.job_id, idempotency_token=token)
    assert first.run_id == second.run_id


def test_a_job_runs_another_one_with_parameters(target: Any, seen: Any, cleanup: Any) -> None:
    inner = target.client.jobs.create(
        name=target.name("job"),
        tasks=[condition("c", "{{job.parameters.month}}", ConditionTaskOp.EQUAL_TO, "5")],
        parameters=[JobParameterDefinition(name="month", default="1")],
    )
    cleanup(target.client.jobs.delete, inner.job_id)
    task = Task(task_key="inner", run_job_task=RunJobTask(job_id=inner.job_id, job_parameters={"month": "5"}))
    ended = run(target, [task], cleanup)
    seen.answer("run", lambda: ended)
    task_run_id = (ended.tasks or [])[0].run_id
    output = seen.answer("output", lambda: target.client.jobs.get_run_output(task_run_id)).run_job_output
    assert output is not None
    assert (target.client.jobs.get_run(output.run_id).tasks or [])[0].condition_task.outcome == "true"
