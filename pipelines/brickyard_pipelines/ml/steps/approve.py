"""approve: fails until somebody with the right has said on the version that it may be deployed.

Then its run is repaired, and goes on.

Source: docs.databricks.com/aws/en/mlflow/deployment-job (approval by a tag of the version)
"""

import logging
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.registry import promotion
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("approve", approve)


def approve(settings: StepSettings, _project: Project) -> None:
    """Go on when the version is approved.

    Errors: NotApproved.
    """
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    said = approval(MlflowClient(), settings)
    _log.info("%s version %s: %s", settings.model, settings.model_version, said)


def approval(client: "MlflowClient", settings: StepSettings) -> str:
    """The word on the version. Errors: NotApproved."""
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    model, version = settings.need("model"), settings.need("model_version")
    tags = versions.find(client, model, version).tags
    return promotion.require_approved(tags, model=model, version=version, key=settings.approval_tag)
