"""Dynamic value references."""

import pytest

from brickyard_local.errors import ApiError, InvalidParameter
from brickyard_local.jobs.references import Context, Upstream, check, resolve

CONTEXT = Context(
    job={"id": 7, "name": "nightly", "run_id": 70, "repair_count": 0},
    start_time_ms=1_700_000_000_000,
    task={"name": "use", "run_id": 71, "execution_count": 2},
    workspace={"id": 1, "url": "http://127.0.0.1:20000"},
    parameters={"stage": "dev", "odd name": "x"},
    tasks={
        "train": Upstream(
            run_id=72,
            result_state="SUCCESS",
            execution_count=1,
            values={"version": 3, "name": "m", "scores": {"mae": 0.5}},
        )
    },
)


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("plain", "plain"),
        ("{{job.id}}/{{ job.run_id }}", "7/70"),
        ("{{job.name}}", "nightly"),
        ("{{job.start_time.iso_date}}", "2023-11-14"),
        ("{{job.start_time.timestamp_ms}}", "1700000000000"),
        ("{{job.parameters.stage}}", "dev"),
        ("{{job.parameters.`odd name`}}", "x"),
        ("{{task.name}} {{task.execution_count}}", "use 2"),
        ("{{workspace.url}}", "http://127.0.0.1:20000"),
        ("{{tasks.train.values.version}}", "3"),
        ("{{tasks.train.values.name}}", "m"),
        ("{{tasks.train.values.scores}}", '{"mae": 0.5}'),
        ("{{tasks.train.result_state}} {{tasks.train.run_id}}", "success 72"),
        ("{{job_id}} {{run_id}} {{parent_run_id}} {{start_date}}", "7 71 70 2023-11-14"),
        ("{not a reference}", "{not a reference}"),
    ],
)
def test_a_reference_is_replaced(text: str, resolved: str) -> None:
    assert resolve(text, CONTEXT) == resolved


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{tasks.train.values.missing}}", r"set no value 'missing'; it set \['name', 'scores', 'version'\]"),
        ("{{tasks.later.values.x}}", "task 'later', which has not ended"),
        ("{{job.parameters.zzz}}", "unknown"),
    ],
)
def test_what_is_not_known_yet_fails_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        resolve(text, CONTEXT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{jobs.id}}", "known are"),
        ("{{job.colour}}", "known in 'job'"),
        ("{{job.parameters.zzz}}", r"the job's parameters are \['stage'\]"),
        ("{{job.start_time.fortnight}}", "forms of a time"),
        ("{{tasks.zzz.values.x}}", "its task is not one of"),
        ("{{tasks.a.values}}", "tasks.<task>.values.<key>"),
        ("{{job.trigger.table_update.updated_tables}}", "does not emulate"),
        ("{{job.trigger.colour}}", "known in 'job.trigger'"),
        ("{{input}}", "known are"),
        ("{{backfill.iso_date}}", "does not emulate"),
    ],
)
def test_what_could_never_be_known_is_refused_with_the_job(text: str, message: str) -> None:
    task = {"task_key": "a", "python_wheel_task": {"parameters": [text]}}
    with pytest.raises(ApiError, match=message):
        check({"tasks": [task], "parameters": [{"name": "stage", "default": "dev"}]})
