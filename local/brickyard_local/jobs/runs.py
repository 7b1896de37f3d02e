"""The rules of runs: look at, list, cancel, delete. How runs start is `starts`."""

from collections.abc import Iterator

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, InvalidState, NotEmulated
from brickyard_local.jobs import answers, outputs, repairs
from brickyard_local.jobs.payloads import ListRuns, RepairRun
from brickyard_local.jobs.processes import forget_folder, task_folder
from brickyard_local.jobs.records import Records, is_active, is_id
from brickyard_local.jobs.run_index import Wanted
from brickyard_local.jobs.run_job_work import token_of
from brickyard_local.jobs.runner import Runner
from brickyard_local.jobs.service import JobsService
from brickyard_local.jobs.starts import Starts
from brickyard_local.store import Document

_LOG_LIMIT_BYTES = 5 * 1024 * 1024
_OUTPUTS = ("error", "error_trace")


class RunsService:
    """Runs of all workspaces' jobs."""

    def __init__(self, records: Records, runner: Runner, jobs: JobsService, starts: Starts, home: Home) -> None:
        self._records = records
        self._runner = runner
        self._jobs = jobs
        self._starts = starts
        self._home = home
        self.run_now = starts.run_now
        self.submit = starts.submit
        self.start_triggered = starts.start_triggered
        self.start_as = starts.start_as

    def get(self, caller: Caller, run_id: int, shown: answers.Shown) -> Document:
        """A run of a job, or one of its task attempts or iterations. Errors: InvalidParameter."""
        run = self._visible(caller, run_id, "CAN_VIEW")
        if run["run_id"] == run_id:
            return answers.run(run, caller.workspace, shown, self._stats(run))
        return self._task_run(caller, run, run_id, shown)

    def output(self, caller: Caller, run_id: int) -> Document:
        """Log and failure of one task attempt; of a run when it has one task attempt only."""
        run = self._visible(caller, run_id, "CAN_VIEW")
        if run["run_id"] == run_id:
            if len(run["tasks"]) != 1:
                raise InvalidParameter(
                    "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output "
                    "of each individual task run instead."
                )
            run_id = run["tasks"][0]["run_id"]
        attempt = self._attempt(run, run_id)
        logs, truncated = self._logs(run_id)
        child = self._records.run_of_token(run["workspace_id"], token_of(run_id))
        answer = {
            "metadata": self._task_run(caller, run, run_id, answers.Shown()),
            "logs": logs,
            "logs_truncated": truncated,
        }
        if child is not None:
            answer["run_job_output"] = {"run_id": child}
        answer |= outputs.of_task(task_folder(self._home, run_id))
        return answer | {name: attempt[name] for name in _OUTPUTS if name in attempt}

    def export(self, caller: Caller, run_id: int) -> Document:
        """Errors: NotEmulated, for a run that the caller may see."""
        self._visible(caller, run_id, "CAN_VIEW")
        raise NotEmulated("jobs/runs/export: notebooks are run here, not rendered")

    def listed(self, caller: Caller, asked: ListRuns) -> Iterator[Document]:
        """Runs that the caller may view, newest first, read as far as they are asked for."""
        if asked.page_token is not None and not is_id(asked.page_token):
            raise InvalidParameter(f"page_token '{asked.page_token}' is not one that a list has answered.")
        viewable = self._jobs.viewable(caller)
        wanted = Wanted(
            job_id=asked.job_id,
            jobs=None if viewable is None else frozenset(int(job_id) for job_id in viewable),
            active=True if asked.active_only else False if asked.completed_only else None,
            run_type=asked.run_type,
            start_from=asked.start_time_from,
            start_to=asked.start_time_to,
            before=int(asked.page_token) if asked.page_token else None,
        )
        return self._records.newest(caller.workspace.workspace_id, wanted)

    def stats(self, run: Document) -> answers.Stats:
        """The iterations of a run's For each tasks, counted."""
        return self._stats(run)

    def cancel(self, caller: Caller, run_id: int) -> None:
        """Ask for the end of a run or of one task attempt; the answer does not wait for it."""
        run = self._visible(caller, run_id, "CAN_MANAGE_RUN")
        self._runner.cancel(run, None if run["run_id"] == run_id else run_id)

    def cancel_all(self, caller: Caller, job_id: int | None, *, queued: bool) -> None:
        """Cancel every active run of a job, or of all jobs that the caller may run; `queued`: those that wait."""
        if job_id is None and not queued:
            raise InvalidParameter("runs/cancel-all needs a job_id, or all_queued_runs.")
        if job_id is not None:
            self._jobs.get(caller, job_id, level="CAN_MANAGE_RUN")
        cancel = self._runner.cancel_queued if queued else self._runner.cancel_run
        for run in self._records.runs(caller.workspace.workspace_id, job_id, active=True):
            if self._jobs.may_run(caller, run["job_id"]):
                cancel(run)

    def repair(self, caller: Caller, asked: RepairRun) -> int:
        """Run tasks of an ended run again, with the job's settings and run_as of now. Answers the repair's id."""
        asked.check("runs/repair")
        seen = self._visible(caller, asked.run_id, "CAN_MANAGE_RUN")
        if seen["run_id"] != asked.run_id:
            raise InvalidParameter(f"{asked.run_id} is a task run; repair its run {seen['run_id']}.")
        repair_id = self._records.store.next_id()
        while not self._repaired(caller, asked, seen, repair_id):  # the job changed meanwhile
            pass
        return repair_id

    def delete(self, caller: Caller, run_id: int) -> None:
        """Forget an ended run and its logs. Errors: InvalidState while it is active."""
        run = self._visible(caller, run_id, "CAN_MANAGE")
        if is_active(run):
            raise InvalidState(f"Run {run_id} is active: cancel it first.")
        self._records.delete_run(run)
        if run.get("run_type") == "SUBMIT_RUN":
            self._jobs.forget(caller, run["job_id"])
        for task in run["tasks"]:
            for each in (task["run_id"], *task.get("iterations", [])):
                forget_folder(self._home, each)

    def _repaired(self, caller: Caller, asked: RepairRun, seen: Document, repair_id: int) -> bool:
        """Whether the repair began; settings, run_as and wheels are of one state of the job."""
        workspace_id = seen["workspace_id"]
        job = self._records.job(workspace_id, seen["job_id"])
        pinned = {} if job is None else self._starts.pinned(workspace_id, job)

        def change() -> Document:
            if self._records.job(workspace_id, seen["job_id"]) != job:
                raise _JobChanged
            run = self._records.run(workspace_id, asked.run_id) or seen
            keys = repairs.selected(run, asked)
            settings = run["settings"] if job is None else job["settings"]
            changed = repairs.prepared(run, keys, settings, repair_id=repair_id, start_time=now_ms())
            if job is not None:
                changed = repairs.acting_as(changed, job["run_as"], pinned)
            return self._records.replace_run(self._starts.with_parameters(caller, changed, asked.job_parameters))

        try:
            self._runner.repair(asked.run_id, change, queue=job is not None and self._starts.queues(job))
        except _JobChanged:
            return False
        return True

    def _task_run(self, caller: Caller, run: Document, run_id: int, shown: answers.Shown) -> Document:
        attempt = self._attempt(run, run_id)
        iterations = self._records.iterations(run, attempt.get("iterations", []))
        owner = self._records.for_each_of(run, run_id)
        return answers.task_run(
            run, attempt, caller.workspace, shown, self._stats(run), iterations=iterations, nested_in=owner
        )

    def _attempt(self, run: Document, run_id: int) -> Document:
        if self._records.for_each_of(run, run_id) is not None:
            return self._records.iterations(run, [run_id])[0]
        return next(task for task in run["tasks"] if task["run_id"] == run_id)

    def _stats(self, run: Document) -> answers.Stats:
        return {
            attempt["run_id"]: answers.for_each_stats(self._records.iterations(run, attempt["iterations"]))
            for attempt in run["tasks"]
            if "iterations" in attempt
        }

    def _visible(self, caller: Caller, run_id: int, level: str) -> Document:
        run = self._records.run(caller.workspace.workspace_id, run_id)
        if run is None:
            raise InvalidParameter(f"Run {run_id} does not exist.")
        if not (caller.is_admin and not self._records.knows_job(run["workspace_id"], run["job_id"])):
            self._jobs.require(caller, run["job_id"], level)
        return run

    def _logs(self, task_run_id: int) -> tuple[str, bool]:
        log = task_folder(self._home, task_run_id) / "output.log"
        if not log.exists():
            return "", False
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_LIMIT_BYTES))
            return file.read().decode(errors="replace"), size > _LOG_LIMIT_BYTES


class _JobChanged(Exception):
    """The job is no longer what a repair was prepared from."""
