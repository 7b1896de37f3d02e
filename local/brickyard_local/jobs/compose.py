"""Builds the jobs services from what they need: called once, by `state`."""

from dataclasses import dataclass

from brickyard_local.account import Home
from brickyard_local.jobs.needs import CallerOf, Files, Permissions, Tokens
from brickyard_local.jobs.processes import Assignment, TaskProcess
from brickyard_local.jobs.records import Records
from brickyard_local.jobs.runner import Runner
from brickyard_local.jobs.runs import RunsService
from brickyard_local.jobs.service import JobsService
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Jobs:
    """The services of jobs, ready to answer."""

    service: JobsService
    runs: RunsService
    runner: Runner


def compose_jobs(
    home: Home, store: Store, *, caller_of: CallerOf, permissions: Permissions, tokens: Tokens, files: Files
) -> Jobs:
    """The services of jobs of all workspaces."""

    def start(assignment: Assignment) -> TaskProcess:
        return TaskProcess(assignment, home=home, files=files, tokens=tokens)

    records = Records(store)
    runner = Runner(records, start, caller_of)
    service = JobsService(records, runner, permissions=permissions, tokens=tokens)
    return Jobs(service=service, runs=RunsService(records, runner, service, home), runner=runner)
