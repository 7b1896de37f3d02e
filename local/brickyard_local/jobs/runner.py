"""The runs that are active now: started, queued, cancelled, and ended after the workspace was killed."""

import logging
import threading
from collections.abc import Callable

from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidState
from brickyard_local.jobs.execution import STOPPED, Execution
from brickyard_local.jobs.needs import CallerOf
from brickyard_local.jobs.processes import CANCELED
from brickyard_local.jobs.records import Ending, Records, is_active
from brickyard_local.jobs.work import Start, failed_by
from brickyard_local.store import Document

_log = logging.getLogger("brickyard_local.jobs")

_LIMIT_REACHED = "MAXIMUM_CONCURRENT_RUNS_REACHED"
_CLOSE_S = 12.0
_QUEUED = {
    "life_cycle_state": "QUEUED",
    "state_message": "Queued due to reaching maximum concurrent runs of the job.",
}


class Runner:
    """Executions by run id. One lock decides who may start."""

    def __init__(self, records: Records, start: Start, caller_of: CallerOf) -> None:
        self._records = records
        self._start = start
        self._caller_of = caller_of
        self._lock = threading.RLock()
        self._active: dict[int, Execution] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._told: dict[int, list[Callable[[], None]]] = {}
        self._closing = False

    def submit(self, run: Document, *, queue: bool) -> Document:
        """Start the run, or queue or skip it when its job has as many active runs as it may have."""
        with self._lock:
            stored = self._records.run(run["workspace_id"], run["run_id"])
            if stored is None or not is_active(stored):  # cancelled, e.g. with its job, before it came here
                return stored or run
            if self._is_free(run):
                return self._begin(run)
            if queue:
                return self._records.change_run(run, **_QUEUED)
            ending = Ending(
                result=_LIMIT_REACHED,
                code="MAX_CONCURRENT_RUNS_EXCEEDED",
                life_cycle="SKIPPED",
                message="An active run for the job already exists and queueing is off: the run was skipped.",
            )
            return self._records.change_run(run, **ending.changes())

    def repair(self, run_id: int, change: Callable[[], Document], *, queue: bool) -> Document:
        """Run an ended run's tasks again: `change` stores what is to run. Errors: InvalidState, those of `change`."""
        with self._lock:
            if run_id in self._active:
                raise InvalidState(f"Run {run_id} is active: only an ended run can be repaired.")
            with self._records.store.write():
                run = change()
                free = self._is_free(run)
                if not free and not queue:
                    job_id = run["job_id"]
                    raise InvalidState(f"Job {job_id} has as many active runs as it may have, and queueing is off.")
                if not free:
                    return self._records.change_run(run, **_QUEUED)
            return self._begin(run)

    def when_ended(self, run_id: int, tell: Callable[[], None]) -> None:
        """Tell when the run ends; a run that has ended already is not told of."""
        with self._lock:
            self._told.setdefault(run_id, []).append(tell)

    def cancel_run(self, run: Document) -> None:
        """Cancel a whole run."""
        self.cancel(run, None)

    def cancel(self, run: Document, task_run_id: int | None) -> None:
        """Cancel a run or one of its task attempts; nothing happens to what has ended."""
        with self._lock:
            execution = self._active.get(run["run_id"])
            if execution is not None:
                execution.cancel(task_run_id)
            elif is_active(run):
                self._records.end_all(run, CANCELED)
                self._tell(run["run_id"])

    def cancel_queued(self, run: Document) -> None:
        """Cancel a run that waits; one that has begun since it was listed goes on."""
        with self._lock:
            stored = self._records.run(run["workspace_id"], run["run_id"])
            if stored is not None and stored["life_cycle_state"] == "QUEUED":
                self.cancel_run(stored)

    def interrupted(self, workspace_ids: list[int]) -> list[int]:
        """Task attempts and iterations that a killed workspace left active; asked for before `recover`."""
        runs = [run for each in workspace_ids for run in self._records.runs(each, active=True)]
        attempts = [(run, task) for run in runs for task in run["tasks"] if is_active(task)]
        iterations = [
            each for run, task in attempts for each in self._records.iterations(run, task.get("iterations", []))
        ]
        return [task["run_id"] for task in (*(task for _, task in attempts), *iterations) if is_active(task)]

    def recover(self, workspace_ids: list[int]) -> None:
        """Before requests are answered: end what a killed workspace left active, and what only that waited for."""
        for workspace_id in workspace_ids:
            for run in reversed(self._records.runs(workspace_id, active=True)):
                if run["life_cycle_state"] != "QUEUED":
                    self._records.end_all(run, STOPPED)
                elif run.get("parent") or not self._records.knows_job(workspace_id, run["job_id"]):
                    self._records.end_all(run, CANCELED)

    def start(self, workspace_ids: list[int]) -> None:
        """When requests are answered: start what was queued."""
        for workspace_id in workspace_ids:
            for job_id in {run["job_id"] for run in self._records.runs(workspace_id, active=True)}:
                self._start_queued(workspace_id, job_id)

    def close(self) -> None:
        """End every run: its processes, then its documents."""
        with self._lock:
            self._closing = True
            threads = list(self._threads.values())
            for execution in self._active.values():
                execution.stop()
        for thread in threads:
            thread.join(_CLOSE_S)

    def _is_free(self, run: Document) -> bool:
        limit: int | None = run["settings"].get("max_concurrent_runs")
        running = sum(execution.job_id == run["job_id"] for execution in self._active.values())
        return bool(running < (1 if limit is None else limit))

    def _tell(self, run_id: int) -> None:
        with self._lock:
            told = self._told.pop(run_id, [])
        for tell in told:
            tell()

    def _begin(self, run: Document) -> Document:
        run = self._records.change_run(run, life_cycle_state="PENDING", state_message="", begin_time=now_ms())
        try:
            caller = self._caller_of(run["workspace_id"], run["run_as"])
        except Exception as error:
            self._records.end_all(run, failed_by(error))
            self._tell(run["run_id"])
            raise
        execution = Execution(run, caller, records=self._records, start=self._start)
        thread = threading.Thread(target=self._execute, args=(execution, run), name=f"run-{run['run_id']}", daemon=True)
        self._active[execution.run_id] = execution
        self._threads[execution.run_id] = thread
        thread.start()
        return run

    def _execute(self, execution: Execution, run: Document) -> None:
        try:
            execution.execute()
        finally:
            with self._lock:
                self._active.pop(execution.run_id)
                self._threads.pop(execution.run_id)
                self._tell(execution.run_id)
                if not self._closing:
                    self._start_queued(run["workspace_id"], run["job_id"])

    def _start_queued(self, workspace_id: int, job_id: int) -> None:
        with self._lock:
            for run in reversed(self._records.runs(workspace_id, job_id, active=True)):
                if run["life_cycle_state"] == "QUEUED" and self._is_free(run):
                    try:
                        self._begin(run)
                    except Exception:  # noqa: BLE001 - one run's fault must not keep the others queued
                        _log.exception("queued run %s could not start", run["run_id"])
