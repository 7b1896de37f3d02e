"""What Terraform has no field for, as data: steps by names, done and checked by `brickyard after-apply`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings import Environment, Project

# The extra job of a project that a new version of its models starts.
DEPLOYMENT_JOB = "deployment"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectDeploymentJob:
    """A new version of the model starts the job. `job` is empty where no job shall be connected.

    Source: docs.databricks.com/aws/en/mlflow/deployment-job
    """

    model: str
    job: str


def after_apply_steps(
    environment: Environment, projects: Sequence[Project], *, sandbox: str | None = None
) -> Iterator[ConnectDeploymentJob]:
    """Every model's step, in the order of the settings. Errors: CannotBuildStacks, for a job that is not there."""
    for project in projects:
        names = ProjectNames.of(environment, project, sandbox=sandbox)
        for name, model in project.models.items():
            if model.deployment_job and DEPLOYMENT_JOB not in project.deployment.jobs:
                there = ", ".join(project.deployment.jobs) or "none"
                raise CannotBuildStacks(
                    f"project {project.name}: models.{name}.deployment_job is true, and there is no job "
                    f"'{DEPLOYMENT_JOB}' in deployment.jobs (there: {there}); write it, or say false"
                )
            job = names.extra_job(DEPLOYMENT_JOB) if model.deployment_job else ""
            yield ConnectDeploymentJob(model=names.model_called(name), job=job)
