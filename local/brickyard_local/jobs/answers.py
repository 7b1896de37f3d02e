"""How stored jobs and runs look in answers of the Jobs API. Pure: no I/O.

Source: docs.databricks.com/api/workspace/jobs/getrun; states as databricks-sdk's service/jobs.py lists them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brickyard_local.account import Workspace
from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs import repairs, task_types
from brickyard_local.jobs.run_index import is_active
from brickyard_local.store import Document

Stats = Mapping[int, Document]
"""Statistics of For each tasks by the run id of their attempt."""

PAGE = 100
_DETAILS = ("tasks", "job_clusters", "environments", "parameters")
_V2_STATE = {"SKIPPED": "TERMINATED", "INTERNAL_ERROR": "TERMINATED", "WAITING_FOR_RETRY": "WAITING"}
_TYPES = {
    "SUCCESS": "SUCCESS",
    "SUCCESS_WITH_FAILURES": "SUCCESS",
    "DISABLED": "SUCCESS",
    "INTERNAL_ERROR": "INTERNAL_ERROR",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What of a job or run is asked for. Without pages everything is shown at once, as before version 2.2."""

    paged: bool = False
    page_token: str | None = None
    history: bool = False
    resolved_values: bool = False

    def slice_of(self, items: Sequence[Any]) -> list[Any]:
        """The part of a list that is on this page."""
        return list(items[self._start : self._start + PAGE]) if self.paged else list(items)

    def following(self, *lists: Sequence[Any]) -> Document:
        """`next_page_token` when one of the lists goes on."""
        end = self._start + PAGE
        return {"next_page_token": str(end)} if self.paged and any(len(items) > end for items in lists) else {}

    @property
    def _start(self) -> int:
        if self.page_token and not self.page_token.isdigit():
            raise InvalidParameter(f"page_token '{self.page_token}' is not one that an answer has had.")
        return int(self.page_token) if self.page_token else 0


def job(document: Document, shown: Shown | None = None) -> Document:
    """The whole job; `run_as` is read from `run_as_user_name`, as on Databricks."""
    shown = shown or Shown()
    settings = {name: value for name, value in document["settings"].items() if name != "run_as"}
    lists = {name: settings[name] for name in _DETAILS if settings.get(name)}
    return {
        "job_id": document["job_id"],
        "creator_user_name": document["creator"],
        "run_as_user_name": document["run_as"],
        "created_time": document["created_time"],
        "settings": {**settings, **{name: shown.slice_of(lists[name]) for name in lists}, "format": "MULTI_TASK"},
        **shown.following(*lists.values()),
    }


def listed_job(document: Document, *, expand_tasks: bool) -> Document:
    """The job in a list: without its tasks unless asked for."""
    whole = job(document, Shown(paged=True))
    whole.pop("run_as_user_name")
    if whole.pop("next_page_token", None) and expand_tasks:
        whole["has_more"] = True
    if not expand_tasks:
        whole["settings"] = {name: value for name, value in whole["settings"].items() if name not in _DETAILS}
    return whole


def run(document: Document, workspace: Workspace, shown: Shown, stats: Stats) -> Document:
    """The whole run of a job."""
    answer = _head(document, workspace)
    if shown.history:
        answer["repair_history"] = [_repair(item) for item in _history(document)]
    clusters, parameters = document["settings"].get("job_clusters") or [], document["job_parameters"]
    answer["tasks"] = [_task(task, document, workspace, shown, stats) for task in shown.slice_of(document["tasks"])]
    for name, items in (("job_parameters", parameters), ("job_clusters", clusters)):
        if page := shown.slice_of(items):
            answer[name] = page
    return answer | shown.following(document["tasks"], clusters, parameters)


def listed_run(document: Document, workspace: Workspace, stats: Stats, *, expand_tasks: bool) -> Document:
    """The run in a list: without its tasks unless asked for."""
    shown = document if expand_tasks else {**document, "tasks": []}
    whole = run(shown, workspace, Shown(paged=True), stats)
    if whole.pop("next_page_token", None) and expand_tasks:
        whole["has_more"] = True
    return whole if expand_tasks else {name: value for name, value in whole.items() if name not in _DETAILS}


def task_run(  # noqa: PLR0913 - the run and what is known of this part of it
    document: Document,
    attempt: Document,
    workspace: Workspace,
    shown: Shown,
    stats: Stats,
    *,
    iterations: Sequence[Document] = (),
    nested_in: int | None = None,
) -> Document:
    """One task attempt or iteration, asked for by its own run id; a For each task with its iterations."""
    task = _task(attempt, document, workspace, shown, stats, nested=nested_in is not None)
    own = ("run_id", "run_page_url", "start_time", "end_time", "run_duration", "state", "status", "attempt_number")
    answer = {
        **_head(document, workspace),
        **{name: task[name] for name in own},
        "run_name": attempt["task_key"],
        "tasks": [task],
    }
    if iterations:
        page = shown.slice_of(iterations)
        answer["iterations"] = [_task(each, document, workspace, shown, {}, nested=True) for each in page]
        answer |= shown.following(iterations)
    return answer


