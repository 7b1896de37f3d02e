"""One run of a job: a thread that starts tasks when their turn has come and stores what becomes of them."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.jobs import graph, references
from brickyard_local.jobs.processes import CANCELED, Assignment, TaskProcess
from brickyard_local.jobs.records import Ending, Records, new_attempt
from brickyard_local.store import Document

_log = logging.getLogger("brickyard_local.jobs")

STOPPED = Ending(
    result="FAILED",
    code="INTERNAL_ERROR",
    life_cycle="INTERNAL_ERROR",
    message="The local workspace stopped while this was active. What it had done until then is kept; run it again.",
)
_RETRY_STORE_S = 1.0
_NOT_RUN = {
    "UPSTREAM_FAILED": "An upstream task failed.",
    "UPSTREAM_CANCELED": "An upstream task was canceled.",
    "EXCLUDED": "Its run_if condition was not met.",
}


@dataclass(slots=True)
class _Progress:
    """Where one task of the run stands."""

    task: Document
    attempt: Document
    process: TaskProcess | None = None
    retry_at: float | None = None
    result: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        return self.result is None and self.process is None and self.retry_at is None


Start = Callable[[Assignment], TaskProcess]


def failed_by(error: Exception) -> Ending:
    """How a run or task ends that a fault of the local workspace broke off."""
    message = f"The local workspace failed: {error!r}"
    return Ending(result="FAILED", code="INTERNAL_ERROR", message=message, life_cycle="INTERNAL_ERROR")


class Execution:
    """Runs the tasks of one job run in the order of their dependencies."""

    def __init__(self, run: Document, caller: Caller, *, records: Records, start: Start) -> None:
        self.run_id: int = run["run_id"]
        self.job_id: int = run["job_id"]
        self.caller = caller
        self._run = run
        self._records = records
        self._start = start
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._stop: Ending | None = None
        self._tasks = [_Progress(task=task, attempt={}) for task in run["settings"].get("tasks") or []]
        self._by_key = {progress.task["task_key"]: progress for progress in self._tasks}

    def cancel(self, task_run_id: int | None = None) -> None:
        """Cancel the whole run, or one task attempt of it."""
        self._events.put(("cancel", task_run_id))

    def stop(self) -> None:
        """The workspace stops: end everything now."""
        self._events.put(("stop", None))

    def execute(self) -> None:
        """Run to the end; the caller gives it a thread. A fault of ours ends the run too."""
        try:
            self._run_tasks()
        except Exception as error:  # noqa: BLE001 - a bug of ours must end the run, not leave it RUNNING
            _log.exception("run %s", self.run_id)
            self._break_off(failed_by(error))

    def _run_tasks(self) -> None:
        timeout_s = self._run["settings"].get("timeout_seconds") or None
        deadline = time.monotonic() + timeout_s if timeout_s else None
        self._run = self._records.change_run(self._run, life_cycle_state="RUNNING", run_start_time=now_ms())
        for progress in self._tasks:
            self._add_attempt(progress, 0)
        self._start_ready()
        while any(progress.result is None for progress in self._tasks):
            event, detail = self._next_event(deadline)
            self._handle(event, detail)
            if event == "deadline":
                deadline = None
            self._start_ready()
        self._records.change_run(self._run, **self._ending().changes())

    def _break_off(self, ending: Ending) -> None:
        """End the processes, then the documents, again and again until the store takes it or the workspace stops."""
        for progress in self._tasks:
            if progress.process is not None:
                self._cancel_process(progress.process)
        while True:
            try:
                self._records.end_all(self._run, ending)
            except Exception:  # noqa: BLE001 - a full disk, say, has room again later
                _log.exception("run %s could not be ended", self.run_id)
            else:
                return
            try:
                event, _ = self._events.get(timeout=_RETRY_STORE_S)
            except queue.Empty:
                continue
            if event == "stop":
                return

    def _next_event(self, deadline: float | None) -> tuple[str, Any]:
        due = [progress.retry_at for progress in self._tasks if progress.retry_at is not None]
        due += [deadline] if deadline is not None else []
        try:
            return self._events.get(timeout=max(0.0, min(due) - time.monotonic()) if due else None)
        except queue.Empty:
            return ("deadline", None) if deadline and time.monotonic() >= deadline else ("retry", None)

    def _handle(self, event: str, detail: Any) -> None:
        match event:
            case "ended":
                self._task_ended(*detail)
            case "retry":
                self._retry_due()
            case "cancel" if detail is not None:
                self._cancel_attempt(detail)
            case "cancel":
                self._stop_all(CANCELED)
            case "deadline":
                limit = self._run["settings"]["timeout_seconds"]
                self._stop_all(Ending(result="TIMEDOUT", code="CANCELED", message=f"Timed out after {limit} s."))
            case "stop":
                self._stop_all(STOPPED)

    def _start_ready(self) -> None:
        """Start or skip every task whose dependencies have ended; skipping one can free others."""
        moved = True
        while moved:
            moved = False
            for progress in self._tasks:
                results = [self._by_key[key].result for key in graph.upstream(progress.task)]
                if not progress.waiting or any(result is None for result in results):
                    continue
                moved = True
                self._start_or_skip(progress, [result for result in results if result is not None])

    def _start_or_skip(self, progress: _Progress, results: list[str]) -> None:
        decision = graph.decide(progress.task.get("run_if") or "ALL_SUCCESS", results)
        if decision == graph.RUN and self._stop is None:
            self._start_attempt(progress)
            return
        if decision == graph.RUN:
            decision = "UPSTREAM_CANCELED" if results else "CANCELED"
        message = _NOT_RUN.get(decision, "Run cancelled.")
        self._end(progress, Ending(result=decision, code="SKIPPED", message=message))

    def _start_attempt(self, progress: _Progress) -> None:
        attempt = progress.attempt
        self._records.change_task(self._run, attempt["run_id"], life_cycle_state="RUNNING", start_time=now_ms())
        process = progress.process = self._start(self._assignment(progress))

        def run() -> None:
            try:
                ending = process.run()
            except Exception as error:  # noqa: BLE001 - a bug of ours must end the task, not hang the run
                _log.exception("task run %s", attempt["run_id"])
                ending = failed_by(error)
            self._events.put(("ended", (progress, ending)))

        threading.Thread(target=run, name=f"task-run-{attempt['run_id']}", daemon=True).start()

    def _assignment(self, progress: _Progress) -> Assignment:
        run, task = self._run, progress.task
        parameters = {entry["name"]: entry["value"] for entry in run["job_parameters"]}
        context = references.Context(
            job={
                "id": run["job_id"],
                "name": run["settings"].get("name", "Untitled"),
                "run_id": run["run_id"],
                "repair_count": 0,
            },
            start_time_ms=run["start_time"],
            task={
                "name": task["task_key"],
                "run_id": progress.attempt["run_id"],
                "execution_count": progress.attempt["attempt_number"] + 1,
            },
            workspace={"id": self.caller.workspace.workspace_id, "url": self.caller.workspace.host},
            parameters=parameters,
            tasks=dict(self._ended_tasks()),
        )
        return Assignment(
            task_run_id=progress.attempt["run_id"],
            task=task,
            settings=run["settings"],
            caller=self.caller,
            context=context,
            job_parameters=parameters,
            upstream_values={key: ended.values for key, ended in context.tasks.items()},
            timeout_s=task.get("timeout_seconds") or None,
        )

    def _ended_tasks(self) -> Iterator[tuple[str, references.Upstream]]:
        for key, progress in self._by_key.items():
            if progress.result is not None:
                yield (
                    key,
                    references.Upstream(
                        run_id=progress.attempt["run_id"],
                        result_state=progress.result,
                        execution_count=progress.attempt["attempt_number"] + 1,
                        values=progress.values,
                    ),
                )

    def _task_ended(self, progress: _Progress, ending: Ending) -> None:
        process, progress.process = progress.process, None
        progress.values = process.values() if process is not None else {}
        if self._stop is not None and ending.result == "CANCELED":
            ending = self._stop
        retries = progress.task.get("max_retries") or 0
        again = ending.result == "FAILED" or (
            ending.result == "TIMEDOUT" and bool(progress.task.get("retry_on_timeout"))
        )
        spent = progress.attempt["attempt_number"]
        if self._stop is None and again and (retries < 0 or spent < retries):
            self._records.change_task(self._run, progress.attempt["run_id"], **ending.changes())
            pause_s = (progress.task.get("min_retry_interval_millis") or 0) / 1000
            progress.retry_at = time.monotonic() + pause_s
            self._add_attempt(progress, spent + 1, life_cycle_state="WAITING_FOR_RETRY")
            return
        self._end(progress, ending)

    def _retry_due(self) -> None:
        for progress in self._tasks:
            if progress.retry_at is not None and progress.retry_at <= time.monotonic():
                progress.retry_at = None
                self._start_attempt(progress)

    def _cancel_attempt(self, task_run_id: int) -> None:
        for progress in self._tasks:
            if progress.attempt["run_id"] == task_run_id and progress.result is None:
                if progress.process is not None:
                    self._cancel_process(progress.process)
                else:
                    progress.retry_at = None
                    self._end(progress, CANCELED)

    def _stop_all(self, ending: Ending) -> None:
        """Cancel what runs; what waits never starts."""
        if self._stop is not None and ending is not STOPPED:
            return
        self._stop = ending
        self._run = self._records.change_run(self._run, life_cycle_state="TERMINATING")
        for progress in self._tasks:
            if progress.process is not None:
                self._cancel_process(progress.process)
            elif progress.result is None:
                progress.retry_at = None
                self._end(progress, ending)

    def _cancel_process(self, process: TaskProcess) -> None:
        threading.Thread(target=process.cancel, name="cancel-task", daemon=True).start()

    def _add_attempt(self, progress: _Progress, number: int, **changes: Any) -> None:
        attempt = new_attempt(self._records.store.next_id(), progress.task, number) | changes
        progress.attempt = self._records.add_task(self._run, attempt)

    def _end(self, progress: _Progress, ending: Ending) -> None:
        progress.result = ending.result
        self._records.change_task(self._run, progress.attempt["run_id"], **ending.changes())

    def _ending(self) -> Ending:
        if self._stop is not None:
            return self._stop
        results = {progress.task["task_key"]: progress.result or "" for progress in self._tasks}
        result = graph.run_result([progress.task for progress in self._tasks], results)
        if result == "CANCELED":
            return CANCELED
        if result != "FAILED":
            return Ending(result=result, code=result)
        failed = [key for key, found in results.items() if found in {"FAILED", "TIMEDOUT"}]
        skipped = "UPSTREAM_FAILED" in results.values()
        return Ending(
            result="FAILED",
            code="RUN_EXECUTION_ERROR",
            life_cycle="INTERNAL_ERROR",
            message=self._failed_message(failed, downstream=skipped),
        )

    def _failed_message(self, failed: list[str], *, downstream: bool) -> str:
        stored = self._records.run(self._run["workspace_id"], self.run_id) or self._run
        said = {task["task_key"]: task.get("state_message", "") for task in stored["tasks"]}
        which = ", ".join(failed)
        more = " This caused all downstream tasks to get skipped." if downstream else ""
        if len(failed) == 1:
            return f"Task {which} failed with message: {said[which].rstrip('.')}.{more}"
        return f"Tasks {which} failed.{more}"
