"""Jobs and runs as they are stored. One document per run, its task attempts inside; keys are run ids.

Iterations of a For each task are documents of their own, since there may be thousands.
Life cycle and result states are those of the API; `code` is the API's termination code.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from brickyard_local.clock import now_ms
from brickyard_local.jobs.run_index import RunIndex, Wanted, is_active
from brickyard_local.store import Document, Store

__all__ = ["JOBS", "Ending", "Records", "is_active", "is_id", "new_attempt"]

RUNS = "runs"
JOBS = "jobs"
SUBMITTED = "submitted_jobs"
_TOKENS = "run_tokens"
_TASK_RUNS = "task_runs"
_ITERATIONS = "iterations"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a run or a task attempt ended. `facts` are kept with the attempt, e.g. the outcome of a condition."""

    result: str
    code: str
    message: str = ""
    life_cycle: str = "TERMINATED"
    error: str | None = None
    error_trace: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

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
            **self.facts,
        }
        return {name: value for name, value in found.items() if value is not None}


class Records:
    """Reads and writes of job and run documents; a change is read, made and written in one transaction.

    Writers of the store take turns, so that needs no lock of its own (two locks taken in two orders would block).
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._index = RunIndex(store, RUNS)

    def job(self, workspace_id: int, job_id: int) -> Document | None:
        return self.store.get(JOBS, job_id, scope=workspace_id)

    def jobs(self, workspace_id: int) -> Iterator[Document]:
        """Newest first, read as far as the caller asks."""
        for job_id in self.job_ids(workspace_id):
            found = self.job(workspace_id, job_id)
            if found is not None:
                yield found

    def job_ids(
        self,
        workspace_id: int,
        name: str | None = None,
        before: int | None = None,
        *,
        among: Collection[str] | None = None,
    ) -> list[int]:
        """Newest first, of jobs of this name in any case, smaller than `before`, `among` these ids."""
        query = "SELECT CAST(key AS INTEGER) FROM documents WHERE scope=? AND kind=?"
        values: list[Any] = [workspace_id, JOBS]
        if name is not None:
            query += " AND lower(coalesce(json_extract(body, '$.settings.name'), 'Untitled')) = lower(?)"
            values.append(name)
        if among is not None:
            query += " AND key IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(among)))
        if before is not None:
            query += " AND CAST(key AS INTEGER) < ?"
            values.append(before)
        return [row[0] for row in self.store.execute(f"{query} ORDER BY CAST(key AS INTEGER) DESC", values)]

    def knows_job(self, workspace_id: int, job_id: int) -> bool:
        """Whether there is such a job; one-time runs have one that only they know."""
        query = "SELECT 1 FROM documents WHERE scope=? AND kind=? AND key=?"
        return any(self.store.execute(query, (workspace_id, kind, str(job_id))) for kind in (JOBS, SUBMITTED))

    def run(self, workspace_id: int, run_id: int) -> Document | None:
        """The job run of this id, or the one that holds the task attempt or iteration of this id."""
        found = self.store.get(RUNS, run_id, scope=workspace_id)
        if found is not None:
            return found
        owner = self.store.get(_TASK_RUNS, run_id, scope=workspace_id)
        return None if owner is None else self.store.get(RUNS, owner["run_id"], scope=workspace_id)

    def runs(self, workspace_id: int, job_id: int | None = None, *, active: bool | None = None) -> list[Document]:
        """Newest first."""
        return list(self.newest(workspace_id, Wanted(job_id=job_id, active=active)))

    def newest(self, workspace_id: int, wanted: Wanted) -> Iterator[Document]:
        """Runs, newest first, read as far as the caller asks."""
        for run_id, _ in self.newest_ids(workspace_id, wanted):
            found = self.store.get(RUNS, run_id, scope=workspace_id)
            if found is not None:
                yield found

    def newest_ids(self, workspace_id: int, wanted: Wanted) -> Iterator[tuple[int, int]]:
        """(run id, job id), newest first."""
        return self._index.newest(workspace_id, wanted)

    def add_run(self, run: Document, token: str | None) -> Document:
        """Errors: none; whoever holds an idempotency token asks `run_of_token` inside the same transaction."""
        with self.store.write():
            self._put(run)
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
            self._index.remove(run)
            if run.get("run_type") == "SUBMIT_RUN":
                self.store.delete(SUBMITTED, run["job_id"], scope=scope)
            for task in run["tasks"]:
                self.store.delete(_TASK_RUNS, task["run_id"], scope=scope)
                for iteration_id in task.get("iterations", []):
                    self.store.delete(_TASK_RUNS, iteration_id, scope=scope)
                    self.store.delete(_ITERATIONS, iteration_id, scope=scope)

    def change_run(self, run: Document, **changes: Any) -> Document:
        """Set fields of a stored run; answers what is stored now."""
        with self.store.write():
            stored = self._stored(run)
            stored.update(changes)
            return self._put(stored)

    def replace_run(self, run: Document) -> Document:
        """Write a run as it stands now, e.g. as it is about to be repaired."""
        return self._put(run)

    def add_tasks(self, run: Document, tasks: list[Document]) -> Document:
        """Add task attempts to a stored run, also to its last repair; answers what is stored now."""
        with self.store.write():
            stored = self._stored(run)
            stored["tasks"] += tasks
            if stored.get("repairs"):
                stored["repairs"][-1]["task_run_ids"] += [task["run_id"] for task in tasks]
            for task in tasks:
                self.store.put(_TASK_RUNS, task["run_id"], {"run_id": run["run_id"]}, scope=run["workspace_id"])
            return self._put(stored)

    def change_task(self, run: Document, task_run_id: int, **changes: Any) -> None:
        """Set fields of a task attempt."""
        self.change_tasks(run, {task_run_id: changes})

    def change_tasks(self, run: Document, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """Set fields of task attempts, at once."""
        if not changes:
            return
        with self.store.write():
            stored = self._stored(run)
            for task in stored["tasks"]:
                task.update(changes.get(task["run_id"], {}))
            self._put(stored)

    def end_all(self, run: Document, ending: Ending) -> None:
        """End a run and what is active of its task attempts, at once. Nothing happens to a deleted run."""
        with self.store.write():
            stored = self.store.get(RUNS, run["run_id"], scope=run["workspace_id"])
            if stored is None:
                return
            for state in [stored, *stored["tasks"]]:
                if is_active(state):
                    state.update(ending.changes())
            for iteration in self.iterations(stored, [i for t in stored["tasks"] for i in t.get("iterations", [])]):
                if is_active(iteration):
                    self.put_iteration(stored, iteration | ending.changes())
            self._put(stored)

    def add_iterations(self, run: Document, task_run_id: int, iterations: list[Document]) -> None:
        """Add iterations to the attempt of a For each task, at once."""
        with self.store.write():
            stored = self._stored(run)
            attempt = next(task for task in stored["tasks"] if task["run_id"] == task_run_id)
            attempt["iterations"] = [*attempt.get("iterations", []), *(each["run_id"] for each in iterations)]
            for iteration in iterations:
                self.put_iteration(run, iteration)
                owner = {"run_id": run["run_id"], "for_each_run_id": task_run_id}
                self.store.put(_TASK_RUNS, iteration["run_id"], owner, scope=run["workspace_id"])
            self._put(stored)

    def put_iteration(self, run: Document, iteration: Document) -> Document:
        return self.store.put(_ITERATIONS, iteration["run_id"], iteration, scope=run["workspace_id"])

    def iterations(self, run: Document, run_ids: list[int]) -> list[Document]:
        """Iterations in the order of their ids."""
        found = (self.store.get(_ITERATIONS, run_id, scope=run["workspace_id"]) for run_id in run_ids)
        return [iteration for iteration in found if iteration is not None]

    def for_each_of(self, run: Document, run_id: int) -> int | None:
        """The task attempt that the iteration of this id belongs to; None when it is no iteration."""
        owner = self.store.get(_TASK_RUNS, run_id, scope=run["workspace_id"]) or {}
        return owner.get("for_each_run_id")

    def _put(self, run: Document) -> Document:
        with self.store.write():
            self._index.put(run)
            return self.store.put(RUNS, run["run_id"], run, scope=run["workspace_id"])

    def _stored(self, run: Document) -> Document:
        stored = self.store.get(RUNS, run["run_id"], scope=run["workspace_id"])
        if stored is None:
            raise LookupError(f"Run {run['run_id']} was deleted while it was active.")
        return stored


def new_attempt(run_id: int, task: Mapping[str, Any], attempt_number: int) -> Document:
    """A task attempt that waits for its dependencies (or for its turn again)."""
    return {
        "run_id": run_id,
        "task_key": task["task_key"],
        "attempt_number": attempt_number,
        "life_cycle_state": "BLOCKED" if task.get("depends_on") else "PENDING",
        "start_time": 0,
        "end_time": 0,
    }


def is_id(text: str) -> bool:
    """Whether the text is an id as we write it: no other digits, no zeros before it, small enough for SQLite."""
    return re.fullmatch(r"[1-9][0-9]{0,17}", text) is not None
