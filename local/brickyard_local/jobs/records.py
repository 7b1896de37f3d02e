"""Jobs and runs as they are stored. One document per run, its task attempts inside; keys are run ids.

Life cycle and result states are those of the API; `code` is the API's termination code.
"""

import threading
from dataclasses import dataclass
from typing import Any

from brickyard_local.clock import now_ms
from brickyard_local.store import Document, Store

RUNS = "runs"
JOBS = "jobs"
_TOKENS = "run_tokens"
ACTIVE = frozenset({"QUEUED", "PENDING", "RUNNING", "TERMINATING"})


def is_active(state: Document) -> bool:
    """Whether a run or a task attempt has not ended."""
    return state["life_cycle_state"] not in {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a run or a task attempt ended."""

    result: str
    code: str
    message: str = ""
    life_cycle: str = "TERMINATED"
    error: str | None = None
    error_trace: str | None = None

    def changes(self) -> dict[str, Any]:
        """The fields of a stored state that this ending sets."""
        found = {
            "life_cycle_state": self.life_cycle,
            "result_state": self.result,
            "code": self.code,
            "state_message": self.message,
            "end_time": now_ms(),
            "error": self.error,
            "error_trace": self.error_trace,
        }
        return {name: value for name, value in found.items() if value is not None}


class Records:
    """Reads and writes of job and run documents; a change is read, made and written under one lock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.RLock()

    def job(self, workspace_id: int, job_id: int) -> Document | None:
        return self.store.get(JOBS, job_id, scope=workspace_id)

    def jobs(self, workspace_id: int) -> list[Document]:
        """Newest first."""
        return self.store.all(JOBS, scope=workspace_id)[::-1]

    def run(self, workspace_id: int, run_id: int) -> Document | None:
        """The job run of this id, or the one that holds the task attempt of this id."""
        found = self.store.get(RUNS, run_id, scope=workspace_id)
        if found is not None:
            return found
        owner = self.store.get("task_runs", run_id, scope=workspace_id)
        return None if owner is None else self.store.get(RUNS, owner["run_id"], scope=workspace_id)

    def runs(self, workspace_id: int, job_id: int | None = None) -> list[Document]:
        """Newest first."""
        found = self.store.all(RUNS, scope=workspace_id)[::-1]
        return [run for run in found if job_id is None or run["job_id"] == job_id]

    def add_run(self, run: Document, token: str | None) -> Document:
        """Errors: none; whoever holds an idempotency token asks `run_of_token` inside the same transaction."""
        with self.store.write():
            self.store.put(RUNS, run["run_id"], run, scope=run["workspace_id"])
            if token:
                self.store.put(_TOKENS, token, {"run_id": run["run_id"]}, scope=run["workspace_id"])
        return run

    def run_of_token(self, workspace_id: int, token: str) -> int | None:
        known = self.store.get(_TOKENS, token, scope=workspace_id)
        return None if known is None else int(known["run_id"])

    def delete_run(self, run: Document) -> None:
        scope = run["workspace_id"]
        with self.store.write():
            self.store.delete(RUNS, run["run_id"], scope=scope)
            for task in run["tasks"]:
                self.store.delete("task_runs", task["run_id"], scope=scope)

    def change_run(self, run: Document, **changes: Any) -> Document:
        """Set fields of a stored run; answers what is stored now."""
        with self._lock, self.store.write():
            stored = self._stored(run)
            stored.update(changes)
            return self.store.put(RUNS, run["run_id"], stored, scope=run["workspace_id"])

    def add_task(self, run: Document, task: Document) -> Document:
        """Add a task attempt to a stored run."""
        with self._lock, self.store.write():
            stored = self._stored(run)
            stored["tasks"].append(task)
            self.store.put("task_runs", task["run_id"], {"run_id": run["run_id"]}, scope=run["workspace_id"])
            self.store.put(RUNS, run["run_id"], stored, scope=run["workspace_id"])
        return task

    def change_task(self, run: Document, task_run_id: int, **changes: Any) -> None:
        """Set fields of a task attempt."""
        with self._lock, self.store.write():
            stored = self._stored(run)
            next(task for task in stored["tasks"] if task["run_id"] == task_run_id).update(changes)
            self.store.put(RUNS, run["run_id"], stored, scope=run["workspace_id"])

    def end_all(self, run: Document, ending: Ending) -> None:
        """End a run and what is active of its task attempts, at once. Nothing happens to a deleted run."""
        with self._lock, self.store.write():
            stored = self.store.get(RUNS, run["run_id"], scope=run["workspace_id"])
            if stored is None:
                return
            for state in [stored, *stored["tasks"]]:
                if is_active(state):
                    state.update(ending.changes())
            self.store.put(RUNS, run["run_id"], stored, scope=run["workspace_id"])

    def _stored(self, run: Document) -> Document:
        stored = self.store.get(RUNS, run["run_id"], scope=run["workspace_id"])
        if stored is None:
            raise LookupError(f"Run {run['run_id']} was deleted while it was active.")
        return stored


def new_attempt(run_id: int, task: Document, attempt_number: int) -> Document:
    """A task attempt that waits for its dependencies (or for its turn again)."""
    return {
        "run_id": run_id,
        "task_key": task["task_key"],
        "attempt_number": attempt_number,
        "life_cycle_state": "BLOCKED" if task.get("depends_on") else "PENDING",
        "start_time": 0,
        "end_time": 0,
    }
