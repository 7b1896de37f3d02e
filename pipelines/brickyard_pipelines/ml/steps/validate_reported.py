"""validate_reported: the metrics that the team's own training logged, against the bar of project.yaml → verdict, tags.

Closed by default, as `validate`; and the verdict says that it judged what was reported, not rows. What was reported is
kept on the version, since a copy of it is judged in another workspace, where its run is not.
"""

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import BrokenContract, InvalidProject, ValidationRefused
from brickyard_pipelines.ml.evaluation import gate
from brickyard_pipelines.ml.evaluation.verdict import Verdict
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.project.wrapped import Wrapped
from brickyard_pipelines.ml.registry import promotion
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)
REPORTED = "reported_metrics"  # a version's tag: the metrics that were judged, as JSON


def main() -> None:
    """The task's entry point."""
    entry.run("validate_reported", validate_reported)


def validate_reported(settings: StepSettings, project: Project) -> None:
    """Judge one version by its run's metrics; the task fails when it is refused.

    Errors: ValidationRefused, BrokenContract, InvalidProject.
    """
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import versions

    client, model, version = MlflowClient(), settings.need("model"), settings.need("model_version")
    versions.tag(client, model, version, status(settings, "PENDING", "validation has begun"))
    # Words on an earlier verdict are none on this one.
    versions.untag(client, model, version, settings.approval_tag, promotion.CANARY)
    try:
        verdict = judge(client, settings, project)
    except Exception as error:
        versions.tag(client, model, version, status(settings, "FAILED", f"error: {type(error).__name__}: {error}"))
        versions.challenge(client, model, version, is_challenger=False)
        raise
    word = "PASSED" if verdict.passed else "FAILED"
    compared = {
        promotion.COMPARED_WITH: versions.champion(client, model) or "none",
        promotion.VALIDATED_AS: f"{model}/{version}",
    }
    reason = f"as its own training reported: {verdict.reason}"
    versions.tag(client, model, version, {**status(settings, word, reason), **compared})
    versions.challenge(client, model, version, is_challenger=verdict.passed)
    _log.info("%s version %s: %s (%s)", model, version, word, reason)
    if not verdict.passed:
        raise ValidationRefused(f"{model} version {version} does not pass: {reason}.")


def judge(client: "MlflowClient", settings: StepSettings, project: Project) -> Verdict:
    """The run's metrics against the thresholds, and its model loaded as an endpoint would load it."""
    import mlflow.pyfunc

    declared = project.workflow
    if not isinstance(declared, Wrapped):
        raise InvalidProject("workflow.reported is missing: this step judges what a training reported of itself.")
    from brickyard_pipelines.ml.registry import versions

    model, version = settings.need("model"), settings.need("model_version")
    thresholds = declared.reported.thresholds
    reported = metrics_of(client, model, version)
    kept = {name: reported[name] for name in thresholds if name in reported}
    versions.tag(client, model, version, {REPORTED: json.dumps(kept)})
    try:
        mlflow.pyfunc.load_model(f"models:/{model}/{version}")
    except Exception as error:
        raise BrokenContract(f"{model} version {version} does not load: {type(error).__name__}: {error}") from error
    return gate.judge_reported(thresholds, reported)


def metrics_of(client: "MlflowClient", model: str, version: str) -> Mapping[str, float]:
    """What the version's run logged; of a verified copy, whose run is elsewhere, what its source's verdict kept.

    Errors: BrokenContract when neither says anything.
    """
    from brickyard_pipelines.ml.registry import candidates, copies

    facts = client.get_model_version(model, version)
    run = candidates.find_run(client, facts)
    if run is not None:
        found: Mapping[str, float] = run.data.metrics
        return found
    tags = facts.tags or {}
    if tags.get(copies.COPIED_AS) == f"{model}/{version}" and REPORTED in tags:
        kept: dict[str, float] = json.loads(tags[REPORTED])
        return kept
    raise BrokenContract(
        f"{model} version {version}: its run cannot be read in this workspace, and it is no verified copy whose tag"
        f" {REPORTED} says what its training reported. Train it here, or copy a version that validate_reported judged."
    )


def status(settings: StepSettings, word: str, reason: str) -> dict[str, str]:
    """The tags of a verdict."""
    return {
        "validation_status": word,
        "validation_reason": reason,
        "validated_by_job_run": settings.job_run_id or "by hand",
    }
