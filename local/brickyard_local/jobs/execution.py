"""One run of a job: a thread that does what the plan says and stores what becomes of the tasks."""

import logging
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.jobs import context, graph
from brickyard_local.jobs.for_each_work import ForEachWork
from brickyard_local.jobs.plan import NOT_RUN, Begin, Ended, Plan, Skip
from brickyard_local.jobs.processes import CANCELED, Assignment
from brickyard_local.jobs.records import Ending, Records, new_attempt
from brickyard_local.jobs.work import Start, Work, failed_by, run_to_end, timed_out
from brickyard_local.store import Document

_log = logging.getLogger("brickyard_local.jobs")

STOPPED = Ending(
    result="FAILED",
    code="INTERNAL_ERROR",
    life_cycle="INTERNAL_ERROR",
    message="The local workspace stopped while this was active. What it had done until then is kept; run it again.",
)
_RETRY_STORE_S = 1.0


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
        tasks = run["settings"].get("tasks") or []
        self._tasks = {task["task_key"]: task for task in tasks}
        self._attempts: dict[str, Document] = {attempt["task_key"]: attempt for attempt in run["tasks"]}
        self._works: dict[str, Work] = {}
        self._plan = Plan(tasks, _known(run, tasks, self._attempts))

    def cancel(self, task_run_id: int | None = None) -> None:
        """Cancel the whole run, or one task attempt or iteration of it."""
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
        results = self._plan.results()
        self._add_attempts([key for key in self._tasks if key not in results])
        self._advance(self._plan.ready())
        while not self._plan.finished:
            event, detail = self._next_event(deadline)
            self._handle(event, detail)
            if event == "deadline":
                deadline = None
            self._advance(self._plan.ready())
        self._records.change_run(self._run, **self._ending().changes())

    def _break_off(self, ending: Ending) -> None:
        """End the processes, then the documents, again and again until the store takes it or the workspace stops."""
        for work in self._works.values():
            _cancel(work)
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
        due = [at for at in (self._plan.next_due(), deadline) if at is not None]
        try:
            return self._events.get(timeout=max(0.0, min(due) - time.monotonic()) if due else None)
        except queue.Empty:
            return ("deadline", None) if deadline and time.monotonic() >= deadline else ("retry", None)

    def _handle(self, event: str, detail: Any) -> None:
        match event:
            case "ended":
                self._task_ended(*detail)
            case "retry":
                self._advance(self._plan.due(time.monotonic()))
            case "cancel" if detail is not None:
                self._cancel_attempt(detail)
            case "cancel":
                self._stop_all(CANCELED)
            case "deadline":
                self._stop_all(timed_out(self._run["settings"]["timeout_seconds"]))
            case "stop":
                self._stop_all(STOPPED)

    def _advance(self, steps: Sequence[Begin | Skip]) -> None:
        """Store what begins and what is skipped in one transaction, then start the attempts."""
        changes: dict[int, Mapping[str, Any]] = {}
        begun = [step.key for step in steps if isinstance(step, Begin)]
        for step in steps:
            if isinstance(step, Skip):
                code = "DISABLED" if step.result == "DISABLED" else "SKIPPED"
                ending = Ending(result=step.result, code=code, message=NOT_RUN.get(step.result, ""))
                changes[self._attempts[step.key]["run_id"]] = self._changed(step.key, ending.changes())
            else:
                running = {"life_cycle_state": "RUNNING", "start_time": now_ms()}
                changes[self._attempts[step.key]["run_id"]] = self._changed(step.key, running)
        self._records.change_tasks(self._run, changes)
        for key in begun:
            self._start_attempt(key)

    def _start_attempt(self, key: str) -> None:
        run_id = self._attempts[key]["run_id"]
        work = self._works[key] = self._start(self._assignment(key))

        def run() -> None:
            self._events.put(("ended", (key, run_to_end(work, run_id))))

        threading.Thread(target=run, name=f"task-run-{run_id}", daemon=True).start()

    def _assignment(self, key: str) -> Assignment:
        facts = context.of_task(self._run, self._attempts[key], self._ended_attempts(), self.caller.workspace)
        return Assignment(
            task_run_id=self._attempts[key]["run_id"],
            task=self._tasks[key],
            settings=self._run["settings"],
            caller=self.caller,
            context=facts,
            job_parameters=facts.parameters,
            upstream_values={name: ended.values for name, ended in facts.tasks.items()},
            timeout_s=self._tasks[key].get("timeout_seconds") or None,
            pinned=self._run.get("wheels") or {},
        )

    def _ended_attempts(self) -> list[Document]:
        return [self._attempts[key] for key in self._plan.results() if key in self._attempts]

    def _task_ended(self, key: str, ending: Ending) -> None:
        work, attempt = self._works.pop(key), self._attempts[key]
        if self._stop is not None and ending.result == "CANCELED":
            ending = self._stop
        end = Ended(result=ending.result, outcome=ending.facts.get("condition", {}).get("outcome"))
        changes = {**ending.changes(), "values": dict(work.values())}
        retry_at = self._plan.ended(key, end, time.monotonic())
        self._records.change_task(self._run, attempt["run_id"], **self._changed(key, changes))
        if retry_at is not None:
            self._add_attempts([key], life_cycle_state="WAITING_FOR_RETRY")

    def _cancel_attempt(self, task_run_id: int) -> None:
        for_each = self._records.for_each_of(self._run, task_run_id)
        for key, attempt in self._attempts.items():
            work = self._works.get(key)
            if for_each == attempt["run_id"] and isinstance(work, ForEachWork):
                work.cancel_iteration(task_run_id)
            elif attempt["run_id"] == task_run_id:
                if self._plan.cancel(key):
                    self._records.change_task(self._run, task_run_id, **self._changed(key, CANCELED.changes()))
                elif work is not None:
                    _cancel(work)

    def _stop_all(self, ending: Ending) -> None:
        """Cancel what runs; what waits never starts."""
        if self._stop is not None and ending is not STOPPED:
            return
        self._stop = ending
        self._run = self._records.change_run(self._run, life_cycle_state="TERMINATING")
        waiting = self._plan.stop(ending.result)
        changes = ending.changes()
        self._records.change_tasks(
            self._run, {self._attempts[key]["run_id"]: self._changed(key, changes) for key in waiting}
        )
        for work in self._works.values():
            _cancel(work)

    def _add_attempts(self, keys: list[str], **changes: Any) -> None:
        """New attempts of tasks, stored at once."""
        with self._records.store.write():
            made = []
            for key in keys:
                number = self._attempts[key]["attempt_number"] + 1 if key in self._attempts else 0
                made.append(new_attempt(self._records.store.next_id(), self._tasks[key], number) | changes)
            self._records.add_tasks(self._run, made)
        self._attempts |= {attempt["task_key"]: attempt for attempt in made}

    def _changed(self, key: str, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        self._attempts[key] = {**self._attempts[key], **changes}
        return changes

    def _ending(self) -> Ending:
        if self._stop is not None:
            return self._stop
        results = self._plan.results()
        result = graph.run_result(list(self._tasks.values()), results)
        if result == "CANCELED":
            return CANCELED
        if result != "FAILED":
            return Ending(result=result, code=result)
        message = _failed_message(self._attempts, results)
        return Ending(result="FAILED", code="RUN_EXECUTION_ERROR", life_cycle="INTERNAL_ERROR", message=message)


def _known(run: Document, tasks: Sequence[Document], attempts: Mapping[str, Document]) -> dict[str, Ended]:
    """The tasks that a repair leaves as they ended; a run that is no repair knows none."""
    if not run.get("repairs"):
        return {}
    again = set(run["repairs"][-1]["tasks"])
    kept = [task["task_key"] for task in tasks if task["task_key"] not in again]
    found = {key: attempts.get(key, {}) for key in kept}
    return {
        key: Ended(result=attempt.get("result_state", "CANCELED"), outcome=attempt.get("condition", {}).get("outcome"))
        for key, attempt in found.items()
    }


def _cancel(work: Work) -> None:
    """Not in this thread: ending a process takes its time."""
    threading.Thread(target=work.cancel, name="cancel-task", daemon=True).start()


def _failed_message(attempts: Mapping[str, Document], results: Mapping[str, str]) -> str:
    failed = [key for key, found in results.items() if found in {"FAILED", "TIMEDOUT"}]
    which = ", ".join(failed)
    more = " This caused all downstream tasks to get skipped." if "UPSTREAM_FAILED" in results.values() else ""
    if len(failed) == 1:
        said = attempts.get(failed[0], {}).get("state_message", "")
        return f"Task {which} failed with message: {said.rstrip('.')}.{more}"
    return f"Tasks {which} failed.{more}"
