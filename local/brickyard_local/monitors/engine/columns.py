"""What is computed of a column follows from its type."""

from dataclasses import dataclass
from typing import Literal

from pyspark.sql.types import (
    BooleanType,
    CharType,
    DataType,
    DateType,
    NumericType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    VarcharType,
)

Kind = Literal["number", "moment", "item", "other"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of the monitored table: `item` is a string or boolean, of `other` only nulls are counted."""

    name: str
    kind: Kind
    data_type: str

    @property
    def quoted(self) -> str:
        return quoted(self.name)

    @property
    def is_text(self) -> bool:
        return self.kind == "item" and self.data_type != "boolean"

    def as_counted(self) -> str:
        """The column as a number, moments as seconds since the epoch, as a text, or as true where there is a value."""
        if self.kind == "moment":
            return f"CAST(unix_micros(CAST({self.quoted} AS TIMESTAMP)) / 1e6 AS DOUBLE)"
        if self.kind == "number":
            return f"CAST({self.quoted} AS DOUBLE)"
        return f"CAST({self.quoted} AS STRING)" if self.kind == "item" else f"nullif({self.quoted} IS NOT NULL, false)"


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return "`" + name.replace("`", "``") + "`"


def quoted_table(full_name: str) -> str:
    """A three-level name in SQL."""
    return ".".join(quoted(part) for part in full_name.split("."))


def columns(schema: StructType) -> list[Column]:
    """The columns of a table in order."""
    return [
        Column(name=field.name, kind=_kind(field.dataType), data_type=field.dataType.simpleString())
        for field in schema.fields
    ]


def _kind(type_: DataType) -> Kind:
    if isinstance(type_, NumericType):
        return "number"
    if isinstance(type_, (TimestampType, TimestampNTZType, DateType)):
        return "moment"
    if isinstance(type_, (StringType, CharType, VarcharType, BooleanType)):
        return "item"
    return "other"
