"""Which task may start after which, and what a run's tasks make of the run. Pure: no I/O.

Source: docs.databricks.com/jobs/run-if (conditions; an excluded task counts as a success of its dependants),
docs.databricks.com/jobs/disabled-tasks, docs.databricks.com/jobs/if-else.
Deviation: a task whose `depends_on.outcome` is not met is EXCLUDED whatever its other dependencies did; the
documents say only that the outcome "must be met for this task to run".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from brickyard_local.errors import InvalidParameter

RUN = "RUN"
GOOD = frozenset({"SUCCESS", "EXCLUDED", "DISABLED"})
_SUCCESSFUL = frozenset({"SUCCESS", "EXCLUDED"})
_CANCELED = frozenset({"CANCELED", "UPSTREAM_CANCELED"})
_CONDITIONS = (
    "ALL_SUCCESS",
    "ALL_DONE",
    "ALL_FAILED",
    "AT_LEAST_ONE_FAILED",
    "AT_LEAST_ONE_SUCCESS",
    "NONE_FAILED",
)


def upstream(task: Mapping[str, Any]) -> list[str]:
    """Keys of the tasks that a task waits for."""
    return [dependency["task_key"] for dependency in task.get("depends_on") or []]


def dependents(tasks: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> set[str]:
    """Every task that waits for one of `keys`, directly or through others."""
    found: set[str] = set()
    wanted = set(keys)
    while wanted:
        wanted = {task["task_key"] for task in tasks if wanted & set(upstream(task))} - found
        found |= wanted
    return found


def check(tasks: Sequence[Mapping[str, Any]]) -> None:
    """Errors: InvalidParameter for doubled keys, unknown dependencies, circles, unknown conditions or outcomes."""
    by_key = {task["task_key"]: task for task in tasks}
    if len(by_key) != len(tasks):
        keys = [task["task_key"] for task in tasks]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        raise InvalidParameter(f"Task keys must differ; given twice: {', '.join(doubled)}.")
    for task in tasks:
        if task.get("run_if", "ALL_SUCCESS") not in _CONDITIONS:
            raise InvalidParameter(f"run_if '{task['run_if']}' is unknown; one of {', '.join(_CONDITIONS)}.")
        for dependency in task.get("depends_on") or []:
            _check_dependency(task["task_key"], dependency, by_key)
    _check_no_circle({task["task_key"]: set(upstream(task)) for task in tasks})


def _check_dependency(key: str, dependency: Mapping[str, Any], by_key: Mapping[str, Mapping[str, Any]]) -> None:
    before, outcome = dependency["task_key"], dependency.get("outcome")
    if before not in by_key:
        raise InvalidParameter(f"Task '{key}' depends on '{before}', which the job does not have.")
    if not outcome:
        return
    if outcome not in {"true", "false"}:
        raise InvalidParameter(f"The outcome that task '{key}' waits for is '{outcome}'; it must be 'true' or 'false'.")
    if not by_key[before].get("condition_task"):
        raise InvalidParameter(f"Task '{key}' waits for an outcome of '{before}', which is no condition_task.")


def _check_no_circle(waiting: dict[str, set[str]]) -> None:
    while waiting:
        free = {key for key, before in waiting.items() if not before}
        if not free:
            raise InvalidParameter(f"These tasks wait for each other in a circle: {', '.join(sorted(waiting))}.")
        waiting = {key: before - free for key, before in waiting.items() if key not in free}


def decide(run_if: str, results: Sequence[str]) -> str:
    """What becomes of a task whose dependencies have ended: RUN, or the result it gets without running.

    >>> decide("ALL_SUCCESS", ["SUCCESS", "FAILED"])
    'UPSTREAM_FAILED'
    >>> decide("AT_LEAST_ONE_FAILED", ["SUCCESS", "SUCCESS"])
    'EXCLUDED'
    >>> decide("ALL_SUCCESS", ["SUCCESS", "DISABLED"])
    'DISABLED'
    """
    if not results or run_if == "ALL_DONE":
        all_excluded = bool(results) and all(result == "EXCLUDED" for result in results)
        return "EXCLUDED" if all_excluded else RUN
    if all(result == "EXCLUDED" for result in results):
        return "EXCLUDED"
    successful = [result in _SUCCESSFUL for result in results]
    failed = [result not in GOOD for result in results]
    allowed = {
        "ALL_SUCCESS": all(successful),
        "ALL_FAILED": all(failed),
        "AT_LEAST_ONE_FAILED": any(failed),
        "AT_LEAST_ONE_SUCCESS": "SUCCESS" in results,
        "NONE_FAILED": not any(failed) and any(successful),
    }
    return RUN if allowed[run_if] else _not_run(run_if, results)


def _not_run(run_if: str, results: Sequence[str]) -> str:
    """The result of a task whose condition is not met."""
    failed = any(result not in GOOD and result not in _CANCELED for result in results)
    canceled = any(result in _CANCELED for result in results)
    if run_if in {"ALL_FAILED", "AT_LEAST_ONE_FAILED"}:
        others = [result for result in results if result != "DISABLED"]
        because_disabled = len(others) < len(results) and all(result not in GOOD for result in others)
        return "DISABLED" if because_disabled else "EXCLUDED"
    if failed:
        return "UPSTREAM_FAILED"
    if canceled:
        return "UPSTREAM_CANCELED"
    return "DISABLED" if "DISABLED" in results else "EXCLUDED"


def run_result(tasks: Sequence[Mapping[str, Any]], results: Mapping[str, str]) -> str:
    """The result of a job run: its leaf tasks decide."""
    waited_for = {key for task in tasks for key in upstream(task)}
    leaves = [results[task["task_key"]] for task in tasks if task["task_key"] not in waited_for]
    if any(leaf not in GOOD for leaf in leaves):
        return "FAILED" if _any_failed(results.values()) else "CANCELED"
    return "SUCCESS" if all(result in GOOD for result in results.values()) else "SUCCESS_WITH_FAILURES"


def _any_failed(results: Iterable[str]) -> bool:
    return any(result not in GOOD and result not in _CANCELED for result in results)
