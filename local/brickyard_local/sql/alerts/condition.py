"""Whether a result meets an alert's condition. Pure: no I/O.

Values are compared as numbers when both are, else as booleans or text. NULLs are left out of aggregations, as in SQL.
Source: databricks-sdk's `service/sql.py` (AlertV2Evaluation); docs.databricks.com/sql/user/alerts.
"""

import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

OK, TRIGGERED, ERROR, UNKNOWN = "OK", "TRIGGERED", "ERROR", "UNKNOWN"

Scalar = Decimal | bool | str | None
Row = Sequence[str | None]

_NUMBERS = frozenset({"BYTE", "SHORT", "INT", "LONG", "FLOAT", "DOUBLE", "DECIMAL"})
_NOT_FINITE = "The result holds NaN or Infinity, which is not compared or aggregated here."
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}


class CannotEvaluate(ValueError):
    """Raised when a result does not have what the condition asks for."""


def state(evaluation: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> str:
    """OK, TRIGGERED, or what an empty result is said to be. Errors: CannotEvaluate."""
    if not rows and evaluation["source"].get("aggregation") not in {"COUNT", "COUNT_DISTINCT"}:
        return str(evaluation.get("empty_result_state") or UNKNOWN)
    try:
        value = operand(evaluation["source"], columns, rows)
        return TRIGGERED if _holds(evaluation, value, columns, rows) else OK
    except ArithmeticError as error:
        raise CannotEvaluate(_NOT_FINITE) from error


def operand(source: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scalar:
    """The value of a column: of its first row, or aggregated. Errors: CannotEvaluate."""
    names = [str(column["name"]).lower() for column in columns]
    if source["name"].lower() not in names:
        raise CannotEvaluate(f"The result has no column '{source['name']}'; it has {', '.join(names) or 'none'}.")
    at = names.index(source["name"].lower())
    values = [_scalar(row[at], columns[at]["type_name"]) for row in rows]
    aggregation = source.get("aggregation")
    if aggregation is None:
        return values[0] if values else None
    return _aggregated(aggregation, [value for value in values if value is not None])


def _holds(
    evaluation: Mapping[str, Any], value: Scalar, columns: Sequence[Mapping[str, Any]], rows: Sequence[Row]
) -> bool:
    name = evaluation["comparison_operator"]
    if name in {"IS_NULL", "IS_NOT_NULL"}:
        return bool((value is None) == (name == "IS_NULL"))
    threshold = evaluation["threshold"]
    column = threshold.get("column")
    limit = operand(column, columns, rows) if column else _constant(threshold["value"])
    if value is None or limit is None:
        return False
    left, right = _comparable(value, limit)
    return bool(_COMPARE[name](left, right))


def _constant(value: Mapping[str, Any]) -> Scalar:
    for field, read in (("double_value", lambda each: Decimal(str(each))), ("bool_value", bool), ("string_value", str)):
        if value.get(field) is not None:
            found: Scalar = read(value[field])
            return found
    raise CannotEvaluate("The threshold has no value: give one of double_value, bool_value, string_value.")


def _comparable(value: Scalar, limit: Scalar) -> tuple[Any, Any]:
    """Of one kind: numbers, else booleans, else text."""
    if isinstance(value, bool) and isinstance(limit, bool):
        return value, limit
    numbers = _number(value), _number(limit)
    if None not in numbers:
        return numbers
    return _plain(value), _plain(limit)


def _number(value: Scalar) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return value if isinstance(value, Decimal) else Decimal(value)
    except InvalidOperation:
        return None


def _plain(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(value: str | None, type_name: str) -> Scalar:
    if value is None:
        return None
    if type_name in _NUMBERS:
        return Decimal(value)
    return value == "true" if type_name == "BOOLEAN" else value


def _aggregated(aggregation: str, values: Sequence[Any]) -> Scalar:
    if aggregation == "COUNT":
        return Decimal(len(values))
    if aggregation == "COUNT_DISTINCT":
        return Decimal(len(set(values)))
    if not values:
        return None
    if any(isinstance(value, Decimal) and not value.is_finite() for value in values):
        raise CannotEvaluate(_NOT_FINITE)
    if aggregation in {"MIN", "MAX"}:
        found: Scalar = min(values) if aggregation == "MIN" else max(values)
        return found
    if not all(isinstance(value, Decimal) for value in values):
        raise CannotEvaluate(f"{aggregation} needs a column of numbers.")
    return _of_numbers(aggregation, values)


def _of_numbers(aggregation: str, values: Sequence[Decimal]) -> Scalar:
    if aggregation == "STDDEV":
        return statistics.stdev(values) if len(values) > 1 else None
    if aggregation == "SUM":
        return Decimal(sum(values))
    return Decimal(statistics.mean(values) if aggregation == "AVG" else statistics.median(values))
