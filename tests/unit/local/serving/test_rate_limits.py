"""Which limit holds for whom, and for how long."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import TooManyRequests
from brickyard_local.serving.rate_limits import RateLimiter

WORKSPACE = Workspace(name="w", workspace_id=1, port=1)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def caller(principal: str, *groups: str) -> Caller:
    return Caller(principal=principal, groups=frozenset(groups), is_admin=False, workspace=WORKSPACE)


def limit(calls: int, key: str = "endpoint", principal: str | None = None) -> dict[str, Any]:
    return {"calls": calls, "key": key, "renewal_period": "minute", "principal": principal}


def let_in(limiter: RateLimiter, limits: list[dict[str, Any]], who: Caller, tries: int = 10) -> int:
    admitted = 0
    for _ in range(tries):
        try:
            limiter.admit("e", limits, who)
        except TooManyRequests:
            continue
        admitted += 1
    return admitted


def test_the_endpoints_limit_is_shared_by_all() -> None:
    limiter = RateLimiter()
    assert let_in(limiter, [limit(3)], caller("a")) == 3
    assert let_in(limiter, [limit(3)], caller("b")) == 0


def test_the_default_of_users_is_each_users_own() -> None:
    limiter, limits = RateLimiter(), [limit(2, "user")]
    assert let_in(limiter, limits, caller("a")) == 2
    assert let_in(limiter, limits, caller("b")) == 2


def test_a_limit_of_ones_own_goes_before_groups_and_default() -> None:
    limits = [limit(1, "user"), limit(2, "user_group", "g"), limit(4, "user", "a"), limit(5, "service_principal", "sp")]
    limiter = RateLimiter()
    assert let_in(limiter, limits, caller("a", "g")) == 4
    assert let_in(limiter, limits, caller("sp", "g")) == 5
    assert let_in(limiter, limits, caller("b", "g")) == 2
    assert let_in(limiter, limits, caller("c", "g")) == 0, "a group's limit is shared by its members"
    assert let_in(limiter, limits, caller("d")) == 1


def test_of_several_groups_one_with_room_is_enough() -> None:
    limits = [limit(2, "user_group", "g"), limit(3, "user_group", "h")]
    assert let_in(RateLimiter(), limits, caller("a", "g", "h")) == 5


def test_no_limit_of_ones_own_lifts_that_of_the_endpoint() -> None:
    assert let_in(RateLimiter(), [limit(2), limit(9, "user", "a")], caller("a")) == 2


def test_a_call_counts_for_a_minute_and_the_refusal_says_when_to_come_back() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    limiter.admit("e", [limit(1)], caller("a"))
    clock.now += 20
    with pytest.raises(TooManyRequests, match="1 calls per minute") as refused:
        limiter.admit("e", [limit(1)], caller("a"))
    assert refused.value.retry_after_s == 40
    clock.now += 40
    limiter.admit("e", [limit(1)], caller("a"))


def test_a_limit_of_none_closes_the_endpoint() -> None:
    assert let_in(RateLimiter(), [limit(0)], caller("a")) == 0


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5))
def test_no_minute_ever_has_more_calls_than_the_limit(pauses: list[float], calls: int) -> None:
    clock, admitted = Clock(), []
    limiter = RateLimiter(clock)
    for pause in pauses:
        clock.now += pause
        try:
            limiter.admit("e", [limit(calls)], caller("a"))
        except TooManyRequests:
            continue
        admitted.append(clock.now)
    for begin in admitted:
        assert sum(begin <= at < begin + 60 for at in admitted) <= calls
