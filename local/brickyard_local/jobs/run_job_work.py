"""The attempt of a Run Job task: a run of another job, waited for.

The child run is found by a token of the attempt, so the link holds over a kill of the workspace.
Source: docs.databricks.com/jobs/run-job
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from brickyard_local.callers import Caller
from brickyard_local.jobs import references
from brickyard_local.jobs.processes import CANCELED, Assignment
from brickyard_local.jobs.records import Ending, Records, is_active
from brickyard_local.jobs.work import timed_out
from brickyard_local.store import Document


class ChildRuns(Protocol):
    """Runs of other jobs."""

    def start_child(
        self, caller: Caller, job_id: int, parameters: Mapping[str, str], *, parent: Document, token: str
    ) -> Document: ...

    def cancel_run(self, run: Document) -> None: ...

    def when_ended(self, run_id: int, tell: Callable[[], None]) -> None: ...


def token_of(task_run_id: int) -> str:
    """The idempotency token of the child run of an attempt; longer than any that a client can give."""
    return f"{'run_job_task':-<64}{task_run_id}"


class RunJobWork:
    """Starts the child run as the parent's principal and ends as it ends."""

    def __init__(self, assignment: Assignment, *, records: Records, children: ChildRuns) -> None:
        self._assignment = assignment
        self._records = records
        self._children = children
        self._wake = threading.Event()
        self._cancelled = False

    def cancel(self) -> None:
        """Cancel the child run as well."""
        self._cancelled = True
        self._wake.set()

    def values(self) -> Mapping[str, Any]:
        """None: task values stay in the child run."""
        return {}

    def run(self) -> Ending:
        """Errors: ApiError when the other job cannot be started by this principal."""
        if self._cancelled:
            return CANCELED
        child = self._start()
        self._children.when_ended(child["run_id"], self._wake.set)
        limit_s = self._assignment.timeout_s
        deadline = time.monotonic() + limit_s if limit_s else None
        while is_active(found := self._found(child)):
            self._wake.wait(max(0.0, deadline - time.monotonic()) if deadline else None)
            self._wake.clear()
            late = deadline is not None and time.monotonic() >= deadline
            if (late or self._cancelled) and is_active(found := self._found(child)):
                self._children.cancel_run(found)
                return timed_out(limit_s or 0) if late and not self._cancelled else CANCELED
        return CANCELED if self._cancelled else _ending(found)

    def _start(self) -> Document:
        assignment = self._assignment
        wanted = assignment.task["run_job_task"]
        given = (wanted.get("job_parameters") or {}).items()
        parameters = {name: references.resolve(str(value), assignment.context) for name, value in given}
        parent = {"run_id": assignment.context.job["run_id"], "task_run_id": assignment.task_run_id}
        return self._children.start_child(
            assignment.caller, wanted["job_id"], parameters, parent=parent, token=token_of(assignment.task_run_id)
        )

    def _found(self, child: Document) -> Document:
        return self._records.run(child["workspace_id"], child["run_id"]) or child | {"life_cycle_state": "TERMINATED"}


def _ending(child: Document) -> Ending:
    result = child.get("result_state")
    if result in {"SUCCESS", "SUCCESS_WITH_FAILURES"}:
        return Ending(result="SUCCESS", code="SUCCESS")
    said = f"Run {child['run_id']} of job {child['job_id']} ended as {result}: {child.get('state_message', '')}"
    if result == "CANCELED":
        return Ending(result="CANCELED", code="CANCELED", message=said)
    return Ending(result="FAILED", code="RUN_EXECUTION_ERROR", message=said, error=said)
