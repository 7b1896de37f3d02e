"""MLflow runs of the steps: one per step and job run, resumed when a task is repaired."""

from collections.abc import Mapping, Sequence

import mlflow
from mlflow import ActiveRun, MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from brickyard_pipelines.ml.code import distribution_version, package_sha256
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.settings import StepSettings

_MOST = 100  # attempts at one recipe


def code_tags(settings: StepSettings, project: Project) -> dict[str, str]:
    """Which code, of which job run, for which project."""
    return {
        "brickyard.project": project.name,
        "brickyard.project_version": distribution_version(project.name),
        "brickyard.project_sha256": package_sha256(project.name),
        "brickyard.pipelines_version": distribution_version("brickyard_pipelines"),
        "brickyard.pipelines_sha256": package_sha256("brickyard_pipelines"),
        "brickyard.job_run_id": settings.job_run_id or "by hand",
    }


def step_run(step: str, settings: StepSettings, project: Project, facts: Mapping[str, str]) -> ActiveRun:
    """The active run of this step, with `facts` as tags; a repaired task goes on with the run it began."""
    tags = {"brickyard.step": step, **facts, **code_tags(settings, project)}
    identity = {"brickyard.step": step, "brickyard.job_run_id": tags["brickyard.job_run_id"], **facts}
    begun = find(settings, identity) if settings.job_run_id else None
    if begun is not None:
        return mlflow.start_run(run_id=begun)
    name = f"{step}-{settings.job_run_id or 'by-hand'}"
    return mlflow.start_run(experiment_id=experiment_id(settings), run_name=name, tags=tags)


def experiment_id(settings: StepSettings) -> str:
    """The experiment of this environment; made here when the project's stack has not made it."""
    client, name = MlflowClient(), settings.need("experiment")
    known = client.get_experiment_by_name(name)
    if known is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException as error:
            known = client.get_experiment_by_name(name)  # another run made it at the same moment
            if known is None or error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
    return str(known.experiment_id)


def find(settings: StepSettings, tags: Mapping[str, str]) -> str | None:
    """The id of the newest run of the experiment with these tags, if there is one."""
    found = search(settings, tags, most=1)
    return str(found[0].info.run_id) if found else None


def search(settings: StepSettings, tags: Mapping[str, str], *, most: int = _MOST) -> Sequence[Run]:
    """The runs of the experiment with these tags, the newest first."""
    client = MlflowClient()
    experiment = client.get_experiment_by_name(settings.need("experiment"))
    if experiment is None:
        return ()
    conditions = " AND ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    found: Sequence[Run] = client.search_runs([experiment.experiment_id], conditions, max_results=most)
    return found
