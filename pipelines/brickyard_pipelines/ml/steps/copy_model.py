"""copy_model: the champion of the environment before → a version here, byte for byte the same."""

import logging

from brickyard_pipelines import task_values
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("copy_model", copy_model)


def copy_model(settings: StepSettings, _project: Project) -> None:
    """Copy up, verify, and hand on the version; a copy that is here already is verified and handed on.

    Errors: CannotCopyModel.
    """
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import copies

    client = MlflowClient()
    source = copies.approved_source(client, settings.need("source_model"))
    version = copies.copy(client, source, settings.need("model"), settings.approval_tag)
    _log.info("%s version %s is %s, byte for byte", settings.model, version, source.name)
    task_values.hand_on("model_version", version, job_run_id=settings.job_run_id)
