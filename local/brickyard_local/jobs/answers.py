"""How stored jobs and runs look in answers of the Jobs API. Pure: no I/O.

Source: docs.databricks.com/api/workspace/jobs/getrun; states as databricks-sdk's service/jobs.py lists them.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.account import Workspace
from brickyard_local.jobs.records import is_active
from brickyard_local.store import Document

_TASK_FIELDS = (
    "task_key",
    "description",
    "depends_on",
    "run_if",
    "environment_key",
    "job_cluster_key",
    "new_cluster",
    "libraries",
    "python_wheel_task",
    "spark_python_task",
    "max_retries",
    "min_retry_interval_millis",
    "retry_on_timeout",
    "timeout_seconds",
    "disable_auto_optimization",
)
_DETAILS = ("tasks", "job_clusters", "environments", "parameters")
_V2_STATE = {"SKIPPED": "TERMINATED", "INTERNAL_ERROR": "TERMINATED", "WAITING_FOR_RETRY": "WAITING"}
_TYPES = {"SUCCESS": "SUCCESS", "SUCCESS_WITH_FAILURES": "SUCCESS", "INTERNAL_ERROR": "INTERNAL_ERROR"}


def job(document: Document) -> Document:
    """The whole job; `run_as` is read from `run_as_user_name`, as on Databricks."""
    settings = {name: value for name, value in document["settings"].items() if name != "run_as"}
    return {
        "job_id": document["job_id"],
        "creator_user_name": document["creator"],
        "run_as_user_name": document["run_as"],
        "created_time": document["created_time"],
        "settings": {**settings, "format": "MULTI_TASK"},
    }


def listed_job(document: Document, *, expand_tasks: bool) -> Document:
    """The job in a list: without its tasks unless asked for."""
    whole = job(document)
    whole.pop("run_as_user_name")
    if not expand_tasks:
        whole["settings"] = {name: value for name, value in whole["settings"].items() if name not in _DETAILS}
    return whole


def run(document: Document, workspace: Workspace) -> Document:
    """The whole run of a job."""
    settings = document["settings"]
    answer = {
        "job_id": document["job_id"],
        "run_id": document["run_id"],
        "job_run_id": document["run_id"],
        "number_in_job": document["run_id"],
        "original_attempt_run_id": document["run_id"],
        "creator_user_name": document["creator"],
        "run_name": settings.get("name", "Untitled"),
        "run_type": "JOB_RUN",
        "trigger": "ONE_TIME",
        "format": "MULTI_TASK",
        "run_page_url": _page(workspace, document),
        "start_time": document["start_time"],
        "end_time": document.get("end_time", 0),
        "run_duration": _duration(document),
        "queue_duration": max(0, document.get("begin_time", document["start_time"]) - document["start_time"]),
        "state": _state(document),
        "status": _status(document),
        "tasks": [_task(attempt, document, workspace) for attempt in document["tasks"]],
    }
    if document["job_parameters"]:
        answer["job_parameters"] = document["job_parameters"]
    if settings.get("job_clusters"):
        answer["job_clusters"] = settings["job_clusters"]
    return answer


def listed_run(document: Document, workspace: Workspace, *, expand_tasks: bool) -> Document:
    """The run in a list: without its tasks unless asked for."""
    whole = run(document, workspace)
    return whole if expand_tasks else {name: value for name, value in whole.items() if name not in _DETAILS}


def task_run(document: Document, task_run_id: int, workspace: Workspace) -> Document:
    """One task attempt, asked for by its own run id."""
    attempt = next(task for task in document["tasks"] if task["run_id"] == task_run_id)
    whole = run(document, workspace)
    task = _task(attempt, document, workspace)
    own = ("run_id", "run_page_url", "start_time", "end_time", "run_duration", "state", "status")
    return {
        **whole,
        **{name: task[name] for name in own},
        "attempt_number": attempt["attempt_number"],
        "run_name": attempt["task_key"],
        "tasks": [task],
    }


def _task(attempt: Document, run_document: Document, workspace: Workspace) -> Document:
    tasks = run_document["settings"].get("tasks") or []
    configured = next(task for task in tasks if task["task_key"] == attempt["task_key"])
    duration = _duration(attempt)
    return {
        **{name: configured[name] for name in _TASK_FIELDS if name in configured},
        "run_id": attempt["run_id"],
        "attempt_number": attempt["attempt_number"],
        "start_time": attempt["start_time"],
        "end_time": attempt["end_time"],
        "run_duration": duration,
        "setup_duration": 0,
        "execution_duration": duration,
        "cleanup_duration": 0,
        "run_page_url": _page(workspace, run_document, attempt),
        "state": _state(attempt),
        "status": _status(attempt),
    }


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
