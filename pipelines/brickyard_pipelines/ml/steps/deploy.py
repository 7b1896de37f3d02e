"""deploy: a version that passed validation → alias champion → the serving endpoint, if there is one."""

import datetime as dt
import logging
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.registry import endpoints, promotion
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("deploy", deploy)


def deploy(settings: StepSettings, project: Project) -> None:
    """Promote one version, or refuse; running it again changes nothing.

    Errors: PromotionRefused.
    """
    from databricks.sdk import WorkspaceClient  # seconds of imports that tests do not need
    from mlflow import MlflowClient

    client, workspace = MlflowClient(), WorkspaceClient()
    version = settings.need("model_version")
    why = allowed(client, settings)
    promote(client, workspace, settings, version, why)
    moved = endpoints.move(workspace.serving_endpoints, settings.need("endpoint"), settings.need("model"), version)
    _log.info("%s: %s", project.name, moved.said)


def allowed(client: "MlflowClient", settings: StepSettings) -> str:
    """Why the version may be promoted.

    Errors: PromotionRefused.
    """
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    model, version = settings.need("model"), settings.need("model_version")
    return promotion.require_passed(
        versions.find(client, model, version).tags,
        version=version,
        champion=versions.champion(client, model),
        job_run_id=settings.job_run_id,
        accept_earlier=settings.accept_earlier_validation,
    )


def promote(
    client: "MlflowClient", workspace: "WorkspaceClient", settings: StepSettings, version: str, why: str
) -> None:
    """Write down who, what and why, then move the alias."""
    from brickyard_pipelines.ml.registry import versions  # loads mlflow

    model = settings.need("model")
    previous = versions.champion(client, model)
    if previous == version:
        _log.info("%s version %s is champion already", model, version)
        return
    tags = promotion.record(
        previous=previous,
        who=str(workspace.current_user.me().user_name),
        why=why,
        job_run_id=settings.job_run_id,
        when=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )
    versions.tag(client, model, version, tags)
    client.set_registered_model_alias(model, versions.CHAMPION, version)
    _log.info("%s: champion is version %s now, was %s", model, version, previous or "none")
