"""May this model be registered and become champion? Pure, and closed unless this very model was judged and passed."""

from collections.abc import Mapping
from typing import Any

from brickyard_pipelines.errors import ValidationRefused
from brickyard_pipelines.finetuning.errors import NotEvaluated
from brickyard_pipelines.finetuning.interpretation.evaluated import SCHEMA
from brickyard_pipelines.finetuning.plan.evaluation import TUNED
from brickyard_pipelines.ml.registry import promotion

NO_CHAMPION = "none"


def require_passed(evaluation: Mapping[str, Any], *, model_sha256: str, criteria_sha256: str, champion: str) -> str:
    """Why the model may be registered. `champion` is the version that serves now, or `none`.

    Errors: NotEvaluated when another model, or one by other criteria or beside another champion, was judged;
    ValidationRefused when it does not meet its criteria.
    """
    facts = evaluation.get("facts", {})
    judged = next((each for each in evaluation.get("candidates", []) if each["name"] == TUNED), None)
    if evaluation.get("schema") != SCHEMA or judged is None:
        raise NotEvaluated(
            "evaluation.json: got none of this release; a model is judged by the release that registers"
            " it. Evaluate it again."
        )
    checks = (
        ("the model", judged["identity"].get("sha256"), model_sha256),
        ("the criteria", facts.get("criteria"), criteria_sha256),
        ("the champion", facts.get("champion", NO_CHAMPION), champion),
    )
    for what, then, now in checks:
        if then != now:
            raise NotEvaluated(
                f"evaluation.json: got {what} {str(then)[:12]}, now it is {now[:12]}; what was judged is what is"
                " registered. Evaluate it again."
            )
    if evaluation.get("passed") is not True:
        raise ValidationRefused(f"The tuned model does not meet its criteria: {evaluation.get('reason')}")
    return str(evaluation["reason"])


def passed_tags(*, model: str, version: str, champion: str, reason: str, job_run_id: str | None) -> dict[str, str]:
    """The tags of a passed validation, as step 03 asks for them."""
    return {
        "validation_status": "PASSED",
        "validation_reason": reason,
        "validated_by_job_run": job_run_id or "by hand",
        promotion.COMPARED_WITH: champion,
        promotion.VALIDATED_AS: f"{model}/{version}",
    }
