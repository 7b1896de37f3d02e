"""The rules of runs: start, look at, cancel, delete."""

import itertools
from collections.abc import Mapping

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, InvalidState
from brickyard_local.jobs import answers, references
from brickyard_local.jobs.payloads import ListRuns, RunNow
from brickyard_local.jobs.processes import forget_folder, task_folder
from brickyard_local.jobs.records import Records, is_active
from brickyard_local.jobs.runner import Runner
from brickyard_local.jobs.service import JobsService
from brickyard_local.store import Document

_LOG_LIMIT_BYTES = 5 * 1024 * 1024


class RunsService:
    """Runs of all workspaces' jobs."""

    def __init__(self, records: Records, runner: Runner, jobs: JobsService, home: Home) -> None:
        self._records = records
        self._runner = runner
        self._jobs = jobs
        self._home = home

    def run_now(self, caller: Caller, request: RunNow) -> Document:
        """Start a run. A token that was used before answers the run that it started."""
        request.check()
        job = self._jobs.get(caller, request.job_id, level="CAN_MANAGE_RUN")
        if not job["settings"].get("tasks"):
            raise InvalidState(f"Job {request.job_id} has no tasks.")
        scope, token = caller.workspace.workspace_id, request.idempotency_token
        with self._records.store.write():
            known = self._records.run_of_token(scope, token) if token else None
            if known is not None:
                return self._run(caller, known)
            run = self._records.add_run(self._new_run(caller, job, request.job_parameters), token)
        settings = job["settings"]
        default = bool((settings.get("queue") or {}).get("enabled", job["queue_by_default"]))
        return self._runner.submit(run, queue=default if request.queue is None else request.queue.enabled)

    def get(self, caller: Caller, run_id: int) -> Document:
        """A run of a job, or one of its task attempts. Errors: InvalidParameter."""
        run = self._visible(caller, run_id, "CAN_VIEW")
        if run["run_id"] == run_id:
            return answers.run(run, caller.workspace)
        return answers.task_run(run, run_id, caller.workspace)

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
        attempt = next(task for task in run["tasks"] if task["run_id"] == run_id)
        logs, truncated = self._logs(run_id)
        answer = {
            "metadata": answers.task_run(run, run_id, caller.workspace),
            "logs": logs,
            "logs_truncated": truncated,
        }
        return answer | {name: attempt[name] for name in ("error", "error_trace") if name in attempt}

    def listed(self, caller: Caller, asked: ListRuns) -> list[Document]:
        """Runs that the caller may view, newest first."""
        visible = {job["job_id"] for job in self._jobs.listed(caller, None)}
        found = self._records.runs(caller.workspace.workspace_id, asked.job_id)
        return [run for run in found if (caller.is_admin or run["job_id"] in visible) and _matches(run, asked)]

    def cancel(self, caller: Caller, run_id: int) -> None:
        """Ask for the end of a run or of one task attempt; the answer does not wait for it."""
        run = self._visible(caller, run_id, "CAN_MANAGE_RUN")
        self._runner.cancel(run, None if run["run_id"] == run_id else run_id)

    def cancel_all(self, caller: Caller, job_id: int) -> None:
        """Cancel every active run of a job."""
        self._jobs.get(caller, job_id, level="CAN_MANAGE_RUN")
        for run in self._records.runs(caller.workspace.workspace_id, job_id):
            if is_active(run):
                self._runner.cancel(run, None)

    def delete(self, caller: Caller, run_id: int) -> None:
        """Forget an ended run and its logs. Errors: InvalidState while it is active."""
        run = self._visible(caller, run_id, "CAN_MANAGE")
        if is_active(run):
            raise InvalidState(f"Run {run_id} is active: cancel it first.")
        self._records.delete_run(run)
        for task in run["tasks"]:
            forget_folder(self._home, task["run_id"])

    def _new_run(self, caller: Caller, job: Document, given: Mapping[str, str]) -> Document:
        run_id, start_time = self._records.store.next_id(), now_ms()
        parameters = _job_parameters(job, given)
        context = references.Context(
            job={"id": job["job_id"], "name": job["settings"].get("name", "Untitled"), "run_id": run_id},
            start_time_ms=start_time,
            task={},
            workspace={"id": caller.workspace.workspace_id, "url": caller.workspace.host},
        )
        for parameter in parameters:
            parameter["value"] = references.resolve(parameter["value"], context)
        return {
            "run_id": run_id,
            "job_id": job["job_id"],
            "workspace_id": caller.workspace.workspace_id,
            "creator": caller.principal,
            "run_as": job["run_as"],
            "settings": job["settings"],
            "job_parameters": parameters,
            "start_time": start_time,
            "life_cycle_state": "PENDING",
            "tasks": [],
        }

    def _visible(self, caller: Caller, run_id: int, level: str) -> Document:
        run = self._run(caller, run_id)
        if caller.is_admin and self._records.job(run["workspace_id"], run["job_id"]) is None:
            return run
        self._jobs.get(caller, run["job_id"], level=level)
        return run

    def _run(self, caller: Caller, run_id: int) -> Document:
        run = self._records.run(caller.workspace.workspace_id, run_id)
        if run is None:
            raise InvalidParameter(f"Run {run_id} does not exist.")
        return run

    def _logs(self, task_run_id: int) -> tuple[str, bool]:
        log = task_folder(self._home, task_run_id) / "output.log"
        if not log.exists():
            return "", False
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_LIMIT_BYTES))
            return file.read().decode(errors="replace"), size > _LOG_LIMIT_BYTES


def page(found: list[Document], *, limit: int, token: str | None, key: str) -> tuple[list[Document], str | None]:
    """One page of a list that is ordered by falling ids, and the token of the next."""
    if token is not None and not token.isdigit():
        raise InvalidParameter(f"page_token '{token}' is not one that a list has answered.")
    rest = itertools.dropwhile(lambda item: token is not None and item[key] >= int(token), found)
    items = list(itertools.islice(rest, limit + 1))
    return items[:limit], str(items[limit - 1][key]) if len(items) > limit else None


def _job_parameters(job: Document, given: Mapping[str, str]) -> list[dict[str, str]]:
    defined = {parameter["name"]: parameter["default"] for parameter in job["settings"].get("parameters") or []}
    if unknown := sorted(set(given) - set(defined)):
        raise InvalidParameter(f"The job has no parameters {unknown}; it has {sorted(defined)}.")
    return [{"name": name, "default": default, "value": given.get(name, default)} for name, default in defined.items()]


def _matches(run: Document, asked: ListRuns) -> bool:
    if (asked.active_only and not is_active(run)) or (asked.completed_only and is_active(run)):
        return False
    start, begin, end = run["start_time"], asked.start_time_from, asked.start_time_to
    is_job_run = asked.run_type == "JOB_RUN"
    return is_job_run and (begin is None or start >= begin) and (end is None or start <= end)
