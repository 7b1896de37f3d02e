"""May this version be deployed? Pure: reads the version's tags, touches nothing."""

from collections.abc import Mapping

from brickyard_pipelines.errors import PromotionRefused


def require_passed(
    tags: Mapping[str, str], *, version: str, job_run_id: str | None, accept_earlier: bool = False
) -> str:
    """Why the version may be deployed.

    Errors: PromotionRefused unless its validation passed, in this job run or by an explicit word.

    >>> passed = {"validation_status": "PASSED", "validated_by_job_run": "7", "validation_reason": "good"}
    >>> require_passed(passed, version="3", job_run_id="7")
    'good'
    >>> require_passed(passed, version="3", job_run_id="8")
    Traceback (most recent call last):
    brickyard_pipelines.errors.PromotionRefused: Version 3 was validated by job run 7, not by 8. Validate it again, ...
    """
    status = tags.get("validation_status")
    if status != "PASSED":
        raise PromotionRefused(
            f"Version {version} has validation_status {status or 'none'}; only PASSED may become champion."
            f" Reason on record: {tags.get('validation_reason', 'none')}."
        )
    validated_by = tags.get("validated_by_job_run")
    if validated_by != (job_run_id or "by hand") and not accept_earlier:
        raise PromotionRefused(
            f"Version {version} was validated by job run {validated_by}, not by {job_run_id or 'hand'}."
            " Validate it again, or give --accept-earlier-validation."
        )
    return tags.get("validation_reason", "")


def record(*, previous: str | None, who: str, why: str, job_run_id: str | None, when: str) -> dict[str, str]:
    """The tags of a promotion: enough to know who, what and why, and to go back."""
    return {
        "previous_champion": previous or "none",
        "promoted_by": who,
        "promoted_at": when,
        "promoted_by_job_run": job_run_id or "by hand",
        "promotion_reason": why,
    }
