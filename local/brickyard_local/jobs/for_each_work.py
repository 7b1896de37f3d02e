"""The attempt of a For each task: its nested task once for every input, some at a time.

Source: docs.databricks.com/jobs/for-each. A failed iteration does not keep the others from running; the task fails
when one has failed in the end. Retries belong to the nested task: they repeat one iteration.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from brickyard_local.clock import now_ms
from brickyard_local.jobs import inputs, references
from brickyard_local.jobs.processes import CANCELED, Assignment
from brickyard_local.jobs.records import Ending, Records, new_attempt
from brickyard_local.jobs.work import Start, Work, run_to_end, timed_out
from brickyard_local.store import Document


class ForEachWork:
    """Iterations are stored before the first starts; each is a task run of its own."""

    def __init__(self, assignment: Assignment, *, records: Records, start: Start) -> None:
        self._assignment = assignment
        self._task: Mapping[str, Any] = assignment.task["for_each_task"]
        self._records = records
        self._start = start
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._cancelled_ids: set[int] = set()
        self._running: dict[int, Work] = {}
        self._run: Document = {
            "run_id": assignment.context.job["run_id"],
            "workspace_id": assignment.caller.workspace.workspace_id,
        }

    def cancel(self) -> None:
        """End the iterations that run; those that wait never start."""
        with self._lock:
            self._stop.set()
            running = list(self._running.values())
        for work in running:
            work.cancel()

    def cancel_iteration(self, run_id: int) -> None:
        """End one iteration, or keep it from starting."""
        with self._lock:
            self._cancelled_ids.add(run_id)
            work = self._running.get(run_id)
        if work is not None:
            work.cancel()

    def values(self) -> Mapping[str, Any]:
        """None: task values of iterations stay with them."""
        return {}

    def run(self) -> Ending:
        """Errors: InvalidParameter when the inputs are no array."""
        text = references.resolve(self._task["inputs"], self._assignment.context)
        entries = inputs.parse(text, f"task '{self._assignment.task['task_key']}'")
        iterations = self._new(entries)
        limit_s, late = self._assignment.timeout_s, threading.Event()

        def end_late() -> None:
            late.set()
            self.cancel()

        timer = threading.Timer(limit_s or 0, end_late)
        timer.daemon = True
        if limit_s:
            timer.start()
        with ThreadPoolExecutor(self._task.get("concurrency") or 1, "iteration") as pool:
            results = list(pool.map(self._iterate, iterations))
        timer.cancel()
        if self._stop.is_set():
            return timed_out(limit_s or 0) if late.is_set() else CANCELED
        return _ending(results)

    def _new(self, entries: list[Any]) -> list[Document]:
        nested, next_id = self._task["task"], self._records.store.next_id
        with self._records.store.write():
            made = [new_attempt(next_id(), nested, 0) | {"input": entry} for entry in entries]
            self._records.add_iterations(self._run, self._assignment.task_run_id, made)
        return made

    def _iterate(self, iteration: Document) -> str:
        """Run one iteration to its end, with its retries. Answers its result."""
        nested = self._task["task"]
        limit = nested.get("max_retries") or 0
        while True:
            ending = self._attempt(iteration)
            self._records.put_iteration(self._run, iteration | ending.changes())
            again = ending.result == "FAILED" or (ending.result == "TIMEDOUT" and bool(nested.get("retry_on_timeout")))
            spent = iteration["attempt_number"]
            if not again or self._stop.is_set() or 0 <= limit <= spent:
                return ending.result
            following = new_attempt(self._records.store.next_id(), nested, spent + 1) | {"input": iteration["input"]}
            following["life_cycle_state"] = "WAITING_FOR_RETRY"
            following["first_run_id"] = iteration.get("first_run_id", iteration["run_id"])
            self._records.add_iterations(self._run, self._assignment.task_run_id, [following])
            self._stop.wait((nested.get("min_retry_interval_millis") or 0) / 1000)
            iteration = following

    def _attempt(self, iteration: Document) -> Ending:
        run_id: int = iteration["run_id"]
        with self._lock:
            if self._stop.is_set() or run_id in self._cancelled_ids:
                return CANCELED
            work = self._running[run_id] = self._start(self._nested(iteration))
        iteration |= {"life_cycle_state": "RUNNING", "start_time": now_ms()}
        self._records.put_iteration(self._run, iteration)
        try:
            ending = run_to_end(work, run_id)
        finally:
            with self._lock:
                del self._running[run_id]
        return replace(ending, facts={**ending.facts, "values": dict(work.values())})

    def _nested(self, iteration: Document) -> Assignment:
        nested, context = self._task["task"], self._assignment.context
        task = {
            "name": nested["task_key"],
            "run_id": iteration["run_id"],
            "execution_count": iteration["attempt_number"] + 1,
        }
        return replace(
            self._assignment,
            task_run_id=iteration["run_id"],
            task=nested,
            context=replace(context, task=task, iteration=(iteration["input"],)),
            timeout_s=nested.get("timeout_seconds") or None,
        )


def _ending(results: list[str]) -> Ending:
    failed = sum(result in {"FAILED", "TIMEDOUT"} for result in results)
    if failed:
        message = f"{failed} of {len(results)} iterations failed, see their runs for details"
        return Ending(result="FAILED", code="RUN_EXECUTION_ERROR", message=message, error=message)
    if "CANCELED" in results:
        return Ending(result="CANCELED", code="CANCELED", message="An iteration was canceled.")
    return Ending(result="SUCCESS", code="SUCCESS")
