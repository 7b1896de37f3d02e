"""Values of a result as strings, in the way of the JSON_ARRAY and CSV formats.

Dates and timestamps are ISO 8601 (timestamps in UTC, with milliseconds), binaries base64, arrays, maps and structs
JSON. Deviation: how Databricks writes values nested in arrays, maps and structs is not documented; here they are JSON
numbers, booleans and strings.
Source: the examples of docs.databricks.com/dev-tools/sql-execution-tutorial.
"""

import base64
import json
import math
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pyspark.sql.types import (
    ArrayType,
    DataType,
    DayTimeIntervalType,
    FloatType,
    MapType,
    NullType,
    NumericType,
    StructType,
    YearMonthIntervalType,
)

Render = Callable[[Any], str]
_PLAIN_LOW, _PLAIN_HIGH = 1e-3, 1e7


def shown_by_spark(kind: DataType) -> bool:
    """Whether Spark has to make the string, since Arrow's value does not tell it."""
    odd = isinstance(kind, DayTimeIntervalType | YearMonthIntervalType)
    return odd or kind.typeName() in {"variant", "interval", "geometry", "geography", "time"}


def renderer(kind: DataType) -> Render:
    """A function from a value that is not null to its string."""
    if isinstance(kind, ArrayType | MapType | StructType):
        return lambda value: json.dumps(plain(value, kind), ensure_ascii=False, separators=(",", ":"))
    return _float if isinstance(kind, FloatType) else text


def text(value: Any) -> str:  # noqa: PLR0911 - one line per type
    """A scalar.

    >>> text(datetime(2024, 1, 2, 3, 4, 5))
    '2024-01-02T03:04:05.000'
    >>> text(12345678.5), text(0.5), text(True), text(Decimal("1E+3"))
    ('1.23456785E7', '0.5', 'true', '1000')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return _timestamp(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    return str(value)


def plain(value: Any, kind: DataType) -> Any:  # noqa: PLR0911 - as above
    """A value inside an array, map or struct as JSON has it."""
    if value is None or isinstance(kind, NullType):
        return None
    if isinstance(kind, ArrayType):
        return [plain(each, kind.elementType) for each in value]
    if isinstance(kind, MapType):
        pairs = value.items() if isinstance(value, dict) else value
        return {_key(key, kind.keyType): plain(each, kind.valueType) for key, each in pairs}
    if isinstance(kind, StructType):
        return {field.name: plain(value[field.name], field.dataType) for field in kind.fields}
    if isinstance(value, bool | str):
        return value
    if isinstance(kind, NumericType) and not _is_special(value):
        return float(value) if isinstance(value, Decimal) else value
    return text(value)


def _key(key: Any, kind: DataType) -> str:
    found = plain(key, kind)
    return found if isinstance(found, str) else json.dumps(found)


def _is_special(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _float(value: float) -> str:
    """The shortest digits that make the 32 bits, not those of the 64 that Python has."""
    import numpy as np  # comes with Arrow

    return _double(float(str(np.float32(value))))


def _double(value: float) -> str:
    """As Java writes a double, since that is what clients of Databricks read."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _PLAIN_LOW <= abs(value) < _PLAIN_HIGH:
        return format(Decimal(repr(value)), "f") if "e" in repr(value) else repr(value)
    digits = Decimal(repr(value)).normalize()
    sign, figures, exponent = digits.as_tuple()
    whole = "".join(map(str, figures))
    power = int(exponent) + len(whole) - 1
    return f"{'-' if sign else ''}{whole[0]}.{whole[1:] or '0'}E{power}"


def _timestamp(value: datetime) -> str:
    precision = "milliseconds" if value.microsecond % 1000 == 0 else "microseconds"
    moment = value.replace(tzinfo=None).isoformat(timespec=precision)
    return f"{moment}Z" if value.tzinfo is not None else moment
