"""Jobs of any tasks, on serverless compute or on clusters of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cdktf_cdktf_provider_databricks.job import Job, JobParameter, JobQueue, JobRunAs
from constructs import Construct

from brickyard_constructs.checks import check_at_least, check_between, check_each_once, check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.jobs.ai_runtime import AiRuntime
from brickyard_constructs.jobs.compute import JobCluster, ServerlessEnvironment
from brickyard_constructs.jobs.notifications import Health, Notifications
from brickyard_constructs.jobs.task import ForEach, Task
from brickyard_constructs.jobs.task_types import Condition
from brickyard_constructs.jobs.triggers import Continuous, Trigger


@dataclass(frozen=True, kw_only=True, slots=True)
class MultiTaskJobProps:
    """What runs, on what, as whom, when, for how long at most, and who may see or start it.

    With `ui_locked` nobody changes the job by hand: outside of dev what runs is what was reviewed.
    """

    name: str
    run_as: str
    tasks: tuple[Task, ...]
    permissions: tuple[Permission, ...]
    environments: tuple[ServerlessEnvironment, ...] = ()
    clusters: tuple[JobCluster, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    trigger: Trigger | None = None
    timeout_s: int = 3600
    max_concurrent_runs: int = 1
    queued: bool = True
    health: Health = field(default_factory=Health)
    notifications: Notifications = field(default_factory=Notifications)
    budget_policy_id: str | None = None
    ui_locked: bool = False
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for prop in ("name", "run_as", "tasks", "permissions"):
            check_not_empty(prop, getattr(self, prop))
        check_at_least("timeout_s", self.timeout_s, 60)
        check_between("max_concurrent_runs", self.max_concurrent_runs, 1, 1000)
        if isinstance(self.trigger, Continuous) and self.max_concurrent_runs > 1:
            raise InvalidProps("max_concurrent_runs", self.max_concurrent_runs, rule="a continuous job has one run")
        _check_order(self.tasks)
        _check_compute(self)


class MultiTaskJob(Construct):
    """A Lakeflow job, one run at a time unless said otherwise, others waiting in line.

    Creates: databricks_job; databricks_permissions.
    Gaps: code comes from wheels, notebooks and files in the workspace, never from Git. Serverless compute retries a
    failed start by itself; that is not a task's retry.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/job
    """

    def __init__(self, scope: Construct, id_: str, props: MultiTaskJobProps, *, count: float | None = None) -> None:
        """`count` is a reference to a condition, for a job that waits for something to be there."""
        super().__init__(scope, id_)
        self.name = props.name
        environments = frozenset(each.key for each in props.environments)
        # By key: the provider reads them so, and shows a change in every plan otherwise (sortTasksByKey).
        tasks = sorted(props.tasks, key=lambda each: each.key)
        self.job = Job(
            self,
            "Resource",
            count=count,
            name=props.name,
            description=props.description or None,
            run_as=JobRunAs(service_principal_name=props.run_as),
            environment=[each.block() for each in _by_key(props.environments)] or None,
            job_cluster=[each.block(self) for each in _by_key(props.clusters)] or None,
            task=[each.block(environments=environments) for each in tasks],
            parameter=[JobParameter(name=n, default=v) for n, v in sorted(props.parameters.items())] or None,
            queue=JobQueue(enabled=props.queued),
            max_concurrent_runs=props.max_concurrent_runs,
            timeout_seconds=props.timeout_s,
            budget_policy_id=props.budget_policy_id,
            edit_mode="UI_LOCKED" if props.ui_locked else None,
            tags=dict(props.tags) or None,
            **(props.trigger.fields() if props.trigger else {}),
            **props.health.fields(),
            **props.notifications.fields(watches_duration=props.health.watches_duration),
        )
        self._write_past_the_bindings(tasks)
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.JOB, name=props.name, object_id=self._id(count)),
            permissions=props.permissions,
            count=count,
        )

    def _id(self, count: float | None) -> str:
        if count is None:
            return str(self.job.id)
        return f"${{{Job.TF_RESOURCE_TYPE}.{self.job.friendly_unique_id}[0].id}}"

    def _write_past_the_bindings(self, tasks: list[Task]) -> None:
        for index, task in enumerate(tasks):
            if isinstance(task.does, AiRuntime):
                for name, block in task.does.override.items():
                    self.job.add_override(f"task.{index}.{name}", block)


def _by_key(entries: tuple[Any, ...]) -> list[Any]:
    return sorted(entries, key=lambda each: each.key)


def _check_order(tasks: tuple[Task, ...]) -> None:
    """Tasks follow only those before them, which leaves no circle; outcomes are those of conditions."""
    earlier: dict[str, Task] = {}
    for task in tasks:
        if task.key in earlier:
            raise InvalidProps("tasks", task.key, rule="each key stands once")
        if missing := sorted({after.key for after in task.after} - earlier.keys()):
            raise InvalidProps("tasks", missing, rule=f"{task.key} may only follow tasks before it")
        for after in task.after:
            if after.outcome is not None and not isinstance(earlier[after.key].does, Condition):
                raise InvalidProps("outcome", after.outcome, rule=f"{after.key} is no condition and has no outcome")
        earlier[task.key] = task


def _check_compute(props: MultiTaskJobProps) -> None:
    """Every key is one compute's, and every task's compute is there and takes what the task brings."""
    environments = {each.key for each in props.environments}
    keys = [*(each.key for each in props.environments), *(each.key for each in props.clusters)]
    check_each_once("environments, clusters", keys)
    for task in _every_task(props.tasks):
        if task.compute is not None and task.compute not in keys:
            raise InvalidProps("compute", task.compute, rule=f"{task.key} runs on one of: {', '.join(sorted(keys))}")
        if task.libraries and (task.compute is None or task.compute in environments):
            rule = f"{task.key} is serverless: what it needs stands in its environment's dependencies"
            raise InvalidProps("libraries", len(task.libraries), rule=rule)


def _every_task(tasks: tuple[Task, ...]) -> Iterator[Task]:
    for task in tasks:
        yield task
        if isinstance(task.does, ForEach):
            yield task.does.task
