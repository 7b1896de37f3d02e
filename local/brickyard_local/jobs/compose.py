"""Builds the jobs services from what they need: called once, by `state`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from brickyard_local.account import Home
from brickyard_local.jobs import task_types
from brickyard_local.jobs.condition_work import ConditionWork
from brickyard_local.jobs.deployment import DeploymentJobs
from brickyard_local.jobs.for_each_work import ForEachWork
from brickyard_local.jobs.needs import BudgetPolicies, CallerOf, Compute, Files, Grant, Permissions, Secrets, Tokens
from brickyard_local.jobs.pins import Pins
from brickyard_local.jobs.processes import Assignment, TaskProcess
from brickyard_local.jobs.records import Records
from brickyard_local.jobs.resources import ProcessWork, Resources
from brickyard_local.jobs.run_job_work import RunJobWork
from brickyard_local.jobs.runner import Runner
from brickyard_local.jobs.runs import RunsService
from brickyard_local.jobs.service import JobsService
from brickyard_local.jobs.settings import CheckTriggers
from brickyard_local.jobs.starts import Starts
from brickyard_local.jobs.work import Work
from brickyard_local.store import Document, Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """What jobs ask of other services; one that is None is refused by name where a job asks for it."""

    caller_of: CallerOf
    admitted: CallerOf
    permissions: Permissions
    grant: Grant
    tokens: Tokens
    files: Files
    compute: Compute | None = None
    secrets: Secrets | None = None
    budget_policies: BudgetPolicies | None = None
    check_triggers: CheckTriggers | None = None
    databases: Callable[[], Mapping[str, str]] = dict
    """What task processes are told of the account's database instances: variables of their environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Jobs:
    """The services of jobs, ready to answer."""

    service: JobsService
    runs: RunsService
    runner: Runner
    triggered: "Triggered"
    deployment: DeploymentJobs


@dataclass(frozen=True, kw_only=True, slots=True)
class Triggered:
    """Jobs as what starts them by itself sees them."""

    records: Records
    service: JobsService
    starts: Starts

    def triggered_jobs(self, workspace_id: int) -> list[Document]:
        """Jobs with a schedule, a trigger or `continuous`."""
        return list(self.service.triggered_jobs(workspace_id))

    def job(self, workspace_id: int, job_id: int) -> Document | None:
        """The stored job."""
        return self.records.job(workspace_id, job_id)

    def run(self, workspace_id: int, run_id: int) -> Document | None:
        """The stored run."""
        return self.records.run(workspace_id, run_id)

    def start_triggered(self, workspace_id: int, job_id: int, trigger: str, *, idempotency_token: str) -> int | None:
        """As `Starts.start_triggered`."""
        return self.starts.start_triggered(workspace_id, job_id, trigger, idempotency_token=idempotency_token)


def compose_jobs(home: Home, store: Store, neighbours: Neighbours) -> Jobs:
    """The services of jobs of all workspaces."""
    records = Records(store)
    resources = Resources(
        neighbours.compute,
        neighbours.secrets,
        neighbours.budget_policies,
        admitted=neighbours.admitted,
        caller_of=neighbours.caller_of,
    )

    def process(assignment: Assignment) -> Work:
        told = {**neighbours.databases(), **assignment.environment}
        assignment = replace(assignment, environment=told)
        return TaskProcess(assignment, home=home, files=neighbours.files, tokens=neighbours.tokens)

    def start(assignment: Assignment) -> Work:
        match task_types.type_of(assignment.task).name:
            case "condition_task":
                return ConditionWork(assignment)
            case "for_each_task":
                return ForEachWork(assignment, records=records, start=start)
            case "run_job_task":
                return RunJobWork(assignment, records=records, children=children)
        return ProcessWork(assignment, resources=resources, start=process)

    runner = Runner(records, start, neighbours.caller_of)
    service = JobsService(
        records,
        runner,
        permissions=neighbours.permissions,
        tokens=neighbours.tokens,
        resources=resources,
        grant=neighbours.grant,
        check_triggers=neighbours.check_triggers,
    )
    pins = Pins(neighbours.files, home.cache, neighbours.caller_of)
    starts = Starts(records, runner, service, neighbours.caller_of, pins)
    children = _Children(starts, runner)
    return Jobs(
        service=service,
        runs=RunsService(records, runner, service, starts, home),
        runner=runner,
        triggered=Triggered(records=records, service=service, starts=starts),
        deployment=DeploymentJobs(records, service, starts, neighbours.caller_of),
    )


class _Children:
    """Runs of other jobs, for Run Job tasks."""

    def __init__(self, starts: Starts, runner: Runner) -> None:
        self.start_child = starts.start_child
        self.cancel_run = runner.cancel_run
        self.when_ended = runner.when_ended
