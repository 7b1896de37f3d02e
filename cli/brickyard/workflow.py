"""Run a project's ML job through the Jobs API and follow it to its end."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import Run, RunLifeCycleState, RunResultState, RunTask

from brickyard.errors import JobFailed

_POLL_S = 0.5
_ENDED = frozenset({RunLifeCycleState.TERMINATED, RunLifeCycleState.SKIPPED, RunLifeCycleState.INTERNAL_ERROR})
_MARKS = {RunResultState.SUCCESS: "✓", None: "·"}


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRun:
    """A run that ended in success; `fresh` says whether it was started for this call."""

    run_id: int
    fresh: bool
    took_s: float


def run_workflow(client: WorkspaceClient, job_name: str, *, promoted: bool, say: Callable[[str], None]) -> JobRun:
    """Run the job unless its newest run succeeded with the settings that it has now, and left a champion.

    An earlier call that was interrupted is taken up: the same settings give the same idempotency token.
    Errors: JobFailed with the task that failed and the end of its output.
    """
    job_id = job_called(client, job_name)
    settings = client.jobs.get(job_id).settings
    facts = json.dumps([job_id, settings.as_dict() if settings else {}], sort_keys=True)
    digest = hashlib.sha256(facts.encode()).hexdigest()
    called_at_ms = time.time() * 1000
    run = _current_run(client, job_id, digest[:40], promoted=promoted)
    fresh = (run.start_time or 0) >= called_at_ms - 1000
    run = follow(client, job_name, run, say)
    took_ms = (run.end_time or 0) - (run.start_time or 0)
    return JobRun(run_id=run.run_id or 0, fresh=fresh, took_s=took_ms / 1000)


def job_called(client: WorkspaceClient, name: str) -> int:
    """The id of the one job with this name. Errors: JobFailed."""
    found = [job for job in client.jobs.list(name=name) if job.job_id is not None]
    if len(found) != 1:
        raise JobFailed(
            f"There are {len(found)} jobs named '{name}'; Terraform makes exactly one. Run `make up` again."
        )
    return int(found[0].job_id or 0)


def _current_run(client: WorkspaceClient, job_id: int, digest: str, *, promoted: bool) -> Run:
    """The run of these settings that is under way, or the newest run when it is of these settings; else a new one.

    A run that another has followed does not count: a change that was taken back must be promoted again.
    """
    newest = next(iter(client.jobs.list_runs(job_id=job_id, limit=1)), None)
    attempt = 0
    while True:
        answer = client.jobs.run_now(job_id, idempotency_token=f"up-{digest}-{attempt}")
        run = client.jobs.get_run(answer.run_id)
        is_newest = newest is None or (run.run_id or 0) >= (newest.run_id or 0)
        if not ended(run) or (is_newest and promoted and succeeded(run)):
            return run
        attempt += 1


def follow(client: WorkspaceClient, job_name: str, run: Run, say: Callable[[str], None]) -> Run:
    """Wait for the end of a run. Errors: JobFailed with the task that failed and the end of its output."""
    while not ended(run):
        say("  ".join(_task_line(task) for task in _in_order(run)))
        time.sleep(_POLL_S)
        run = client.jobs.get_run(run.run_id or 0)
    if not succeeded(run):
        raise JobFailed(_explain(client, job_name, run))
    return run


def _in_order(run: Run) -> list[RunTask]:
    """The tasks as they follow each other; Databricks lists them by name."""
    tasks = {task.task_key: task for task in run.tasks or [] if task.task_key}

    def depth(key: str) -> int:
        needs = [need.task_key for need in tasks[key].depends_on or [] if need.task_key in tasks]
        return 1 + max((depth(need) for need in needs), default=0)

    return [tasks[key] for key in sorted(tasks, key=lambda key: (depth(key), key))]


def _task_line(task: RunTask) -> str:
    state = task.state
    if state is not None and state.life_cycle_state == RunLifeCycleState.RUNNING:
        since_s = time.time() - (task.start_time or time.time() * 1000) / 1000
        return f"{task.task_key} {since_s:.0f} s"
    result = state.result_state if state is not None else None
    return f"{_MARKS.get(result, '✗')}{task.task_key}"


def ended(run: Run) -> bool:
    """Whether it is over, however it ended."""
    return run.state is not None and run.state.life_cycle_state in _ENDED


def succeeded(run: Run) -> bool:
    """Whether it ended well."""
    return run.state is not None and run.state.result_state == RunResultState.SUCCESS


def _explain(client: WorkspaceClient, job_name: str, run: Run) -> str:
    message = (run.state.state_message if run.state else None) or "no message"
    lines = [f"Run {run.run_id} of job '{job_name}' did not succeed: {message}"]
    for task in _in_order(run):
        failed = task.state is not None and task.state.result_state in {
            RunResultState.FAILED,
            RunResultState.TIMEDOUT,
        }
        if failed and task.run_id is not None:
            output: Any = client.jobs.get_run_output(task.run_id)
            said = output.error_trace or output.logs or output.error or ""
            lines.append(f"Task '{task.task_key}': {output.error or 'failed'}\n{said[-3000:]}")
    return "\n".join(lines)
