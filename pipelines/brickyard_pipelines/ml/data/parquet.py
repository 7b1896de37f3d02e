"""Parquet files: whole by their ends, columns as their footer names them, values as the text that bronze keeps."""

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.file_rules import Inspection, broken_header, in_order

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MAGIC = b"PAR1"
_TAIL = 8  # the footer's length, and the magic again
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_NESTED = ("struct", "array", "map")
# Which types of a file may become a type of the contract; text may become anything, and is judged row by row.
_FITS = {
    "int": _NUMBERS,
    "double": _NUMBERS,
    "boolean": ("boolean",),
    "date": ("date", "timestamp", "timestamp_ntz"),
    "timestamp": ("timestamp", "timestamp_ntz"),
}
_EXACT = 2**53  # beyond, a double names no whole number


def look(chunks: Iterable[bytes], contract: TableContract) -> Inspection:
    """Whether a file begins and ends as Parquet does. Its columns are Spark's to tell: `columns`.

    >>> planes = TableContract(name="planes", comment="", source_columns=("tail",), format="parquet")
    >>> look([b"PAR1", b"...."], planes).not_whole
    'half-written: it has no footer'
    """
    del contract
    head, tail, size = b"", b"", 0
    for chunk in chunks:
        head, tail, size = (head + chunk)[:4], (tail + chunk)[-_TAIL:], size + len(chunk)
    if not size:
        return Inspection(not_whole="it is empty")
    if head != _MAGIC:
        return Inspection(not_whole="it is no Parquet: it does not begin with PAR1")
    footer = struct.unpack("<I", tail[:4])[0] if len(tail) == _TAIL and tail.endswith(_MAGIC) else size
    return Inspection(not_whole="half-written: it has no footer" if footer > size - len(_MAGIC) - _TAIL else None)


def columns(spark: "SparkSession", path: str, contract: TableContract) -> Inspection:
    """The columns of a file that has a footer, and what they break of the contract."""
    from pyspark.errors import PySparkException  # see data/spark.py

    try:
        fields = spark.read.parquet(path).schema.fields
    except PySparkException as error:
        return Inspection(not_whole=f"its footer cannot be read: {_first(error)}")
    types = {field.name: field.dataType.simpleString() for field in fields}
    header = in_order(types, contract)
    return Inspection(
        header=header,
        types=tuple(types[name] for name in header),
        breaks=broken_header(header, contract) or changed_type(types, contract),
    )


def changed_type(types: dict[str, str], contract: TableContract) -> str | None:
    """A column whose type in the file cannot become that of the contract.

    >>> from brickyard_pipelines.ml.data.contract import Column
    >>> seats = Column(name="seats", type="int", comment="")
    >>> planes = TableContract(name="planes", comment="", source_columns=("seats",), columns=(seats,))
    >>> changed_type({"seats": "date"}, planes)
    "the column 'seats' changed its type: it is date, which is no int"
    """
    for name, kind in types.items():
        if kind == "binary":
            return f"the column {name!r} is binary, which is no text"
    for column in contract.columns:
        source = column.source or column.name
        kind = types.get(source, "string").partition("(")[0]
        fits = _FITS.get(column.type)
        if column.expression is None and fits is not None and kind not in ("string", *fits):
            return f"the column {source!r} changed its type: it is {types[source]}, which is no {column.type}"
    return None


def text(name: str, kind: str) -> str:
    """Spark SQL: a column as text. A moment says that it is of UTC; a whole number is written as one.

    >>> text("at", "timestamp")
    "concat(string(`at`), 'Z')"
    """
    if kind == "timestamp":
        return f"concat(string(`{name}`), 'Z')"
    if kind in ("float", "double"):  # how pandas keeps whole numbers of which some are missing
        return (
            f"if(`{name}` = floor(`{name}`) AND abs(`{name}`) < {_EXACT}, string(bigint(`{name}`)), string(`{name}`))"
        )
    return f"to_json(`{name}`)" if kind.startswith(_NESTED) else f"string(`{name}`)"


def unreadable(spark: "SparkSession", path: str, seen: Inspection) -> str | None:
    """Why a file with a good footer cannot be read from its first value to its last, if so."""
    from pyspark.errors import PySparkException  # see data/spark.py

    values = ", ".join(text(name, kind) for name, kind in zip(seen.header, seen.types, strict=True))
    try:
        spark.read.parquet(path).selectExpr(f"max(xxhash64({values}))").collect()
    except PySparkException as error:
        return f"its rows cannot be read: {_first(error)}"
    return None


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
