"""May this version be deployed? Pure: reads the version's tags, touches nothing."""

from collections.abc import Mapping

from brickyard_pipelines.errors import NotApproved, PromotionRefused

COMPARED_WITH = "validated_against_champion"  # the tag that validate writes: a version, or 'none'
VALIDATED_AS = "validated_as"  # model/version, since a copied version brings the tags of its source along
CANARY = "canary_status"
ROLLED_BACK_BY = "rolled_back_by"
APPROVED = "approved"


def require_passed(
    tags: Mapping[str, str],
    *,
    model: str,
    version: str,
    champion: str | None,
    job_run_id: str | None,
    accept_earlier: bool = False,
) -> str:
    """Why the version may be deployed.

    Errors: PromotionRefused unless its validation passed, in this job run or by an explicit word, and compared it
    with the `champion` of now. No word lifts the last one.

    >>> passed = {"validation_status": "PASSED", "validated_by_job_run": "7", "validation_reason": "good"}
    >>> passed |= {COMPARED_WITH: "2", VALIDATED_AS: "m/3"}
    >>> require_passed(passed, model="m", version="3", champion="2", job_run_id="7")
    'good'
    >>> require_passed(passed, model="m", version="3", champion="2", job_run_id="8")
    Traceback (most recent call last):
    brickyard_pipelines.errors.PromotionRefused: Version 3 was validated by job run 7, not by 8. Validate it again, ...
    """
    status, validated_as = tags.get("validation_status"), tags.get(VALIDATED_AS)
    if status != "PASSED":
        raise PromotionRefused(
            f"Version {version} has validation_status {status or 'none'}; only PASSED may become champion."
            f" Reason on record: {tags.get('validation_reason', 'none')}."
        )
    if validated_as != f"{model}/{version}":
        raise PromotionRefused(
            f"The verdict on version {version} is about {validated_as or 'an unnamed version'}, not about"
            f" {model}/{version}: a copy is judged where it is used. Validate it."
        )
    validated_by = tags.get("validated_by_job_run")
    if validated_by != (job_run_id or "by hand") and not accept_earlier:
        raise PromotionRefused(
            f"Version {version} was validated by job run {validated_by}, not by {job_run_id or 'hand'}."
            " Validate it again, or give --accept-earlier-validation."
        )
    _require_same_champion(tags, version, champion)
    _require_not_taken_back(tags, version)
    return tags.get("validation_reason", "")


def require_approved(tags: Mapping[str, str], *, model: str, version: str, key: str) -> str:
    """Whose word lets the version be deployed, as the tag holds it.

    The platform lets only those set a tag who hold APPLY_TAG on the model (or own it). `validate` takes the tag away,
    so that a word counts for the verdict that it was given on.

    Errors: NotApproved, saying how to approve.

    >>> require_approved({"approval": "Approved"}, model="m", version="3", key="approval")
    'Approved'
    """
    said = tags.get(key, "")
    if said.strip().lower() != APPROVED:
        raise NotApproved(
            f"{model} version {version} waits for approval: its tag {key!r} is {said or 'not set'}. Look at its"
            f" validation, set {key}=Approved on the version (this takes APPLY_TAG on the model), and repair this run."
        )
    return said


def record(
    *, previous: str | None, who: str, why: str, job_run_id: str | None, when: str, commit: str
) -> dict[str, str]:
    """The tags of a promotion: enough to know who, what, why and from which commit, and to go back."""
    return {
        "previous_champion": previous or "none",
        "promoted_by": who,
        "promoted_at": when,
        "promoted_by_job_run": job_run_id or "by hand",
        "promoted_from_commit": commit,
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


def _require_not_taken_back(tags: Mapping[str, str], version: str) -> None:
    """A version that people took back does not return because the same job finds it again."""
    if ROLLED_BACK_BY in tags:
        raise PromotionRefused(
            f"Version {version} was taken back by {tags[ROLLED_BACK_BY]}: {tags.get('rollback_reason', 'no reason')}."
            f" Train another one, or bring it back: `brickyard rollback --to {version}`."
        )
