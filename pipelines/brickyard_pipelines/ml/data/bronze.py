"""Bronze: the landed files as they are, each once, every value a string, every row with the file it came from.

Each load has a number, one more than the last, and is one commit: a killed load is not there, and of two at the
same moment one is left out by Delta (`txnAppId`) and finds what is still to do.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.code import fingerprint
from brickyard_pipelines.ml.data import parquet, tables
from brickyard_pipelines.ml.data.conflicts import is_conflict
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.file_rules import Inspection
from brickyard_pipelines.ml.data.landing import LandedFile
from brickyard_pipelines.ml.data.tables import ColumnDefinition

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)
SOURCE_FILE, SOURCE_BYTES, LOAD, CORRUPT = "_source_file", "_source_bytes", "_load", "_corrupt_record"
_WRITER = "brickyard.bronze"
_ORIGIN = (
    ColumnDefinition(name=CORRUPT, type="string", comment="The line, when it does not fit the columns"),
    ColumnDefinition(name=SOURCE_FILE, type="string", comment="The landed file this row came from"),
    ColumnDefinition(name=SOURCE_BYTES, type="bigint", comment="Its size"),
    ColumnDefinition(name=LOAD, type="bigint", comment="Number of the load that brought it"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """One load: everything that lies in the folder, and its number.

    That is one more than the table's last load was before `pending` was asked: Delta takes each number once.
    """

    number: int
    offered: Sequence[LandedFile]


def pending(spark: "SparkSession", table: str, files: Sequence[LandedFile]) -> tuple[LandedFile, ...]:
    """The files that the table does not hold yet.

    Errors: UnusableSource for a file that was loaded with another size: data came under a name that is taken.
    """
    known = tables.note(spark, table)
    if known is not None and known.get("offered") == _offer(files):
        return ()
    held = loaded(spark, table)
    for file in files:
        size = held.get(file.name)
        if size is not None and size != file.size:
            raise UnusableSource(
                f"{file.path} has {file.size} bytes; {table} holds a file of this name with {size} bytes."
                " A file is loaded once: land changed data under a new name, newer rows replace older ones by key."
            )
    return tuple(file for file in files if file.name not in held)


def loaded(spark: "SparkSession", table: str) -> Mapping[str, int | None]:
    """The files whose rows the table holds, with their sizes (None where an earlier release did not say)."""
    from pyspark.sql import functions as f  # see data/spark.py

    if not spark.catalog.tableExists(table):
        return {}
    size = f"max({SOURCE_BYTES})" if SOURCE_BYTES in spark.table(table).columns else "cast(NULL AS bigint)"
    found = spark.table(table).groupBy(SOURCE_FILE).agg(f.expr(size).alias("size")).collect()
    return {row[SOURCE_FILE]: row["size"] for row in found}


def load(
    spark: "SparkSession",
    contract: TableContract,
    looks: Mapping[str, Inspection],
    files: Sequence[LandedFile],
    table: str,
    *,
    this: Load,
) -> bool:
    """Append files that the table does not hold, in one commit, unless another run has loaded since it was asked.

    Returns False when Delta refused, since another run had changed the table: nothing was committed. Otherwise the
    number is taken, by this load or by another: ask `pending` again to see whether the files are loaded.

    `looks` is what was seen of each file, by its path.
    """
    new = sorted({name for seen in looks.values() for name in seen.header} - set(contract.source_columns))
    from pyspark.errors import PySparkException  # see data/spark.py

    number, offered = this.number, this.offered
    note = {"load": number, "offered": _offer(offered), "files": {file.name: file.size for file in files}}
    alike: dict[Inspection, list[str]] = defaultdict(list)
    for file in files:
        alike[looks[file.path]].append(file.path)
    parts = [_read(spark, contract.format, seen, paths, number) for seen, paths in alike.items()]
    rows = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)
    try:
        gained = widen(spark, contract, table, new)
        if gained:
            _log.info("%s: new columns %s, null in older rows", table, ", ".join(gained))
        tables.append(rows, table, made_from=note, writer=_WRITER, number=number)
    except PySparkException as error:
        if not is_conflict(error):
            raise
        _log.info("%s: another run has changed it at the same moment; looking again", table)
        return False
    return True


def last_load(spark: "SparkSession", table: str) -> int:
    """The number of the newest load, 0 when there is none or an earlier release wrote the table."""
    known = tables.note(spark, table)
    if known is not None and "load" in known:
        return int(known["load"])
    if not spark.catalog.tableExists(table) or LOAD not in spark.table(table).columns:
        return 0
    return int(spark.table(table).selectExpr(f"coalesce(max({LOAD}), 0)").collect()[0][0])


def widen(spark: "SparkSession", contract: TableContract, table: str, new: Sequence[str] = ()) -> tuple[str, ...]:
    """Make the table with the contract's columns and the `new` ones, or add those that it lacks. Returns these.

    Another run may make it at the same moment: then that one is widened.
    """
    from pyspark.errors import PySparkException  # see data/spark.py

    named = [ColumnDefinition(name=name, type="string") for name in contract.source_columns]
    extra = [ColumnDefinition(name=name, type="string", comment="Not in the contract (evolve: add)") for name in new]
    columns = [*named, *_ORIGIN, *extra]
    if not spark.catalog.tableExists(table):
        try:
            tables.create(spark, table, columns, comment=f"{contract.comment} (as landed)")
        except PySparkException:
            if not spark.catalog.tableExists(table):
                raise
        else:
            return ()
    return tables.add_columns(spark, table, columns)


def _read(spark: "SparkSession", kind: str, seen: Inspection, paths: list[str], number: int) -> "DataFrame":
    texts = ", ".join(f"`{name}` string" for name in (*seen.header, CORRUPT))
    reader, columns = spark.read.schema(texts).option("columnNameOfCorruptRecord", CORRUPT), ["*"]
    if kind == "csv":
        # Compare the header's names: a moved column is an error, not a mix-up.
        found = reader.option("header", "true").option("enforceSchema", "false").option("nullValue", "NA").csv(paths)
    elif kind == "json_lines":
        found = reader.json(paths)
    else:
        found = spark.read.parquet(*paths)
        named = zip(seen.header, seen.types, strict=True)
        columns = [f"{parquet.text(name, type_)} AS `{name}`" for name, type_ in named]
        columns.append(f"CAST(NULL AS string) AS {CORRUPT}")
    return found.selectExpr(
        *columns,
        f"_metadata.file_name AS {SOURCE_FILE}",
        f"_metadata.file_size AS {SOURCE_BYTES}",
        f"{number}L AS {LOAD}",
    )


def _offer(files: Sequence[LandedFile]) -> str:
    """The hash of what lies in a folder."""
    return fingerprint(sorted((file.name, file.size) for file in files))
