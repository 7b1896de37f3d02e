"""Jobs whose tasks are entry points of a wheel, on serverless compute."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.job import (
    Job,
    JobEnvironment,
    JobEnvironmentSpec,
    JobQueue,
    JobRunAs,
    JobSchedule,
    JobTask,
    JobTaskDependsOn,
    JobTaskPythonWheelTask,
)
from constructs import Construct

from brickyard_constructs.checks import check_at_least, check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject

_ENVIRONMENT_KEY = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelTask:
    """One step: the wheel's entry point of the same name, and its arguments."""

    key: str
    parameters: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_not_empty("key", self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """When the job starts by itself. A paused schedule is kept, visible, and does not start."""

    quartz: str
    timezone: str
    paused: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelJobProps:
    """What runs, from which wheels, as whom, for how long at most, and who may see or start it."""

    name: str
    run_as: str
    package: str
    wheels: tuple[str, ...]
    tasks: tuple[WheelTask, ...]
    permissions: tuple[Permission, ...]
    environment_version: str = "4"
    timeout_s: int = 3600
    max_retries: int = 0
    schedule: Cron | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for prop in ("name", "run_as", "package", "wheels", "tasks", "permissions"):
            check_not_empty(prop, getattr(self, prop))
        check_at_least("timeout_s", self.timeout_s, 60)
        check_at_least("max_retries", self.max_retries, 0)
        earlier: set[str] = set()
        for task in self.tasks:
            if task.key in earlier:
                raise InvalidProps("tasks", task.key, rule="each key stands once")
            if missing := set(task.after) - earlier:
                raise InvalidProps("tasks", sorted(missing), rule=f"{task.key} may only follow tasks before it")
            earlier.add(task.key)


class WheelJob(Construct):
    """A job on serverless compute that runs entry points of a wheel, one run at a time, others waiting in line.

    Creates: databricks_job; databricks_permissions.
    Gaps: serverless compute retries a failed start by itself; that is not a task's retry.
    Source: docs.databricks.com/aws/en/jobs/python-wheel, docs.databricks.com/aws/en/jobs/run-serverless-jobs
    """

    def __init__(self, scope: Construct, id_: str, props: WheelJobProps) -> None:
        super().__init__(scope, id_)
        spec = JobEnvironmentSpec(environment_version=props.environment_version, dependencies=list(props.wheels))
        self.job = Job(
            self,
            "Resource",
            name=props.name,
            run_as=JobRunAs(service_principal_name=props.run_as),
            environment=[JobEnvironment(environment_key=_ENVIRONMENT_KEY, spec=spec)],
            # The provider reads them sorted; in another order every plan would show a change (sortTasksByKey).
            task=[_task(task, props) for task in sorted(props.tasks, key=lambda t: t.key)],
            schedule=_schedule(props.schedule),
            queue=JobQueue(enabled=True),
            max_concurrent_runs=1,
            timeout_seconds=props.timeout_s,
            tags=dict(props.tags) or None,
        )
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.JOB, name=props.name, object_id=self.job.id),
            permissions=props.permissions,
        )


def _task(task: WheelTask, props: WheelJobProps) -> JobTask:
    return JobTask(
        task_key=task.key,
        environment_key=_ENVIRONMENT_KEY,
        depends_on=[JobTaskDependsOn(task_key=key) for key in task.after] or None,
        python_wheel_task=JobTaskPythonWheelTask(
            package_name=props.package, entry_point=task.key, parameters=list(task.parameters) or None
        ),
        max_retries=props.max_retries,
    )


def _schedule(cron: Cron | None) -> JobSchedule | None:
    if cron is None:
        return None
    return JobSchedule(
        quartz_cron_expression=cron.quartz,
        timezone_id=cron.timezone,
        pause_status="PAUSED" if cron.paused else "UNPAUSED",
    )
