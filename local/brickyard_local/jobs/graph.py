"""Which task may start after which. Pure: no I/O.

Source: docs.databricks.com/jobs/run-if (conditions; an excluded task counts as a success of its dependants).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated

RUN = "RUN"
_GOOD = frozenset({"SUCCESS", "EXCLUDED"})
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


def check(tasks: Sequence[Mapping[str, Any]]) -> None:
    """Errors: InvalidParameter for doubled keys, unknown dependencies, circles, unknown conditions."""
    keys = [task["task_key"] for task in tasks]
    if doubled := sorted({key for key in keys if keys.count(key) > 1}):
        raise InvalidParameter(f"Task keys must differ; given twice: {', '.join(doubled)}.")
    for task in tasks:
        if task.get("run_if", "ALL_SUCCESS") not in _CONDITIONS:
            raise InvalidParameter(f"run_if '{task['run_if']}' is unknown; one of {', '.join(_CONDITIONS)}.")
        for dependency in task.get("depends_on") or []:
            if dependency.get("outcome"):
                raise NotEmulated("'depends_on.outcome': there are no condition tasks here")
            if dependency["task_key"] not in keys:
                raise InvalidParameter(
                    f"Task '{task['task_key']}' depends on '{dependency['task_key']}', which the job does not have."
                )
    _check_no_circle({task["task_key"]: set(upstream(task)) for task in tasks})


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
    """
    if not results:
        return RUN
    if all(result == "EXCLUDED" for result in results):
        return "EXCLUDED"
    good = [result in _GOOD for result in results]
    allowed = {
        "ALL_SUCCESS": all(good),
        "ALL_DONE": True,
        "ALL_FAILED": not any(good),
        "AT_LEAST_ONE_FAILED": not all(good),
        "AT_LEAST_ONE_SUCCESS": "SUCCESS" in results,
        "NONE_FAILED": all(good) and "SUCCESS" in results,
    }
    if allowed[run_if]:
        return RUN
    if run_if in {"ALL_FAILED", "AT_LEAST_ONE_FAILED"}:
        return "EXCLUDED"
    failed = any(result not in _GOOD and result not in _CANCELED for result in results)
    return "UPSTREAM_FAILED" if failed else "UPSTREAM_CANCELED"


def run_result(tasks: Sequence[Mapping[str, Any]], results: Mapping[str, str]) -> str:
    """The result of a job run: its leaf tasks decide."""
    waited_for = {key for task in tasks for key in upstream(task)}
    leaves = [results[task["task_key"]] for task in tasks if task["task_key"] not in waited_for]
    if any(leaf not in _GOOD for leaf in leaves):
        return "FAILED" if _any_failed(results.values()) else "CANCELED"
    return "SUCCESS" if all(result in _GOOD for result in results.values()) else "SUCCESS_WITH_FAILURES"


def _any_failed(results: Iterable[str]) -> bool:
    return any(result not in _GOOD and result not in _CANCELED for result in results)
