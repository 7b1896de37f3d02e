"""Columns of Arrow as Postgres has them, and rows as its COPY reads them.

Shapes: text, double precision, real, bigint, integer, smallint, boolean, date, timestamp with and without time zone,
numeric(p, s), bytea. NULL and NaN stay apart.
Gaps: ARRAY, MAP and STRUCT (Databricks makes jsonb of them), INTERVAL, VARIANT: refused by name.
Source: docs.databricks.com/aws/en/oltp/instances/sync-data/sync-table (data type mapping)
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from brickyard_local.databases.errors import CannotLoad

_BLOCK_ROWS = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a table in Postgres; `type` as SQL writes it."""

    name: str
    type: str


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns of a table with this schema. Errors: CannotLoad naming each one that has no type in Postgres."""
    found = {field.name: _type(field.type) for field in schema}
    unknown = [f"'{field.name}' is {field.type}" for field in schema if not found[field.name]]
    if unknown:
        raise CannotLoad(
            f"Not emulated in a synced table: {'; '.join(unknown)}. Numbers, text, booleans, dates, timestamps, "
            "decimals and binary are: leave the other columns out of the source table."
        )
    return tuple(Column(name=name, type=type_) for name, type_ in found.items())


def copied(batches: Iterable[pa.RecordBatch], columns: Sequence[Column]) -> Iterator[bytes]:
    """The rows as `COPY … WITH (FORMAT csv)` reads them, a block at a time. Errors: CannotLoad."""
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in batches:
        for begin in range(0, batch.num_rows, _BLOCK_ROWS):
            block = pa.BufferOutputStream()
            try:
                part = _plain(batch.slice(begin, _BLOCK_ROWS), columns)
                csv.write_csv(part, block, options)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError) as error:
                raise CannotLoad(f"Rows of the source table cannot be written for Postgres: {error}") from error
            yield block.getvalue().to_pybytes()


def _type(arrow: pa.DataType) -> str:
    if pa.types.is_decimal(arrow):
        return f"numeric({arrow.precision},{arrow.scale})"
    if pa.types.is_timestamp(arrow):
        return "timestamp with time zone" if arrow.tz else "timestamp without time zone"
    return next((name for test, name in _TYPES if test(arrow)), "")


def _plain(batch: pa.RecordBatch, columns: Sequence[Column]) -> pa.RecordBatch:
    arrays = [_writable(batch.column(column.name)) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])


def _writable(values: pa.Array) -> pa.Array:
    """As Arrow's CSV writes what Postgres reads: bytes in hex, moments in UTC."""
    kind = values.type
    if _is_binary(kind):
        return pa.array([None if value is None else "\\x" + value.hex() for value in values.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp("us", "UTC" if kind.tz else None))
    if not pa.types.is_string(kind) and _is_text(kind):
        return values.cast(pa.string())
    return values


def _is_binary(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view))


def _is_text(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


_TYPES: tuple[tuple[Any, str], ...] = (
    (_is_text, "text"),
    (_is_binary, "bytea"),
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_date32, "date"),
    (pa.types.is_float64, "double precision"),
    (pa.types.is_float32, "real"),
    (pa.types.is_int64, "bigint"),
    (pa.types.is_int32, "integer"),
    (pa.types.is_int16, "smallint"),
    (pa.types.is_int8, "smallint"),
)
