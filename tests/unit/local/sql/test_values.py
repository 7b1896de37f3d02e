"""Values as strings."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    FloatType,
    IntegerType,
    MapType,
    StringType,
    StructType,
)

from brickyard_local.sql.engine.columns import type_text
from brickyard_local.sql.engine.formats import encoded
from brickyard_local.sql.engine.values import renderer, text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_read_back_as_it_was(value: float) -> None:
    assert float(text(value)) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, "1.0"),
        (1e7, "1.0E7"),
        (-0.00012, "-1.2E-4"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "2024-01-02T03:04:05.000Z"),
        (
            datetime(2024, 1, 2, 3, 4, 5, 1),  # noqa: DTZ001 - TIMESTAMP_NTZ
            "2024-01-02T03:04:05.000001",
        ),
        (b"\x00\xff", "AP8="),
        (True, "true"),
    ],
)
def test_scalars(value: Any, expected: str) -> None:
    assert text(value) == expected


def test_a_float_has_the_digits_of_its_32_bits() -> None:
    assert renderer(FloatType())(0.10000000149011612) == "0.1"


ROW = StructType().add("d", DateType()).add("b", BinaryType()).add("n", DecimalType(3, 1))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ArrayType(IntegerType()), [1, None], "[1,null]"),
        (MapType(IntegerType(), StringType()), [(1, "a")], '{"1":"a"}'),
        (ROW, {"d": date(2024, 1, 2), "b": b"x", "n": Decimal("1.5")}, '{"d":"2024-01-02","b":"eA==","n":1.5}'),
        (ArrayType(StructType().add("x", BooleanType())), [{"x": True}], '[{"x":true}]'),
    ],
)
def test_nested_values_are_json(kind: DataType, value: Any, expected: str) -> None:
    assert renderer(kind)(value) == expected


def test_types_are_written_as_in_sql() -> None:
    kind = StructType().add("a", IntegerType()).add("b", ArrayType(MapType(StringType(), DecimalType(10, 2))))

    assert type_text(kind) == "STRUCT<a: INT, b: ARRAY<MAP<STRING, DECIMAL(10,2)>>>"


def test_csv_quotes_what_it_must() -> None:
    assert encoded([['a"b', "c,d"], [None, "x"]], format_="CSV", header=None) == b'"a""b","c,d"\r\nnull,x\r\n'
