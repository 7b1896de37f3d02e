"""Which AI Gateways are kept, and which are refused."""

from typing import Any

import pytest

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.serving.gateway import checked_gateway, refuse_move, table_wanted

TABLE = {"catalog_name": "c", "schema_name": "s", "enabled": True}
LIMIT = {"calls": 1, "renewal_period": "minute"}


def test_a_gateway_is_shown_as_it_was_given() -> None:
    given = {
        "inference_table_config": {**TABLE, "table_name_prefix": "p"},
        "rate_limits": [{**LIMIT, "key": "user"}],
        "usage_tracking_config": {"enabled": False},
    }
    assert checked_gateway(given) == given


def test_the_table_is_named_after_its_prefix_or_the_endpoint() -> None:
    assert table_wanted({"inference_table_config": TABLE}, "e") == ("c", "s", "e_payload")
    assert table_wanted({"inference_table_config": {**TABLE, "table_name_prefix": "p"}}, "e") == ("c", "s", "p_payload")
    assert table_wanted({"inference_table_config": {**TABLE, "enabled": False}}, "e") is None
    assert table_wanted({}, "e") is None


def test_a_table_moves_only_after_it_was_off() -> None:
    on, off = {"inference_table_config": TABLE}, {"inference_table_config": {**TABLE, "enabled": False}}
    other = {"inference_table_config": {**TABLE, "schema_name": "t"}}
    with pytest.raises(InvalidParameter, match="disable inference tables first"):
        refuse_move(on, other, "e")
    for before, after in ((on, on), (on, off), (off, other), ({}, on)):
        refuse_move(before, after, "e")


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ({"guardrails": {"input": {"pii": {"behavior": "BLOCK"}}}}, "guardrails"),
        ({"usage_tracking_config": {"enabled": True}}, "usage_tracking_config"),
        ({"fallback_config": {"enabled": True}}, "fallback_config"),
        ({"rate_limits": [{**LIMIT, "tokens": 5}]}, "tokens"),
        ({"inference_table_config": {**TABLE, "sampling": 0.5}}, "sampling"),
    ],
)
def test_parts_that_would_do_nothing_are_refused_by_name(part: dict[str, Any], named: str) -> None:
    with pytest.raises(NotEmulated, match=named):
        checked_gateway(part)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ([{**LIMIT, "key": "country"}], "country"),
        ([{**LIMIT, "renewal_period": "hour"}], "hour"),
        ([{"renewal_period": "minute"}], "calls"),
        ([{**LIMIT, "calls": -1}], "-1"),
        ([{**LIMIT, "principal": "a"}], "names no principal"),
        ([{**LIMIT, "key": "user_group"}], "must name its principal"),
        ([LIMIT, {**LIMIT, "key": "endpoint"}], "twice"),
        ([{**LIMIT, "key": "user_group", "principal": str(n)} for n in range(6)], "5 of them for groups"),
        ([{**LIMIT, "key": "user", "principal": str(n)} for n in range(21)], "21 limits"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        checked_gateway({"rate_limits": limits})


def test_an_inference_table_needs_a_place() -> None:
    with pytest.raises(InvalidParameter, match="schema_name"):
        checked_gateway({"inference_table_config": {"enabled": True, "catalog_name": "c"}})
