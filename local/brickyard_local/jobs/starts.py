"""How runs start: by hand, once, by a trigger, as a task of another run.

A token makes each start happen once: whoever comes again with it gets the run that it started, also after a kill.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, InvalidState
from brickyard_local.jobs import context, references
from brickyard_local.jobs.needs import CallerOf
from brickyard_local.jobs.payloads import RunNow, SubmitRun
from brickyard_local.jobs.pins import Pins
from brickyard_local.jobs.records import SUBMITTED, Records
from brickyard_local.jobs.runner import Runner
from brickyard_local.jobs.service import JobsService
from brickyard_local.store import Document

_TRIGGER_TOKEN = f"{'trigger':-<64}"  # longer than any token that a client can give


class Starts:
    """Makes run documents and hands them to the runner."""

    def __init__(self, records: Records, runner: Runner, jobs: JobsService, caller_of: CallerOf, pins: Pins) -> None:
        self._records = records
        self._runner = runner
        self._jobs = jobs
        self._caller_of = caller_of
        self._pins = pins

    def run_now(self, caller: Caller, request: RunNow) -> Document:
        """Start a run of a job. A token that was used before answers the run that it started."""
        request.check("run-now")
        job = self._jobs.get(caller, request.job_id, level="CAN_MANAGE_RUN")
        queue = self.queues(job) if request.queue is None else request.queue.enabled
        token = _given(f"job {request.job_id}", request.idempotency_token)
        return self._once(caller, job, request.job_parameters, token, queue=queue)

    def submit(self, caller: Caller, request: SubmitRun) -> Document:
        """Start a one-time run: a job that has this run only, is listed nowhere and goes with it."""
        settings = request.settings()
        scope, store = caller.workspace.workspace_id, self._records.store
        token = _given(f"submitted by {caller.principal}", request.idempotency_token)
        run_as = self._jobs.checked(caller, settings)
        if not settings.get("tasks"):
            raise InvalidParameter("runs/submit needs tasks.")
        wheels = self.pinned(scope, {"run_as": run_as, "settings": settings})
        with store.write():
            known = self._known(scope, token)
            if known is not None:
                return known
            job_id = store.next_id()
            job = {"job_id": job_id, "creator": caller.principal, "run_as": run_as, "settings": settings}
            run = self._new(caller, job, {}, run_type="SUBMIT_RUN", trigger="ONE_TIME", wheels=wheels)
            store.put(SUBMITTED, job_id, {"job_id": job_id, "run_id": run["run_id"]}, scope=scope)
            self._jobs.own(caller, job_id, request.access_control_list)
            self._records.add_run(run, token)
        return self._runner.submit(run, queue=True)

    def start_triggered(
        self,
        workspace_id: int,
        job_id: int,
        trigger: str,
        *,
        parameters: Mapping[str, str] | None = None,
        idempotency_token: str | None = None,
    ) -> int | None:
        """Start a run as the job's run_as; None when it was skipped, or the job is gone or has no tasks."""
        job = self._records.job(workspace_id, job_id)
        if job is None or not job["settings"].get("tasks"):
            return None
        caller = self._caller_of(workspace_id, job["run_as"])
        token = f"{_TRIGGER_TOKEN}{idempotency_token}" if idempotency_token else None
        facts = {"trigger": trigger, "creator": job["creator"]}
        try:
            run = self._once(caller, job, parameters or {}, token, queue=self.queues(job), **facts)
        except _Gone:
            return None
        return None if run["life_cycle_state"] == "SKIPPED" else int(run["run_id"])

    def start_as(self, caller: Caller, job_id: int, parameters: Mapping[str, str], *, token: str) -> int:
        """Start a run with the caller's rights on the job, e.g. for a model's new version. Errors: as run_now."""
        job = self._jobs.get(caller, job_id, level="CAN_MANAGE_RUN")
        run = self._once(caller, job, parameters, f"{_TRIGGER_TOKEN}{token}", queue=True)
        return int(run["run_id"])

    def start_child(
        self, caller: Caller, job_id: int, parameters: Mapping[str, str], *, parent: Document, token: str
    ) -> Document:
        """A run of another job for a Run Job task. Errors: PermissionDenied, InvalidParameter, InvalidState."""
        job = self._jobs.get(caller, job_id, level="CAN_MANAGE_RUN")
        self._refuse_circle(caller, job_id, parent)
        return self._once(caller, job, parameters, token, queue=True, trigger="RUN_JOB_TASK", parent=parent)

    def pinned(self, workspace_id: int, job: Document) -> dict[str, str]:
        """The wheels of the job as they are now, for a run that begins."""
        return self._pins.of(workspace_id, job)

    def queues(self, job: Document) -> bool:
        """Whether runs of this job wait for their turn."""
        return bool((job["settings"].get("queue") or {}).get("enabled", job.get("queue_by_default", False)))

    def with_parameters(self, caller: Caller, run: Document, given: Mapping[str, str]) -> Document:
        """The run with some of its job parameters changed. Errors: InvalidParameter for one it does not have."""
        names = {parameter["name"] for parameter in run["job_parameters"]}
        _refuse_unknown(given, names)
        facts = context.of_run(run, caller.workspace)
        changed = [
            entry | {"value": references.resolve(given[entry["name"]], facts)} if entry["name"] in given else entry
            for entry in run["job_parameters"]
        ]
        return {**run, "job_parameters": changed}

    def _once(
        self, caller: Caller, job: Document, given: Mapping[str, str], token: str | None, *, queue: bool, **facts: Any
    ) -> Document:
        if not job["settings"].get("tasks"):
            raise InvalidState(f"Job {job['job_id']} has no tasks.")
        facts["wheels"] = self.pinned(caller.workspace.workspace_id, job)
        with self._records.store.write():
            known = self._known(caller.workspace.workspace_id, token)
            if known is not None:
                return known
            if self._records.job(caller.workspace.workspace_id, job["job_id"]) is None:
                raise _Gone(f"Job {job['job_id']} does not exist.")
            run = self._records.add_run(self._new(caller, job, given, **facts), token)
        return self._runner.submit(run, queue=queue)

    def _known(self, workspace_id: int, token: str | None) -> Document | None:
        run_id = self._records.run_of_token(workspace_id, token) if token else None
        return None if run_id is None else self._records.run(workspace_id, run_id)

    def _new(self, caller: Caller, job: Document, given: Mapping[str, str], **facts: Any) -> Document:
        defined = {entry["name"]: entry["default"] for entry in job["settings"].get("parameters") or []}
        _refuse_unknown(given, set(defined))
        run = {
            "run_id": self._records.store.next_id(),
            "job_id": job["job_id"],
            "workspace_id": caller.workspace.workspace_id,
            "creator": caller.principal,
            "run_as": job["run_as"],
            "settings": job["settings"],
            "start_time": now_ms(),
            "life_cycle_state": "PENDING",
            "tasks": [],
            **facts,
        }
        known = context.of_run(run | {"job_parameters": []}, caller.workspace)
        run["job_parameters"] = [
            {"name": name, "default": default, "value": references.resolve(given.get(name, default), known)}
            for name, default in defined.items()
        ]
        return run

    def _refuse_circle(self, caller: Caller, job_id: int, parent: Document) -> None:
        """A job cannot be a task of a run that is itself a task of a run of this job."""
        above: Document | None = parent
        while above is not None:
            run = self._records.run(caller.workspace.workspace_id, above["run_id"])
            if run is not None and run["job_id"] == job_id:
                raise InvalidState(f"Job {job_id} would run within its own run {run['run_id']}.")
            above = run.get("parent") if run is not None else None


class _Gone(InvalidParameter):
    """The job was deleted after it was read: nobody would cancel a run of it."""


def _given(whose: str, token: str | None) -> str | None:
    """A client's token, of one job or of one who submits: it never answers a run that others started elsewhere."""
    return f"given {whose}: {token}" if token else None


def _refuse_unknown(given: Mapping[str, str], names: set[str]) -> None:
    if unknown := sorted(set(given) - names):
        raise InvalidParameter(f"The job has no parameters {unknown}; it has {sorted(names)}.")
