"""validate_tuned: step 02 for a tuned language model: the evaluation that its run keeps → verdict, tags, challenger.

Closed by default, as `validate`: until the verdict is written the version is PENDING, and whatever goes wrong makes it
FAILED. What is judged is the evaluation of this very model, beside the champion of now.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import ValidationRefused
from brickyard_pipelines.finetuning.errors import NotEvaluated
from brickyard_pipelines.finetuning.registration.gate import NO_CHAMPION, passed_tags, require_passed
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.registry import promotion
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("validate_tuned", validate_tuned)


def validate_tuned(settings: StepSettings, project: Project) -> None:
    """Judge one version by its evaluation; the task fails when it is refused.

    Errors: ValidationRefused, NotEvaluated.
    """
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import versions

    del project
    client, model, version = MlflowClient(), settings.need("model"), settings.need("model_version")
    by = {"validated_by_job_run": settings.job_run_id or "by hand"}
    pending = {"validation_status": "PENDING", "validation_reason": "validation has begun", **by}
    versions.tag(client, model, version, pending)
    versions.untag(client, model, version, settings.approval_tag, promotion.CANARY)
    champion = versions.champion(client, model) or NO_CHAMPION
    try:
        reason = judged(client, model, version, champion)
    except Exception as error:
        failed = {"validation_status": "FAILED", "validation_reason": f"{type(error).__name__}: {error}", **by}
        versions.tag(client, model, version, failed)
        versions.challenge(client, model, version, is_challenger=False)
        raise
    passed = passed_tags(model=model, version=version, champion=champion, reason=reason, job_run_id=settings.job_run_id)
    versions.tag(client, model, version, passed)
    versions.challenge(client, model, version, is_challenger=True)
    _log.info("%s version %s: PASSED (%s)", model, version, reason)


def judged(client: "MlflowClient", model: str, version: str, champion: str) -> str:
    """Why the version passes.

    Errors: ValidationRefused, NotEvaluated.
    """
    facts = client.get_model_version(model, version)
    evaluation = _evaluation(str(facts.run_id))
    tags: Mapping[str, str] = facts.tags or {}
    wanted = tags.get("model_sha256", "")
    if not wanted:
        raise ValidationRefused(
            f"{model} version {version} was not registered by `finetuning register`: got no tag"
            " model_sha256, so that nobody can say which model was evaluated. Register it so."
        )
    if champion == version:
        champion = str(evaluation.get("facts", {}).get("champion", NO_CHAMPION))
    criteria = tags.get("criteria_sha256", "")
    return require_passed(evaluation, model_sha256=wanted, criteria_sha256=criteria, champion=champion)


def _evaluation(run_id: str) -> Mapping[str, Any]:
    import mlflow.artifacts
    from mlflow.exceptions import MlflowException

    try:
        found: Mapping[str, Any] = mlflow.artifacts.load_dict(f"runs:/{run_id}/evaluation.json")
    except MlflowException as error:
        raise NotEvaluated(f"run {run_id}: got no evaluation.json ({error}); evaluate it, then register it.") from error
    return found
