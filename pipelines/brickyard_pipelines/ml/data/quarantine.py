"""What was refused, and why: rows that break their contract, and files that are not whole. Nothing is lost."""

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.bronze import LOAD, SOURCE_FILE
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.judgement import REASON, REPLACED, judged
from brickyard_pipelines.ml.data.landing import LandedFile
from brickyard_pipelines.ml.data.tables import ColumnDefinition

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ROWS = (
    ColumnDefinition(name="reason", type="string", comment="Why the row is not in silver"),
    ColumnDefinition(name="row", type="string", comment="The row as landed (JSON)"),
    ColumnDefinition(name="source_file", type="string", comment="The landed file it came from"),
    ColumnDefinition(name="load", type="bigint", comment="Number of the load that brought it"),
)
_FILES = (
    ColumnDefinition(name="file", type="string", comment="The file's path; it stays where it landed"),
    ColumnDefinition(name="bytes", type="bigint", comment="Its size; a file of another size is looked at again"),
    ColumnDefinition(name="reason", type="string", comment="Why nothing of it is loaded"),
    ColumnDefinition(name="refused_at", type="timestamp", comment="When"),
)


def keep_rows(
    spark: "SparkSession", contract: TableContract, bronze: "DataFrame", table: str, made_from: Mapping[str, Any]
) -> None:
    """Bring the quarantine of a table to the load and the contract that silver was made from.

    Rows of loads that it does not know take the place of those of the same loads, which another run may have brought
    meanwhile, in one commit; under another contract all rows are judged again.
    """
    known = tables.note(spark, table)
    if known == made_from:
        return
    load = int(made_from["load"])
    if known is not None and known.get("contract") == made_from["contract"] and int(known["load"]) < load:
        before, once = int(known["load"]), uuid.uuid4().hex
        news, these = bronze.where(f"{LOAD} > {before}"), f"load > {before} AND load <= {load}"
        tables.replace(_refused(news, contract), table, made_from=made_from, where=these, writer=once)
        return
    if known is None and spark.catalog.tableExists(table) and tables.lacks(spark, table, _ROWS):
        spark.sql(f"DROP TABLE {table}")  # an earlier release's: all of it is judged again
    tables.create(spark, table, _ROWS, comment=f"Rows refused by the contract of {contract.name}")
    tables.replace(_refused(bronze, contract), table, made_from=made_from, writer=uuid.uuid4().hex)


def known_files(spark: "SparkSession", table: str) -> Mapping[tuple[str, int], str]:
    """The files refused before, by path and size, with the reason."""
    if not spark.catalog.tableExists(table):
        return {}
    return {(row["file"], row["bytes"]): row["reason"] for row in spark.table(table).collect()}


def keep_files(
    spark: "SparkSession", contract: TableContract, table: str, refused: Sequence[tuple[LandedFile, str]]
) -> None:
    """Write down the files of which nothing is loaded."""
    tables.create(spark, table, _FILES, comment=f"Files of {contract.name} of which nothing was loaded")
    rows = [(file.path, file.size, reason) for file, reason in refused]
    found = spark.createDataFrame(rows, "file string, bytes bigint, reason string")
    found.selectExpr("*", "current_timestamp() AS refused_at").writeTo(table).append()


def _refused(rows: "DataFrame", contract: TableContract) -> "DataFrame":
    bad = judged(rows, contract).where(f"{REASON} IS NOT NULL AND {REASON} <> '{REPLACED}'")
    return bad.selectExpr(
        f"{REASON} AS reason", "to_json(_row) AS row", f"_row.{SOURCE_FILE} AS source_file", f"{LOAD} AS load"
    )
