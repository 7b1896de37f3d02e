"""Which tasks a repair runs again, and what the run looks like before it starts. Pure: no I/O.

Source: docs.databricks.com/jobs/repair-job-failures; the parameters of jobs/runs/repair.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from brickyard_local.errors import InvalidParameter, InvalidState
from brickyard_local.jobs import graph
from brickyard_local.jobs.payloads import RepairRun
from brickyard_local.jobs.run_index import is_active
from brickyard_local.store import Document

_ENDS = ("life_cycle_state", "result_state", "code", "state_message", "end_time")


def selected(run: Document, asked: RepairRun) -> list[str]:
    """Keys of the tasks to run again, in the order of the job. Errors: InvalidState, InvalidParameter."""
    if is_active(run):
        raise InvalidState(f"Run {run['run_id']} is active: only an ended run can be repaired.")
    _check_latest(run, asked.latest_repair_id)
    tasks = run["settings"].get("tasks") or []
    keys = [task["task_key"] for task in tasks]
    if bool(asked.rerun_tasks) == asked.rerun_all_failed_tasks:
        raise InvalidParameter("Give either rerun_tasks or rerun_all_failed_tasks.")
    if unknown := sorted(set(asked.rerun_tasks) - set(keys)):
        raise InvalidParameter(f"rerun_tasks names {unknown}, which run {run['run_id']} does not have: {keys}.")
    chosen = set(asked.rerun_tasks) or unsuccessful(run, tasks)
    if not chosen:
        raise InvalidParameter(f"Run {run['run_id']} has no failed tasks to repair.")
    if asked.rerun_dependent_tasks:
        chosen |= graph.dependents(tasks, chosen)
    return [key for key in keys if key in chosen]


def unsuccessful(run: Document, tasks: Sequence[Mapping[str, Any]]) -> set[str]:
    """Tasks whose last attempt is no success, skipped ones and those that never had an attempt included."""
    last = {attempt["task_key"]: attempt.get("result_state") for attempt in run["tasks"]}
    return {task["task_key"] for task in tasks if last.get(task["task_key"]) not in graph.GOOD}


def prepared(
    run: Document, keys: Sequence[str], settings: Mapping[str, Any], *, repair_id: int, start_time: int
) -> Document:
    """The run about to be repaired with the job's settings of now. Errors: InvalidParameter."""
    now = {task["task_key"]: task for task in settings.get("tasks") or []}
    if gone := [key for key in keys if key not in now]:
        raise InvalidParameter(f"The job no longer has the tasks {gone}: they cannot be run again.")
    old = run["settings"].get("tasks") or []
    tasks = [now[task["task_key"]] if task["task_key"] in keys else task for task in old]
    graph.check(tasks)
    kept = {name: value for name, value in run.items() if name not in _ENDS}
    item = {"id": repair_id, "start_time": start_time, "tasks": list(keys), "task_run_ids": []}
    return {
        **kept,
        "settings": {**settings, "tasks": tasks},
        "history": [*run.get("history", []), ended_item(run)],
        "repairs": [*run.get("repairs", []), item],
        "life_cycle_state": "PENDING",
    }


def acting_as(run: Document, principal: str, pinned: Mapping[str, str]) -> Document:
    """The run with the job's run_as of now: who edits a job must not have it run as a principal of then.

    Wheels stay as they were when the run began, but for another principal, which may not be allowed to read them.
    """
    kept = run.get("wheels", {}) if run["run_as"] == principal else {}
    return {**run, "run_as": principal, "wheels": {**pinned, **kept}}


def ended_item(run: Document) -> Document:
    """The original run, or its last repair, as the repair history keeps it."""
    if not run.get("repairs"):
        item: Document = {"type": "ORIGINAL", "start_time": run["start_time"]}
        ids = [attempt["run_id"] for attempt in run["tasks"]]
    else:
        last = run["repairs"][-1]
        item = {"type": "REPAIR", "id": last["id"], "start_time": last["start_time"]}
        ids = last["task_run_ids"]
    return {**item, "task_run_ids": ids, **{name: run[name] for name in _ENDS if name in run}}


def _check_latest(run: Document, given: int | None) -> None:
    latest = run["repairs"][-1]["id"] if run.get("repairs") else None
    if given != latest:
        said = "It was not repaired before." if latest is None else f"Its latest repair is {latest}."
        raise InvalidParameter(f"latest_repair_id of run {run['run_id']} is {given}. {said}")
