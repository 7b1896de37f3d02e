"""A team's own work as a task of the workflow's job."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Template

from constructs import Construct

from brickyard_constructs.compute import Library
from brickyard_constructs.jobs import JobCluster, Notebook, PythonFile, PythonWheel, RunJob, Task
from brickyard_stacks.clusters import job_cluster
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.files import put_file
from brickyard_stacks.names import LANDING_VOLUME, ProjectNames
from brickyard_stacks.settings.deployment.jobs import WorkflowJob
from brickyard_stacks.settings.deployment.steps import ExistingJobWork, OwnStep
from brickyard_stacks.workflow import PACKAGE, version_of
from brickyard_stacks.workshop import SERVERLESS, Workshop


def own_work(job: WorkflowJob) -> dict[str, OwnStep]:
    """The team's own steps, by the step that each replaces."""
    return {str(step): work for step, work in job.steps.items()}


def with_own_steps(
    scope: Construct, workshop: Workshop, tasks: tuple[Task, ...], own: Mapping[str, OwnStep]
) -> tuple[Task, ...]:
    """The tasks of the workflow, the team's own work in those that it does itself."""
    values = placeholders(workshop.names, own, workshop.environment.network.model_hosts)
    return tuple(
        _on_its_cluster(
            workshop,
            _replaced(Construct(scope, f"step-{task.key}"), workshop, task, own[task.key], values),
            own[task.key],
        )
        if task.key in own
        else task
        for task in tasks
    )


def own_clusters(scope: Construct, workshop: Workshop, own: Mapping[str, OwnStep]) -> tuple[JobCluster, ...]:
    """The job clusters of the team's own steps, each called as its step.

    Errors: CannotBuildStacks when an environment has no node type for one.
    """
    return tuple(
        job_cluster(
            Construct(scope, f"cluster-{step}"),
            workshop,
            work.cluster,
            key=step,
            where=f"deployment.job.steps.{step}.cluster",
        )
        for step, work in own.items()
        if work.cluster is not None and workshop.has_machines
    )


def _on_its_cluster(workshop: Workshop, task: Task, own: OwnStep) -> Task:
    """The task on its own cluster, with the wheels that serverless compute has from its environment."""
    if own.cluster is None or not workshop.has_machines:
        return task
    wheels = tuple(Library(wheel=path) for path in workshop.wheels) if isinstance(task.does, PythonWheel) else ()
    return replace(task, compute=task.key, libraries=wheels)


def placeholders(names: ProjectNames, own: Mapping[str, OwnStep], model_hosts: Sequence[str] = ()) -> dict[str, str]:
    """What `$name` stands for in the parameters of a team's own step."""
    landing = f"/Volumes/{names.shared.catalog}/{names.sandbox_schema or 'bronze'}/{LANDING_VOLUME}/{names.project}"
    return {
        "catalog": names.shared.catalog,
        "endpoint": names.endpoint,
        "experiment": names.experiment,
        "job_run_id": "{{job.run_id}}",
        "landing": landing,
        "model": names.model,
        "model_hosts": ",".join(model_hosts),
        "model_version": version_of(own),
        "online_store": names.online_store or "",
        "project": names.project,
        "reason": "{{job.parameters.reason}}",
    }


def _replaced(scope: Construct, workshop: Workshop, task: Task, own: OwnStep, values: Mapping[str, str]) -> Task:
    if own.step is not None:
        assert isinstance(task.does, PythonWheel)  # noqa: S101 - so the workflow's tasks are made
        return replace(task, does=replace(task.does, package=PACKAGE, entry_point=own.step))
    if own.wheel is not None:
        given = tuple(Template(text).substitute(values) for text in own.wheel.parameters)
        does = PythonWheel(package=own.wheel.package, entry_point=own.wheel.entry_point, parameters=given)
        return replace(task, does=does)
    if own.python_file is not None:
        given = tuple(Template(text).substitute(values) for text in own.python_file.parameters)
        path = put_file(scope, workshop, task.key, own.python_file.path, notebook=False)
        return replace(task, does=PythonFile(path=path, parameters=given), compute=SERVERLESS)
    if own.notebook is not None:
        path = put_file(scope, workshop, task.key, own.notebook.path, notebook=True)
        return replace(
            task, does=Notebook(path=path, parameters=_by_name(own.notebook.parameters, values)), compute=None
        )
    assert own.existing_job is not None  # noqa: S101 - the settings hold exactly one kind of work
    given_by_name = _by_name(own.existing_job.parameters, values)
    does_job = RunJob(job_id=_job_id(workshop, task.key, own.existing_job), parameters=given_by_name)
    return replace(task, does=does_job, compute=None)


def _job_id(workshop: Workshop, step: str, job: ExistingJobWork) -> int:
    environment = workshop.environment.name
    if environment not in job.job_ids:
        raise CannotBuildStacks(
            f"projects/{workshop.names.project}/project.yaml: deployment.job.steps.{step}.existing_job.job_ids names no"
            f" job of the environment {environment}, only of {', '.join(job.job_ids)}; add its id there"
        )
    return job.job_ids[environment]


def _by_name(given: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    return {name: Template(text).substitute(values) for name, text in given.items()}
