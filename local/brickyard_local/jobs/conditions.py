"""The If/else condition: two operands, an operator, an outcome. Pure: no I/O.

Source: docs.databricks.com/jobs/if-else: EQUAL_TO and NOT_EQUAL compare strings (`12.0` is not `12`), the others
compare numbers; task values other than numbers, strings and booleans fail the task.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from brickyard_local.errors import InvalidParameter

_OF_STRINGS: Mapping[str, Callable[[str, str], bool]] = {
    "EQUAL_TO": lambda left, right: left == right,
    "NOT_EQUAL": lambda left, right: left != right,
}
_OF_NUMBERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "GREATER_THAN": lambda left, right: left > right,
    "GREATER_THAN_OR_EQUAL": lambda left, right: left >= right,
    "LESS_THAN": lambda left, right: left < right,
    "LESS_THAN_OR_EQUAL": lambda left, right: left <= right,
}
OPERATORS = (*_OF_STRINGS, *_OF_NUMBERS)


def check(key: str, condition: Mapping[str, Any]) -> None:
    """Errors: InvalidParameter."""
    if condition.get("op") not in OPERATORS:
        raise InvalidParameter(f"op of task '{key}' is {condition.get('op')!r}; one of {', '.join(OPERATORS)}.")
    for side in ("left", "right"):
        if not isinstance(condition.get(side), str):
            raise InvalidParameter(f"'{side}' of the condition_task '{key}' must be text; got {condition.get(side)!r}.")


def outcome(operator: str, left: str, right: str) -> bool:
    """What the comparison gives. Errors: InvalidParameter for an operand that should be a number and is none.

    >>> outcome("EQUAL_TO", "12.0", "12"), outcome("GREATER_THAN_OR_EQUAL", "12.0", "12")
    (False, True)
    """
    if operator in _OF_STRINGS:
        return _OF_STRINGS[operator](left, right)
    return _OF_NUMBERS[operator](_number(left, operator), _number(right, operator))


def _number(operand: str, operator: str) -> Decimal:
    try:
        number = Decimal(operand.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidParameter(f"{operator} compares numbers, and '{operand}' is none. EQUAL_TO compares text.")
    return number