def for_each_stats(iterations: Sequence[Document]) -> Document:
    """ForEachStats. Retried iterations count once, by their last attempt."""
    last = {each.get("first_run_id", each["run_id"]): each for each in iterations}
    active = sum(each["life_cycle_state"] == "RUNNING" for each in last.values())
    ended = [each for each in last.values() if not is_active(each)]
    succeeded = sum(each.get("result_state") == "SUCCESS" for each in ended)
    said = Counter(
        (each.get("state_message", ""), each.get("code", ""))
        for each in ended
        if each.get("result_state") in {"FAILED", "TIMEDOUT"}
    )
    answer: Document = {
        "task_run_stats": {
            "active_iterations": active,
            "completed_iterations": len(ended),
            "failed_iterations": sum(said.values()),
            "scheduled_iterations": len(ended) + active,
            "succeeded_iterations": succeeded,
            "total_iterations": len(last),
        }
    }
    if said:
        answer["error_message_stats"] = [
            {"count": count, "error_message": message, "termination_category": code}
            for (message, code), count in said.most_common()
        ]
    return answer


def _head(document: Document, workspace: Workspace) -> Document:
    settings = document["settings"]
    answer = {
        "job_id": document["job_id"],
        "run_id": document["run_id"],
        "job_run_id": document["run_id"],
        "number_in_job": document["run_id"],
        "original_attempt_run_id": document["run_id"],
        "creator_user_name": document["creator"],
        "run_name": settings.get("name", "Untitled"),
        "run_type": document.get("run_type", "JOB_RUN"),
        "trigger": document.get("trigger", "ONE_TIME"),
        "format": "MULTI_TASK",
        "run_page_url": _page(workspace, document),
        "start_time": document["start_time"],
        "end_time": document.get("end_time", 0),
        "run_duration": _duration(document),
        "queue_duration": max(0, document.get("begin_time", document["start_time"]) - document["start_time"]),
        "state": _state(document),
        "status": _status(document),
    }
    if document.get("parent"):
        answer["trigger_info"] = {"run_id": document["parent"]["task_run_id"]}
    if answer["trigger"] == "PERIODIC" and settings.get("schedule"):
        answer["schedule"] = settings["schedule"]
    return answer


def _task(
    attempt: Document, document: Document, workspace: Workspace, shown: Shown, stats: Stats, *, nested: bool = False
) -> Document:
    duration = _duration(attempt)
    answer: Document = {
        **_configured(attempt, document, nested=nested),
        "run_id": attempt["run_id"],
        "attempt_number": attempt["attempt_number"],
        "start_time": attempt["start_time"],
        "end_time": attempt["end_time"],
        "run_duration": duration,
        "setup_duration": 0,
        "execution_duration": duration,
        "cleanup_duration": 0,
        "run_page_url": _page(workspace, document, attempt),
        "state": _state(attempt),
        "status": _status(attempt),
    }
    if condition := attempt.get("condition"):
        answer["condition_task"] = {**answer["condition_task"], "outcome": condition["outcome"]}
        if shown.resolved_values:
            answer["resolved_values"] = {"condition_task": {side: condition[side] for side in ("left", "right")}}
    if attempt["run_id"] in stats:
        answer["for_each_task"] = {**answer["for_each_task"], "stats": stats[attempt["run_id"]]}
    return answer


def _configured(attempt: Document, document: Document, *, nested: bool) -> Document:
    tasks = document["settings"].get("tasks") or []
    if nested:
        tasks = [task["for_each_task"]["task"] for task in tasks if task.get("for_each_task")]
    found = next(task for task in tasks if task["task_key"] == attempt["task_key"])
    return {name: found[name] for name in task_types.SHOWN_FIELDS if name in found}


def _history(document: Document) -> list[Document]:
    """The original run and its repairs; nothing for a run that was not repaired."""
    return [*document["history"], repairs.ended_item(document)] if document.get("repairs") else []


def _repair(item: Document) -> Document:
    answer: Document = {name: item[name] for name in ("type", "id", "start_time", "task_run_ids") if name in item}
    return {**answer, "end_time": item.get("end_time", 0), "state": _state(item), "status": _status(item)}


def _state(state: Mapping[str, Any]) -> Document:
    answer = {
        "life_cycle_state": state["life_cycle_state"],
        "state_message": state.get("state_message", ""),
        "user_cancelled_or_timedout": state.get("result_state") in {"CANCELED", "TIMEDOUT"},
    }
    if state.get("result_state"):
        answer["result_state"] = state["result_state"]
    return answer


def _status(state: Document) -> Document:
    life_cycle = state["life_cycle_state"]
    answer: Document = {"state": _V2_STATE.get(life_cycle, life_cycle)}
    if not is_active(state):
        code = state.get("code", "INTERNAL_ERROR")
        answer["termination_details"] = {
            "code": code,
            "type": _TYPES.get(code, "CLIENT_ERROR"),
            "message": state.get("state_message", ""),
        }
    if life_cycle == "QUEUED":
        answer["queue_details"] = {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": state["state_message"]}
    return answer


def _duration(state: Mapping[str, Any]) -> int:
    if not state.get("end_time") or not state.get("start_time"):
        return 0
    return int(state["end_time"]) - int(state["start_time"])


def _page(workspace: Workspace, document: Document, attempt: Document | None = None) -> str:
    run_id = attempt["run_id"] if attempt else document["run_id"]
    return f"{workspace.host}/?o={workspace.workspace_id}#job/{document['job_id']}/run/{run_id}"
