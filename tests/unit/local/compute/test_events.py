"""Pages of events: all of them once, whichever way the client pages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.compute.events import answer
from brickyard_local.compute.payloads import GetEvents
from brickyard_local.errors import InvalidParameter

EVENTS: list[dict[str, Any]] = [
    {"number": number, "cluster_id": "c", "timestamp": 100 + number, "type": "AB"[number % 2], "details": {}}
    for number in range(7)
]


def ask(**more: Any) -> dict[str, Any]:
    return answer(EVENTS, GetEvents(cluster_id="c", **more))


@given(size=st.integers(1, 9), order=st.sampled_from(["ASC", "DESC"]), by_token=st.booleans())
def test_pages_hold_every_event_once_in_order(size: int, order: str, by_token: bool) -> None:
    asked: dict[str, Any] = {"order": order, "page_size" if by_token else "limit": size}
    seen: list[int] = []
    for _ in range(len(EVENTS) + 1):
        got = ask(**asked)
        seen += [event["timestamp"] for event in got.get("events", [])]
        if "next_page" not in got:
            break
        if by_token:
            asked |= {"page_token": got["next_page_token"]}
        else:
            asked = {name: value for name, value in got["next_page"].items() if name != "cluster_id"}
    assert seen == sorted((event["timestamp"] for event in EVENTS), reverse=order == "DESC")


def test_following_next_page_after_a_token_comes_to_an_end() -> None:
    first = ask(page_size=2)
    second = ask(page_size=2, page_token=first["next_page_token"])

    third = answer(EVENTS, GetEvents(**second["next_page"]))

    assert third["events"][0]["timestamp"] == 102


def test_times_and_types_choose() -> None:
    got = ask(start_time=101, end_time=105, event_types=["A"], order="ASC")

    assert [event["timestamp"] for event in got["events"]] == [102, 104]
    assert got["total_count"] == 2


def test_a_made_up_token_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="page_token"):
        ask(page_token="next please")
