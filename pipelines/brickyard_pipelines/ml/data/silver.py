"""Silver: typed rows that keep their contract; what does not is quarantined with the reason, nothing is lost."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.code import fingerprint
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.bronze import CORRUPT, SOURCE_FILE
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.tables import ColumnDefinition

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REASON = "_reason"


@dataclass(frozen=True, kw_only=True, slots=True)
class SilverCounts:
    """Rows in and out of one table, and whether this run wrote it."""

    bronze: int
    silver: int
    quarantined: int
    wrote: bool


def conform(spark: "SparkSession", contract: TableContract, bronze: str, silver: str, quarantine: str) -> SilverCounts:
    """Rebuild the silver table, and its quarantine, from bronze when either changed."""
    source = tables.require(spark, bronze, made_by="ingest")
    made_from = {"bronze": source.version, "contract": fingerprint(asdict(contract))}
    rows = tables.at(spark, bronze, source.version)
    wrote = not tables.is_made_from(spark, silver, made_from)
    if wrote:
        _write_silver(spark, contract, rows, silver, made_from)
    kept = tables.require(spark, silver, made_by="ingest").rows
    refused = source.rows - kept
    _keep_quarantine(spark, contract, rows, quarantine, made_from, refused=refused)
    return SilverCounts(bronze=source.rows, silver=kept, quarantined=refused, wrote=wrote)


def judged(rows: "DataFrame", contract: TableContract) -> "DataFrame":
    """Bronze rows with the contract's columns and the reason against each, null when there is none.

    Of several good rows with one key the one of the last file stays; the others are duplicates. A row refused
    already keeps its own reason.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    columns = [f"{column.sql()} AS `{column.name}`" for column in contract.columns]
    typed = rows.selectExpr("struct(*) AS _row", *columns).withColumn(REASON, f.expr(reason_sql(contract)))
    if not _has_duplicates(typed, contract):
        return typed
    newest = Window.partitionBy(REASON, *contract.key).orderBy(f.col(f"_row.{SOURCE_FILE}").desc(), f.xxhash64("_row"))
    duplicate = f.expr(f"CASE WHEN _n > 1 AND {REASON} IS NULL THEN 'duplicate key' ELSE {REASON} END")
    return typed.withColumn("_n", f.row_number().over(newest)).withColumn(REASON, duplicate).drop("_n")


def _has_duplicates(typed: "DataFrame", contract: TableContract) -> bool:
    """Whether a key stands twice: counting keys alone is far cheaper than sorting whole rows."""
    if not contract.key:
        return False
    return not typed.groupBy(*contract.key).count().where("count > 1").limit(1).isEmpty()


def reason_sql(contract: TableContract) -> str:
    """The first reason against a row, as Spark SQL.

    >>> from brickyard_pipelines.ml.data.contract import Check, Column
    >>> seats = Column(name="seats", type="int", comment="", nullable=False)
    >>> few = Check(reason="too few", condition="seats > 1")
    >>> print(reason_sql(TableContract(
    ...     name="t", comment="", source_columns=("seats",), columns=(seats,), checks=(few,))))
    CASE WHEN `_row`.`_corrupt_record` IS NOT NULL THEN 'the line does not fit the columns'
    WHEN `_row`.`seats` IS NOT NULL AND `seats` IS NULL THEN 'seats is no int'
    WHEN `seats` IS NULL THEN 'seats is missing'
    WHEN NOT coalesce(seats > 1, false) THEN 'too few' END
    """
    cases = [f"WHEN `_row`.`{CORRUPT}` IS NOT NULL THEN 'the line does not fit the columns'"]
    for column in contract.columns:
        if column.expression is None:
            source = column.source or column.name
            unread = f"`_row`.`{source}` IS NOT NULL AND `{column.name}` IS NULL"
            cases.append(f"WHEN {unread} THEN '{column.name} is no {column.type}'")
        if not column.nullable:
            cases.append(f"WHEN `{column.name}` IS NULL THEN '{column.name} is missing'")
    cases += [
        f"WHEN NOT coalesce({check.condition}, false) THEN {tables.quoted(check.reason)}" for check in contract.checks
    ]
    return "CASE " + "\n".join(cases) + " END"


def _write_silver(
    spark: "SparkSession", contract: TableContract, rows: "DataFrame", silver: str, made_from: Mapping[str, object]
) -> None:
    definitions = [
        ColumnDefinition(name=column.name, type=column.type, comment=column.comment, nullable=column.nullable)
        for column in contract.columns
    ]
    tables.create(spark, silver, definitions, comment=contract.comment)
    good = judged(rows, contract).where(f"{REASON} IS NULL").select(*(column.name for column in contract.columns))
    tables.replace(good, silver, made_from=made_from)


def _keep_quarantine(
    spark: "SparkSession",
    contract: TableContract,
    rows: "DataFrame",
    quarantine: str,
    made_from: Mapping[str, object],
    *,
    refused: int,
) -> None:
    """Only where a row was refused, now or before: a second reading of bronze is not free."""
    if refused == 0 and not spark.catalog.tableExists(quarantine):
        return
    if tables.is_made_from(spark, quarantine, made_from):
        return
    definitions = [
        ColumnDefinition(name="reason", type="string", comment="Why the row is not in silver"),
        ColumnDefinition(name="row", type="string", comment="The row as landed (JSON)"),
    ]
    tables.create(spark, quarantine, definitions, comment=f"Rows refused by the contract of {contract.name}")
    bad = judged(rows, contract).where(f"{REASON} IS NOT NULL")
    tables.replace(bad.selectExpr(f"{REASON} AS reason", "to_json(_row) AS row"), quarantine, made_from=made_from)
