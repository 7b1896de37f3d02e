"""Operands of conditions and inputs of loops."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs import conditions, inputs


@pytest.mark.parametrize(
    ("left", "operator", "right", "outcome"),
    [
        ("12.0", "EQUAL_TO", "12", False),
        ("12.0", "NOT_EQUAL", "12", True),
        ("12.0", "GREATER_THAN_OR_EQUAL", "12", True),
        ("10.0", "GREATER_THAN_OR_EQUAL", "12", False),
        ("9", "LESS_THAN", "10", True),
        (" 1e3 ", "LESS_THAN_OR_EQUAL", "1000", True),
        ("true", "EQUAL_TO", "true", True),
        ("0.1", "GREATER_THAN", "0.10", False),
    ],
)
def test_text_is_compared_as_text_and_numbers_as_numbers(left: str, operator: str, right: str, outcome: bool) -> None:
    assert conditions.outcome(operator, left, right) is outcome


@pytest.mark.parametrize("operand", ["", "ten", "NaN", "Infinity", "1,5", "true"])
def test_an_order_needs_numbers(operand: str) -> None:
    with pytest.raises(InvalidParameter, match="compares numbers"):
        conditions.outcome("GREATER_THAN", operand, "1")


@given(st.integers(), st.integers())
def test_whole_numbers_are_compared_exactly(left: int, right: int) -> None:
    assert conditions.outcome("GREATER_THAN", str(left), str(right)) is (left > right)
    assert conditions.outcome("EQUAL_TO", str(left), str(right)) is (left == right)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"op": "LIKE", "left": "1", "right": "1"}, "op of task 'a' is 'LIKE'"),
        ({"op": "EQUAL_TO", "left": 1, "right": "1"}, "'left' of the condition_task 'a' must be text"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(block: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        conditions.check("a", block)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": ""}, "needs 'inputs'"),
        ({"inputs": "{}"}, "must be a JSON array"),
        ({"inputs": json.dumps([0] * 5001)}, "have 5001 entries"),
        ({"concurrency": 0}, "must be 1 to 100"),
        ({"concurrency": 101}, "must be 1 to 100"),
        ({"task": None}, "needs the 'task'"),
        ({"task": {"for_each_task": {"inputs": "[]"}}}, "cannot have 'for_each_task'"),
        ({"task": {"depends_on": [{"task_key": "b"}]}}, "cannot have 'depends_on'"),
    ],
)
def test_a_loop_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        inputs.check("a", {"inputs": "[1]", "task": {"task_key": "b"}, **change})
