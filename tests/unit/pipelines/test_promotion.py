from typing import Any

import pytest

from brickyard_pipelines.errors import PromotionRefused
from brickyard_pipelines.ml.registry import promotion
from brickyard_pipelines.ml.registry.promotion import record

PASSED = {
    "validation_status": "PASSED",
    "validated_by_job_run": "17",
    "validation_reason": "roc_auc 0.72",
    "validated_against_champion": "2",
    "validated_as": "m/3",
}


def require_passed(tags: dict[str, str], **more: Any) -> str:
    return promotion.require_passed(tags, model="m", **more)


def test_a_version_that_passed_in_this_job_run_may_be_deployed() -> None:
    assert require_passed(PASSED, version="3", champion="2", job_run_id="17") == "roc_auc 0.72"


@pytest.mark.parametrize("status", ["FAILED", "PENDING", "passed", "", None])
def test_anything_but_passed_is_refused(status: str | None) -> None:
    tags = {key: value for key, value in PASSED.items() if key != "validation_status"}
    tags |= {} if status is None else {"validation_status": status}
    with pytest.raises(PromotionRefused, match="only PASSED may become champion"):
        require_passed(tags, version="3", champion="2", job_run_id="17", accept_earlier=True)


def test_another_job_runs_validation_needs_an_explicit_word() -> None:
    with pytest.raises(PromotionRefused, match="validated by job run 17, not by 18"):
        require_passed(PASSED, version="3", champion="2", job_run_id="18")
    assert require_passed(PASSED, version="3", champion="2", job_run_id="18", accept_earlier=True)


def test_by_hand_a_jobs_validation_needs_an_explicit_word_too() -> None:
    with pytest.raises(PromotionRefused):
        require_passed(PASSED, version="3", champion="2", job_run_id=None)
    by_hand = PASSED | {"validated_by_job_run": "by hand"}
    assert require_passed(by_hand, version="3", champion="2", job_run_id=None)


@pytest.mark.parametrize("accept_earlier", [False, True])
@pytest.mark.parametrize(
    ("compared", "champion"), [("2", "4"), ("2", None), ("none", "2"), (None, "2"), (None, None), ("", None)]
)
def test_a_champion_that_moved_since_validation_refuses_whatever_the_word(
    compared: str | None, champion: str | None, accept_earlier: bool
) -> None:
    tags = {key: value for key, value in PASSED.items() if key != "validated_against_champion"}
    tags |= {} if compared is None else {"validated_against_champion": compared}
    with pytest.raises(PromotionRefused, match=r"was compared with champion .* now\. Validate it again"):
        require_passed(tags, version="3", champion=champion, job_run_id="17", accept_earlier=accept_earlier)


def test_the_first_version_of_all_was_compared_with_none() -> None:
    first = PASSED | {"validated_against_champion": "none"}
    assert require_passed(first, version="3", champion=None, job_run_id="17")


def test_a_version_that_became_champion_since_may_be_deployed_again() -> None:
    assert require_passed(PASSED, version="3", champion="3", job_run_id="17")


def test_a_promotion_records_who_when_why_from_which_commit_and_what_was_before() -> None:
    given: dict[str, Any] = {
        "who": "ann",
        "why": "better",
        "job_run_id": "17",
        "when": "2026-01-01T00:00:00+00:00",
        "commit": "c0ffee",
    }
    tags = record(previous="2", **given)
    assert tags == {
        "previous_champion": "2",
        "promoted_by": "ann",
        "promoted_at": "2026-01-01T00:00:00+00:00",
        "promoted_by_job_run": "17",
        "promoted_from_commit": "c0ffee",
        "promotion_reason": "better",
    }
    first = record(previous=None, **(given | {"job_run_id": None}))
    assert (first["previous_champion"], first["promoted_by_job_run"]) == ("none", "by hand")
