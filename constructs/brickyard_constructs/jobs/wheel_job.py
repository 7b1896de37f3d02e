"""Jobs whose tasks are entry points of a wheel, on serverless compute."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from constructs import Construct

from brickyard_constructs.checks import check_at_least, check_not_empty
from brickyard_constructs.iam import Permission
from brickyard_constructs.jobs.compute import ServerlessEnvironment
from brickyard_constructs.jobs.multi_task_job import MultiTaskJob, MultiTaskJobProps
from brickyard_constructs.jobs.task import After, Task
from brickyard_constructs.jobs.task_types import PythonWheel
from brickyard_constructs.jobs.triggers import Trigger

_ENVIRONMENT = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelTask:
    """One step: the wheel's entry point of the same name, and its arguments."""

    key: str
    parameters: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_not_empty("key", self.key)


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
    schedule: Trigger | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for prop in ("package", "wheels"):
            check_not_empty(prop, getattr(self, prop))
        check_at_least("max_retries", self.max_retries, 0)
        self.as_tasks()

    def as_tasks(self) -> MultiTaskJobProps:
        """The same, said in general. Errors: InvalidProps."""
        environment = ServerlessEnvironment(
            key=_ENVIRONMENT, dependencies=self.wheels, version=self.environment_version
        )
        return MultiTaskJobProps(
            name=self.name,
            run_as=self.run_as,
            tasks=tuple(self._task(task) for task in self.tasks),
            permissions=self.permissions,
            environments=(environment,),
            trigger=self.schedule,
            timeout_s=self.timeout_s,
            tags=self.tags,
        )

    def _task(self, task: WheelTask) -> Task:
        return Task(
            key=task.key,
            does=PythonWheel(package=self.package, entry_point=task.key, parameters=task.parameters),
            after=tuple(After(key=key) for key in task.after),
            compute=_ENVIRONMENT,
            max_retries=self.max_retries,
        )


class WheelJob(MultiTaskJob):
    """A job on serverless compute that runs entry points of a wheel, one run at a time, others waiting in line.

    Creates: databricks_job; databricks_permissions.
    Source: docs.databricks.com/aws/en/jobs/python-wheel, docs.databricks.com/aws/en/jobs/run-serverless-jobs
    """

    def __init__(self, scope: Construct, id_: str, props: WheelJobProps) -> None:
        super().__init__(scope, id_, props.as_tasks())
