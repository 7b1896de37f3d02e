"""Access lost and gained: direct, through groups, by inheritance, and what is overwritten without a word."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from brickyard_review import Review
from brickyard_review.model import AccessChange

Reviewer = Callable[..., Review]


def grants(
    name: str, before: dict[str, list[str]] | None, after: dict[str, list[str]] | None, **securable: str
) -> dict[str, Any]:
    actions = {(True, False): ["create"], (False, True): ["delete"]}.get((before is None, after is None), ["update"])
    if before == after:
        actions = ["no-op"]
    sides = {"before": before, "after": after}
    values = {
        side: None
        if given is None
        else {**securable, "grant": [{"principal": who, "privileges": what} for who, what in given.items()]}
        for side, given in sides.items()
    }
    return {"address": f"databricks_grants.{name}", "actions": actions, **values}


def access(review: Review) -> dict[tuple[str, str, str | None], AccessChange]:
    return {(found.principal, found.securable, found.via): found for found in review.stacks[0].access}


def test_what_a_set_no_longer_lists_is_lost(review: Reviewer) -> None:
    found = access(review(grants("a", {"x": ["SELECT", "MODIFY"], "y": ["SELECT"]}, {"x": ["SELECT"]}, catalog="c")))

    assert found["x", "catalog c", None].lost == ("MODIFY",)
    assert found["y", "catalog c", None].lost == ("SELECT",)


def test_a_privilege_held_on_the_catalog_is_not_lost_with_the_schema(review: Reviewer) -> None:
    found = access(
        review(
            grants("schema", {"x": ["SELECT"]}, {"y": ["SELECT"]}, schema="c.s"),
            grants("catalog", {"x": ["SELECT"]}, {"x": ["SELECT"]}, catalog="c"),
        )
    )

    assert found["x", "schema c.s", None].lost == ()
    assert "catalog c" in (found["x", "schema c.s", None].note or "")


def test_all_privileges_cover_what_is_taken_but_not_manage(review: Reviewer) -> None:
    found = access(review(grants("a", {"x": ["SELECT", "MANAGE"]}, {"x": ["ALL_PRIVILEGES"]}, catalog="c")))

    assert found["x", "catalog c", None].lost == ("MANAGE",)


def test_a_higher_permission_is_no_loss(review: Reviewer) -> None:
    def permissions(level: str) -> dict[str, Any]:
        return {"job_id": "7", "access_control": [{"group_name": "g", "permission_level": level}]}

    change = {"address": "databricks_permissions.a", "actions": ["update"]}
    raised = access(review({**change, "before": permissions("CAN_VIEW"), "after": permissions("CAN_MANAGE")}))
    lowered = access(review({**change, "before": permissions("CAN_MANAGE"), "after": permissions("CAN_VIEW")}))

    assert raised["g", "job 7", None].lost == ()
    assert lowered["g", "job 7", None].lost == ("CAN_MANAGE",)


GROUP = {"id": "1", "display_name": "readers"}
MEMBER = {"group_id": "1", "member_id": "9"}
PEOPLE = [
    {"address": "databricks_group.g", "actions": ["no-op"], "before": GROUP},
    {"address": "databricks_user.u", "actions": ["no-op"], "before": {"id": "9", "user_name": "ada@acme.com"}},
]


def test_leaving_a_group_loses_what_the_group_may_do(review: Reviewer) -> None:
    leaves = {"address": "databricks_group_member.m", "actions": ["delete"], "before": MEMBER}
    found = access(review(*PEOPLE, leaves, grants("c", {"readers": ["SELECT"]}, {"readers": ["SELECT"]}, catalog="c")))

    assert found["ada@acme.com", "group readers", None].lost == ("MEMBER",)
    assert found["ada@acme.com", "catalog c", "member of readers"].lost == ("SELECT",)


def test_a_direct_grant_taken_is_kept_through_a_group(review: Reviewer) -> None:
    stays = {"address": "databricks_group_member.m", "actions": ["no-op"], "before": MEMBER}
    both, one = {"ada@acme.com": ["SELECT"], "readers": ["SELECT"]}, {"readers": ["SELECT"]}
    found = access(review(*PEOPLE, stays, grants("c", both, one, catalog="c")))

    assert found["ada@acme.com", "catalog c", None].lost == ()
    assert "group readers" in (found["ada@acme.com", "catalog c", None].note or "")


def test_members_are_named_where_their_group_loses(review: Reviewer) -> None:
    stays = {"address": "databricks_group_member.m", "actions": ["no-op"], "before": MEMBER}
    found = access(review(*PEOPLE, stays, grants("c", {"readers": ["SELECT"]}, {"x": ["SELECT"]}, catalog="c")))

    assert "ada@acme.com" in (found["readers", "catalog c", None].note or "")


def test_access_that_is_not_known_yet_is_a_gap_and_no_guess(review: Reviewer) -> None:
    change = grants("a", {"x": ["SELECT"]}, {"x": ["SELECT"]}, catalog="c")
    change |= {"actions": ["update"], "after": {"catalog": "c"}, "after_unknown": {"grant": True}}

    stack = review(change).stacks[0]

    assert stack.access == ()
    assert [gap.subject for gap in stack.gaps] == ["databricks_grants.a"]


class Live:
    """Stands in for a workspace."""

    def __init__(self, held: Mapping[str, frozenset[str]] | None) -> None:
        self._held = held

    def held(self, key: str, name: str) -> Mapping[str, frozenset[str]] | None:
        assert (key, name) == ("catalog", "c")
        return self._held


NEW = grants("a", None, {"x": ["SELECT"]}, catalog="c")


def test_creating_a_set_on_what_exists_is_dangerous_unless_it_is_known_to_take_nothing(review: Reviewer) -> None:
    lists = {"x": frozenset({"SELECT", "MODIFY"}), "y": frozenset({"SELECT"})}

    unread, taking, empty = review(NEW), review(NEW, live=Live(lists)), review(NEW, live=Live({}))
    not_readable = review(NEW, live=Live(None))

    assert [made.exit_code for made in (unread, taking, not_readable, empty)] == [2, 2, 2, 0]
    assert taking.stacks[0].overwrites[0].live == ("x: MODIFY", "y: SELECT")
    assert "y: SELECT" in taking.stacks[0].findings[0].message


@pytest.mark.parametrize("action", [["create"], ["delete", "create"]])
def test_a_set_on_what_this_plan_makes_overwrites_nothing(review: Reviewer, action: list[str]) -> None:
    made = {"address": "databricks_catalog.c", "actions": action, "before": {"name": "c"}, "after": {"name": "c"}}

    assert review(NEW, made).stacks[0].overwrites == ()


def test_an_imported_securable_existed_before(review: Reviewer) -> None:
    adopted = {"address": "databricks_catalog.c", "actions": ["update"], "importing": {"id": "c"}}
    adopted |= {"before": {"name": "c", "comment": "a"}, "after": {"name": "c", "comment": "b"}}

    assert len(review(NEW, adopted).stacks[0].overwrites) == 1
