"""A project's extra jobs, from its settings: tasks of any kind, on serverless compute or on job clusters."""

from collections.abc import Mapping

from cdktf import Token
from constructs import Construct

from brickyard_constructs.compute import Library
from brickyard_constructs.jobs import (
    After,
    Cron,
    FileArrival,
    Health,
    JobCluster,
    MultiTaskJob,
    MultiTaskJobProps,
    Notebook,
    PythonFile,
    PythonWheel,
    RunJob,
    Sql,
    TableUpdate,
    Task,
    Trigger,
)
from brickyard_stacks.after_apply import DEPLOYMENT_JOB
from brickyard_stacks.clusters import job_cluster
from brickyard_stacks.compute import referenced_warehouse
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.settings.deployment.clusters import Cluster
from brickyard_stacks.settings.deployment.jobs import WORKFLOW, ExtraJob
from brickyard_stacks.settings.deployment.schedule import FileArrival as FileArrivalSettings
from brickyard_stacks.settings.deployment.schedule import Schedule
from brickyard_stacks.settings.deployment.tasks import Task as TaskSettings
from brickyard_stacks.workshop import SERVERLESS, Workshop


def make_jobs(
    scope: Construct, workshop: Workshop, jobs: Mapping[str, ExtraJob], *, workflow: MultiTaskJob
) -> Mapping[str, MultiTaskJob]:
    """Every extra job; one that another one runs is made before it.

    Errors: CannotBuildStacks, for jobs that run each other in a circle.
    """
    made: dict[str, MultiTaskJob] = {WORKFLOW: workflow}
    waiting = dict(jobs)
    while waiting:
        ready = [name for name, job in waiting.items() if _runs(job) <= made.keys()]
        if not ready:
            raise CannotBuildStacks(f"the jobs {', '.join(waiting)} run each other in a circle: take one run_job out")
        for name in ready:
            made[name] = _Builder(scope, workshop, name, waiting.pop(name), made).build()
    return made


def _runs(job: ExtraJob) -> set[str]:
    return {task.run_job.job for task in job.tasks if task.run_job is not None}


class _Builder:
    """One job: its look-ups and files stand beside it."""

    def __init__(
        self, scope: Construct, workshop: Workshop, name: str, job: ExtraJob, made: Mapping[str, MultiTaskJob]
    ) -> None:
        self._scope = Construct(scope, f"job-{name}")
        self._workshop = workshop
        self._name = name
        self._settings = job
        self._made = made
        self._warehouses: dict[str, str] = {}

    def build(self) -> MultiTaskJob:
        settings, workshop = self._settings, self._workshop
        tasks = tuple(self._task(task) for task in settings.tasks)
        used = {task.compute for task in tasks}
        slow = settings.warn_after_minutes
        props = MultiTaskJobProps(
            name=workshop.names.extra_job(self._name),
            run_as=workshop.run_as,
            tasks=tasks,
            permissions=workshop.deployment_permissions if self._is_connected() else workshop.permissions,
            environments=(workshop.serverless(),) if SERVERLESS in used else (),
            clusters=tuple(self._cluster(name, c) for name, c in settings.clusters.items() if name in used),
            parameters={**settings.parameters, **self._given()},
            trigger=self._trigger(),
            timeout_s=settings.timeout_minutes * 60,
            max_concurrent_runs=settings.max_concurrent_runs,
            queued=settings.queue,
            health=Health(under={"RUN_DURATION_SECONDS": slow * 60}) if slow else Health(),
            notifications=workshop.notifications(),
            budget_policy_id=workshop.environment.compute.budget_policy_id if SERVERLESS in used else None,
            ui_locked=workshop.locked,
            tags=workshop.tags,
        )
        return MultiTaskJob(self._scope, "job", props)

    def _given(self) -> Mapping[str, str]:
        """What Databricks gives to the job that a new version of a model starts."""
        return {"model_name": "", "model_version": ""} if self._is_connected() else {}

    def _is_connected(self) -> bool:
        return self._workshop.connects_models and self._name == DEPLOYMENT_JOB

    def _task(self, task: TaskSettings) -> Task:
        clustered = task.compute != "serverless" and self._workshop.has_machines
        wheels = tuple(Library(wheel=path) for path in self._workshop.wheels) if clustered and task.wheel else ()
        retries = self._settings.max_retries if task.max_retries is None else task.max_retries
        return Task(
            key=task.key,
            does=self._work(task),
            after=tuple(After(key=key) for key in task.depends_on),
            compute=task.compute if clustered else self._serverless(task),
            run_if=task.run_if,
            max_retries=retries,
            timeout_s=task.timeout_minutes * 60 if task.timeout_minutes else None,
            libraries=wheels,
        )

    def _serverless(self, task: TaskSettings) -> str | None:
        return SERVERLESS if task.wheel is not None or task.python_file is not None else None

    def _work(self, task: TaskSettings) -> PythonWheel | Notebook | PythonFile | Sql | RunJob:
        if task.wheel is not None:
            wheel = task.wheel
            return PythonWheel(package=wheel.package, entry_point=wheel.entry_point, parameters=wheel.parameters)
        if task.notebook is not None:
            path = self._file(task.key, task.notebook.path, notebook=True)
            return Notebook(path=path, parameters=task.notebook.parameters)
        if task.python_file is not None:
            path = self._file(task.key, task.python_file.path)
            return PythonFile(path=path, parameters=task.python_file.parameters)
        if task.sql is not None:
            file = self._file(task.key, task.sql.path)
            return Sql(warehouse_id=self._warehouse(task.sql.warehouse), file=file, parameters=task.sql.parameters)
        assert task.run_job is not None  # noqa: S101 - the settings hold exactly one kind of work
        job_id = Token.as_number(self._made[task.run_job.job].job.id)
        return RunJob(job_id=job_id, parameters=task.run_job.parameters)

    def _file(self, key: str, path: str, *, notebook: bool = False) -> str:
        from brickyard_stacks.files import put_file

        return put_file(self._scope, self._workshop, f"{self._name}-{key}", path, notebook=notebook)

    def _warehouse(self, name: str) -> str:
        if name not in self._workshop.environment.compute.warehouses:
            raise CannotBuildStacks(
                f"the job {self._name} needs the warehouse {name}; "
                f"add it to compute.warehouses of environments/{self._workshop.environment.name}.yaml"
            )
        if name not in self._warehouses:
            self._warehouses[name] = referenced_warehouse(self._scope, self._workshop.environment, name)
        return self._warehouses[name]

    def _cluster(self, key: str, cluster: Cluster) -> JobCluster:
        return job_cluster(self._scope, self._workshop, cluster, key=key, where=f"jobs.{self._name}.clusters.{key}")

    def _trigger(self) -> Trigger | None:
        settings, names = self._settings, self._workshop.names
        if settings.schedule is not None:
            return cron(settings.schedule, paused=self._workshop.paused)
        if settings.trigger is None:
            return None
        between_s = settings.trigger.min_seconds_between
        if isinstance(settings.trigger, FileArrivalSettings):
            url = f"/Volumes/{'/'.join(names.table(settings.trigger.volume))}/"
            return FileArrival(url=url, paused=self._workshop.paused, between_s=between_s)
        return TableUpdate(
            tables=tuple(".".join(names.table(table)) for table in settings.trigger.tables),
            paused=self._workshop.paused,
            all_of_them=settings.trigger.condition == "ALL_UPDATED",
            between_s=between_s,
        )


def cron(schedule: Schedule, *, paused: bool) -> Cron:
    """A schedule of the settings."""
    return Cron(quartz=schedule.quartz_cron, timezone=schedule.timezone, paused=paused)
