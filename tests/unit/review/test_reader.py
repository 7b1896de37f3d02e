"""A plan is read whole and in its documented form, or no verdict is given."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from brickyard_review import Review, Verdict
from brickyard_review.rule_examples import plan_of

JOB = {"address": "databricks_job.a", "actions": ["update"], "before": {"name": "a"}, "after": {"name": "b"}}
Reviewer = Callable[..., Review]


def plan(**changes: Any) -> dict[str, Any]:
    return {**plan_of({"resource_changes": [JOB]}), **changes}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"format_version": "2.0"}, "format_version is 2.0"),
        ({"format_version": "0.2"}, "format_version is 0.2"),
        ({"format_version": 1}, "another form"),
        ({"errored": True}, "ended with an error"),
        ({"complete": False}, "incomplete"),
        ({"complete": "false"}, "complete"),
        ({"resource_changes": {}}, "documented form"),
        ({"resource_changes": [7]}, "documented form"),
        ({"resource_changes": [{"type": "a", "change": {"actions": ["create"]}}]}, "no address"),
        ({"resource_changes": [{"address": "a.b", "type": "a"}]}, "no object"),
        ({"resource_changes": [{"address": "a.b", "type": "a", "change": {"actions": ["explode"]}}]}, "does not know"),
        ({"configuration": []}, "configuration"),
    ],
)
def test_what_cannot_be_judged_is_blocked_with_status_3(
    review_bytes: Reviewer, changed: dict[str, Any], says: str
) -> None:
    review = review_bytes(json.dumps(plan(**changed)).encode())

    assert review.exit_code == 3
    assert review.verdict is Verdict.BLOCKED
    assert says in review.stacks[0].undecided[0].reason


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format_version": "1.2"},
        {"format_version": "1.0", "values": {"root_module": {}}, "planned_values": {}},
        {"format_version": "1.0", "terraform_version": "1.11.4", "values": {}},
    ],
)
def test_json_that_is_no_plan_is_not_passed(review_bytes: Reviewer, document: dict[str, Any]) -> None:
    assert review_bytes(json.dumps(document).encode()).exit_code == 3


def test_no_plan_at_all_is_no_pass(review_bytes: Reviewer) -> None:
    assert review_bytes().exit_code == 3


def test_one_stack_that_is_not_decided_decides_for_all(review_bytes: Reviewer) -> None:
    review = review_bytes(json.dumps(plan()).encode(), b"{")

    assert review.exit_code == 3
    assert [stack.verdict for stack in review.stacks] == [Verdict.BLOCKED, Verdict.ROUTINE]


def test_a_plan_without_changes_says_so(review_bytes: Reviewer) -> None:
    review = review_bytes(json.dumps(plan(resource_changes=[])).encode())

    assert (review.exit_code, review.verdict) == (0, Verdict.NO_CHANGE)


def test_values_without_marks_are_hidden_and_the_gap_is_said(review_bytes: Reviewer) -> None:
    document = plan()
    for mark in ("before_sensitive", "after_sensitive"):
        del document["resource_changes"][0]["change"][mark]

    stack = review_bytes(json.dumps(document).encode()).stacks[0]

    assert {attribute.after.text for attribute in stack.changes[0].attributes} == {"(sensitive)"}
    assert "no marks" in stack.gaps[0].message


def test_sections_that_nobody_knows_are_a_gap(review_bytes: Reviewer) -> None:
    stack = review_bytes(json.dumps(plan(something_new=[{"address": "x.y"}])).encode()).stacks[0]

    assert [gap.subject for gap in stack.gaps] == ["something_new"]


def test_actions_that_an_apply_would_invoke_are_no_pass(review_bytes: Reviewer) -> None:
    """Terraform 1.14 plans what is run besides resources: such a plan may change no resource at all."""
    document = {**plan(), "resource_changes": [], "action_invocations": [{"address": "action.x.y"}]}

    review = review_bytes(json.dumps(document).encode())

    assert (review.exit_code, review.verdict) == (3, "blocked")
    assert "action_invocations" in review.headline


def test_sensitive_root_variables_are_hidden_where_they_went(review_bytes: Reviewer) -> None:
    document = plan(variables={"pw": {"value": "planted-root"}})
    document["configuration"] = {"root_module": {"variables": {"pw": {"sensitive": True}}}}
    document["resource_changes"][0]["change"]["after"]["description"] = "uses planted-root"

    assert "planted" not in repr(review_bytes(json.dumps(document).encode()))


def test_keys_may_come_in_any_order(review_bytes: Reviewer, real_plans: dict[str, bytes]) -> None:
    document = json.loads(real_plans["dangerous"])
    backwards = json.dumps(dict(reversed(document.items()))).encode()

    assert review_bytes(backwards) == review_bytes(real_plans["dangerous"])
