"""take_model: a registered model that the team has already → a version of the project's, to be judged like any other.

It stands in the place of `train` (deployment.job.steps.train.step), and makes the first champion of what was there.
"""

import logging
from typing import TYPE_CHECKING

from brickyard_pipelines import task_values
from brickyard_pipelines.errors import InvalidProject, UnclearVersion
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.project.existing import ExistingModel
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)
_TAKEN_FROM = "taken_from"


def main() -> None:
    """The task's entry point."""
    entry.run("take_model", take_model)


def take_model(settings: StepSettings, project: Project) -> None:
    """Copy the version that is meant, once, and hand the copy on. Errors: InvalidProject, UnclearVersion."""
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    wanted = project.workflow.existing_model
    if wanted is None:
        raise InvalidProject("workflow.existing_model is missing: this step takes the model that it names.")
    version = take(MlflowClient(), wanted, settings.need("model"))
    task_values.hand_on("model_version", version, job_run_id=settings.job_run_id)


def take(client: "MlflowClient", wanted: ExistingModel, model: str) -> str:
    """The copy of that very version; one that is here already is not made again."""
    from brickyard_pipelines.ml.registry import attempts, versions

    if wanted.name == model:
        raise InvalidProject(f"workflow.existing_model.name: {model} is the project's own model; validate its version.")
    source = f"{wanted.name}/{_version(client, wanted)}"
    tag = {_TAKEN_FROM: source}
    uri = f"models:/{source}"

    def known(mine: str | None) -> str | None:
        return next(iter(attempts.copies_of(client, model, uri, tag, mine=mine)), None)

    copy = attempts.copied_once(client, uri, model, known)
    versions.tag(client, model, copy, tag)
    _log.info("%s version %s is a copy of %s", model, copy, source)
    return copy


def _version(client: "MlflowClient", wanted: ExistingModel) -> str:
    """The number of the version that is meant, now. Errors: UnclearVersion."""
    from mlflow.exceptions import MlflowException

    try:
        if wanted.alias is not None:
            return str(client.get_model_version_by_alias(wanted.name, wanted.alias).version)
        return str(client.get_model_version(wanted.name, str(wanted.version)).version)
    except MlflowException as error:
        meant = f"alias {wanted.alias}" if wanted.alias is not None else f"version {wanted.version}"
        raise UnclearVersion(
            f"workflow.existing_model: {wanted.name} has no {meant} that can be read: {error}"
        ) from error
