"""The columns of a result as the manifest describes them.

Source: databricks-sdk's `service/sql.py` (ColumnInfo, ColumnInfoTypeName);
docs.databricks.com/sql/language-manual/sql-ref-datatypes (names of types).
"""

from typing import Any

from pyspark.sql.types import (
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    YearMonthIntervalType,
)

_NAMES = {
    "tinyint": "BYTE",
    "smallint": "SHORT",
    "int": "INT",
    "bigint": "LONG",
    "void": "NULL",
}
_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType)


def columns(schema: StructType) -> list[dict[str, Any]]:
    """One ColumnInfo per field, in order."""
    return [_column(position, field) for position, field in enumerate(schema.fields)]


def _column(position: int, field: StructField) -> dict[str, Any]:
    kind = field.dataType
    column: dict[str, Any] = {
        "name": field.name,
        "position": position,
        "type_name": type_name(kind),
        "type_text": type_text(kind),
    }
    if isinstance(kind, DecimalType):
        column |= {"type_precision": kind.precision, "type_scale": kind.scale}
    if isinstance(kind, _INTERVALS):
        column["type_interval_type"] = kind.simpleString().upper().removeprefix("INTERVAL ")
    return column


def type_name(kind: DataType) -> str:
    """The name of the base type, e.g. LONG, DECIMAL, ARRAY."""
    if isinstance(kind, _INTERVALS):
        return "INTERVAL"
    plain = kind.simpleString().split("(")[0].split("<")[0].split(" ")[0]
    return _NAMES.get(plain, "STRING" if plain in {"char", "varchar"} else plain.upper())


def type_text(kind: DataType) -> str:
    """The whole type in SQL, e.g. `STRUCT<a: INT, b: ARRAY<STRING>>`."""
    if isinstance(kind, ArrayType):
        return f"ARRAY<{type_text(kind.elementType)}>"
    if isinstance(kind, MapType):
        return f"MAP<{type_text(kind.keyType)}, {type_text(kind.valueType)}>"
    if isinstance(kind, StructType):
        return f"STRUCT<{', '.join(f'{field.name}: {type_text(field.dataType)}' for field in kind.fields)}>"
    return kind.simpleString().upper()
