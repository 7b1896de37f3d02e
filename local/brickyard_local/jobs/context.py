"""The facts that dynamic value references of a run and its tasks stand for. Pure: no I/O."""

from collections.abc import Sequence
from typing import Any

from brickyard_local.account import Workspace
from brickyard_local.jobs.references import Context, Upstream
from brickyard_local.store import Document

_TRIGGERS = {"TABLE": "table_update"}


def of_run(run: Document, workspace: Workspace) -> Context:
    """What is known before any task has run: job parameters may refer to it."""
    return Context(
        job=_job(run), start_time_ms=run["start_time"], task={}, workspace=_workspace(workspace), trigger=_trigger(run)
    )


def of_task(run: Document, attempt: Document, ended: Sequence[Document], workspace: Workspace) -> Context:
    """What an attempt of a task may ask, `ended` being the last attempts of the tasks that have ended."""
    return Context(
        job=_job(run),
        start_time_ms=run["start_time"],
        task={
            "name": attempt["task_key"],
            "run_id": attempt["run_id"],
            "execution_count": attempt["attempt_number"] + 1,
        },
        workspace=_workspace(workspace),
        parameters={entry["name"]: entry["value"] for entry in run["job_parameters"]},
        tasks={before["task_key"]: _upstream(before) for before in ended},
        trigger=_trigger(run),
    )


def _upstream(attempt: Document) -> Upstream:
    code = attempt.get("code", "")
    return Upstream(
        run_id=attempt["run_id"],
        result_state=attempt["result_state"],
        execution_count=attempt["attempt_number"] + 1,
        values=attempt.get("values", {}),
        error_code="" if code == "SUCCESS" else "".join(part.capitalize() for part in code.split("_")),
    )


def _job(run: Document) -> dict[str, Any]:
    return {
        "id": run["job_id"],
        "name": run["settings"].get("name", "Untitled"),
        "run_id": run["run_id"],
        "repair_count": len(run.get("repairs", [])),
    }


def _workspace(workspace: Workspace) -> dict[str, Any]:
    return {"id": workspace.workspace_id, "url": workspace.host}


def _trigger(run: Document) -> dict[str, Any]:
    kind = run.get("trigger", "ONE_TIME")
    found = {"type": _TRIGGERS.get(kind, kind.lower()), "time_ms": run.get("trigger_time", run["start_time"])}
    location = ((run["settings"].get("trigger") or {}).get("file_arrival") or {}).get("url")
    return found | ({"location": location} if location and kind == "FILE_ARRIVAL" else {})
