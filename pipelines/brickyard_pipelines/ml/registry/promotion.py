"""May this version be deployed? Pure: reads the version's tags, touches nothing."""

from collections.abc import Mapping

from brickyard_pipelines.errors import PromotionRefused

COMPARED_WITH = "validated_against_champion"  # the tag that validate writes: a version, or 'none'


def require_passed(
    tags: Mapping[str, str],
    *,
    version: str,
    champion: str | None,
    job_run_id: str | None,
    accept_earlier: bool = False,
) -> str:
    """Why the version may be deployed.

    Errors: PromotionRefused unless its validation passed, in this job run or by an explicit word, and compared it
    with the `champion` of now. No word lifts the last one.

    >>> passed = {"validation_status": "PASSED", "validated_by_job_run": "7", "validation_reason": "good"}
    >>> passed[COMPARED_WITH] = "2"
    >>> require_passed(passed, version="3", champion="2", job_run_id="7")
    'good'
    >>> require_passed(passed, version="3", champion="2", job_run_id="8")
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
    _require_same_champion(tags, version, champion)
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


def _require_same_champion(tags: Mapping[str, str], version: str, champion: str | None) -> None:
    compared, now = tags.get(COMPARED_WITH), champion or "none"
    if compared == now or champion == version:  # the champion itself: a repeated deploy changes nothing
        return
    raise PromotionRefused(
        f"Version {version} was compared with champion {compared or 'unknown'}, the champion is {now} now."
        " Validate it again."
    )
