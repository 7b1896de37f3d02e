"""Bronze rows judged by their contract, in Spark SQL: typed columns, and the first reason against each row."""

from typing import TYPE_CHECKING

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.bronze import CORRUPT, LOAD, SOURCE_FILE
from brickyard_pipelines.ml.data.contract import Column, TableContract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

REASON = "_reason"
REPLACED = "replaced by a newer file"  # counted and kept in bronze: a correction is no mistake
_OFFSET = r"(Z|[+-][0-9]{1,2}:?[0-9]{2})$"


def judged(rows: "DataFrame", contract: TableContract) -> "DataFrame":
    """Bronze rows with the contract's columns and the reason against each, null when there is none.

    Of several good rows with one key the one of the newest load and, in it, of the last file stays. Others of the same
    file are refused as duplicates, those of earlier files are replaced. A row refused already keeps its own reason.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    columns = [f"{column.sql()} AS `{column.name}`" for column in contract.columns]
    load = f"coalesce({LOAD}, 0) AS {LOAD}"  # null in what an earlier release loaded
    typed = rows.selectExpr("struct(*) AS _row", *columns, load).withColumn(REASON, f.expr(reason_sql(contract)))
    if not _has_duplicates(typed, contract):
        return typed
    order = [f.col(LOAD).desc(), f.col(f"_row.{SOURCE_FILE}").desc(), f.xxhash64("_row")]
    in_file = Window.partitionBy(REASON, *contract.key, LOAD, f"_row.{SOURCE_FILE}").orderBy(order[-1])
    in_all = Window.partitionBy(REASON, *contract.key).orderBy(*order)
    reason = (
        f"CASE WHEN {REASON} IS NOT NULL THEN {REASON} WHEN _in_file > 1 THEN 'duplicate key'"
        f" WHEN _in_all > 1 THEN '{REPLACED}' END"
    )
    numbered = typed.withColumns({"_in_file": f.row_number().over(in_file), "_in_all": f.row_number().over(in_all)})
    return numbered.withColumn(REASON, f.expr(reason)).drop("_in_file", "_in_all")


def good(judged_rows: "DataFrame", contract: TableContract) -> "DataFrame":
    """The rows that silver keeps, with its columns."""
    names = [column.name for column in contract.columns]
    return judged_rows.where(f"{REASON} IS NULL").select(*names, LOAD)


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
            cases += _clock_cases(column)
        if not column.nullable:
            cases.append(f"WHEN `{column.name}` IS NULL THEN '{column.name} is missing'")
    cases += [
        f"WHEN NOT coalesce({check.condition}, false) THEN {tables.quoted(check.reason)}" for check in contract.checks
    ]
    return "CASE " + "\n".join(cases) + " END"


def _clock_cases(column: Column) -> list[str]:
    """A time says its offset, or is a local time that exists: neither is guessed.

    >>> for case in _clock_cases(Column(name="at", type="timestamp", comment="", time_zone="Asia/Tokyo")):
    ...     print(case)  # doctest: +ELLIPSIS
    WHEN trim(`_row`.`at`) RLIKE '...' THEN 'at has an offset, and is to be a local time of Asia/Tokyo'
    WHEN from_utc_timestamp(`at`, 'Asia/Tokyo') <> try_cast(...) THEN 'at does not exist on the clocks of Asia/Tokyo'
    """
    if column.type != "timestamp":
        return []
    text = f"trim(`_row`.`{column.source or column.name}`)"
    has_offset = f"{text} RLIKE '{_OFFSET}'"
    if column.time_zone is None:
        return [f"WHEN NOT {has_offset} THEN '{column.name} has no offset from UTC: a local time of nowhere'"]
    name, zone = column.name, column.time_zone
    moved = f"from_utc_timestamp(`{name}`, '{zone}') <> try_cast({text} AS timestamp)"
    return [
        f"WHEN {has_offset} THEN '{name} has an offset, and is to be a local time of {zone}'",
        f"WHEN {moved} THEN '{name} does not exist on the clocks of {zone}'",
    ]
