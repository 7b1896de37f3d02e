"""Delta tables by their three-level name: create, replace a part, and know what a table was made from.

Each write carries the fingerprint of its inputs in the commit itself (Delta's `userMetadata`), so that a step
that runs again with the same inputs finds its work done, and a step that was killed finds it undone.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import MissingTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

_log = logging.getLogger(__name__)
_HISTORY = 50
_FEED = "delta.enableChangeDataFeed"
_MAINTENANCE = (
    *("OPTIMIZE", "VACUUM", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "ANALYZE", "CLUSTER BY", "COMPUTE"),
    *("ADD COLUMNS", "CHANGE COLUMN"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnDefinition:
    """A column as `CREATE TABLE` takes it."""

    name: str
    type: str
    comment: str = ""
    nullable: bool = True

    def sql(self) -> str:
        """Its line in the statement.

        >>> ColumnDefinition(name="id", type="string", comment="The key", nullable=False).sql()
        "`id` string NOT NULL COMMENT 'The key'"
        """
        rule = "" if self.nullable else " NOT NULL"
        return f"`{self.name}` {self.type}{rule} COMMENT {quoted(self.comment)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableState:
    """The newest commit that changed a table's rows: its Delta version, the rows it wrote, what from."""

    version: int
    rows: int
    made_from: Mapping[str, Any] | None


def create(  # noqa: PLR0913 - what a CREATE TABLE says
    spark: "SparkSession",
    table: str,
    columns: Sequence[ColumnDefinition],
    *,
    comment: str,
    primary_key: str | None = None,
    statistics: int | Sequence[str] = 0,
    change_feed: bool = False,
) -> None:
    """Create the table unless it exists. With `change_feed` it tells from then on which rows changed.

    `statistics` are the columns that queries filter by, by name or as the number of leading ones: for these Delta keeps
    minimum and maximum per file. For all of them, as by default, they cost as much time as the writing itself.
    """
    lines = [column.sql() for column in columns]
    if primary_key is not None:
        lines.append(f"CONSTRAINT pk PRIMARY KEY (`{primary_key}`)")
    properties = f"'delta.dataSkippingNumIndexedCols' = '{statistics}'"
    if not isinstance(statistics, int):
        properties = f"'delta.dataSkippingStatsColumns' = '{','.join(f'`{name}`' for name in statistics)}'"
    properties += f", '{_FEED}' = 'true'" if change_feed else ""
    definition = f"({', '.join(lines)}) USING DELTA COMMENT {quoted(comment)} TBLPROPERTIES ({properties})"
    spark.sql(f"CREATE TABLE IF NOT EXISTS {table} {definition}")


def create_or_reshape(spark: "SparkSession", table: str, columns: Sequence[ColumnDefinition], *, comment: str) -> None:
    """Create the table; where it has other columns, put an empty one in its place, with its grants and its history."""
    if spark.catalog.tableExists(table) and not has_exactly(spark, table, columns):
        lines = ", ".join(column.sql() for column in columns)
        spark.sql(
            f"CREATE OR REPLACE TABLE {table} ({lines}) USING DELTA COMMENT {quoted(comment)}"
            " TBLPROPERTIES ('delta.dataSkippingNumIndexedCols' = '0')"
        )
        return
    create(spark, table, columns, comment=comment)


def replace(
    rows: "DataFrame", table: str, *, made_from: Mapping[str, Any], where: str = "true", writer: str | None = None
) -> None:
    """Replace the table's rows that meet `where` in one commit, and note what they were made from.

    Delta leaves out a commit that changes nothing, and its note, unless a `writer` of this one write is named.
    """
    from pyspark.sql import functions as f  # see data/spark.py

    write = rows.writeTo(table).option("userMetadata", json.dumps(made_from, sort_keys=True))
    if writer is not None:
        write = write.option("txnAppId", writer).option("txnVersion", "1")
    write.overwrite(f.expr(where))


def append(rows: "DataFrame", table: str, *, made_from: Mapping[str, Any], writer: str, number: int) -> None:
    """Append once: Delta leaves out a write whose `number` is not above the last one of the same `writer`.

    The commit is made, with its note, even when there is no row. Of two at the same moment one fails or is left out.
    Source: docs.delta.io/latest/delta-batch.html#idempotent-writes
    """
    note = json.dumps(made_from, sort_keys=True)
    once = rows.writeTo(table).option("txnAppId", writer).option("txnVersion", str(number))
    once.option("userMetadata", note).append()


def add_columns(spark: "SparkSession", table: str, columns: Sequence[ColumnDefinition]) -> tuple[str, ...]:
    """Add those of the columns that an existing table lacks, as nullable. Returns their names.

    Those that another run adds at the same moment are there then, and are not among them.
    """
    from pyspark.errors import PySparkException  # see data/spark.py

    names = lacks(spark, table, columns)
    while names:
        lacking = [column for column in columns if column.name in names]
        lines = ", ".join(f"`{column.name}` {column.type} COMMENT {quoted(column.comment)}" for column in lacking)
        try:
            spark.sql(f"ALTER TABLE {table} ADD COLUMNS ({lines})")
        except PySparkException:
            left = lacks(spark, table, columns)
            if left == names:
                raise
            names = left  # fewer each time
        else:
            return names
    return ()


def lacks(spark: "SparkSession", table: str, columns: Sequence[ColumnDefinition]) -> tuple[str, ...]:
    """Those of the columns, by name, that an existing table does not have."""
    present = {name.lower() for name in spark.table(table).columns}
    return tuple(column.name for column in columns if column.name.lower() not in present)


def has_exactly(spark: "SparkSession", table: str, columns: Sequence[ColumnDefinition]) -> bool:
    """Whether an existing table has these columns, of these types and rules, and no others."""
    found = [(field.name, field.dataType.simpleString(), field.nullable) for field in spark.table(table).schema]
    return found == [(column.name, column.type, column.nullable) for column in columns]


def count(spark: "SparkSession", table: str) -> int:
    """The rows of a table, 0 when it does not exist; Delta answers from its log."""
    return spark.table(table).count() if spark.catalog.tableExists(table) else 0


def note(spark: "SparkSession", table: str) -> Mapping[str, Any] | None:
    """The newest note that a commit of the table carries, whatever was written after it without one."""
    if not spark.catalog.tableExists(table):
        return None
    for commit in spark.sql(f"DESCRIBE HISTORY {table} LIMIT {_HISTORY}").select("operation", "userMetadata").collect():
        if str(commit.operation).startswith("CREATE"):
            return None
        if (found := _read(commit.userMetadata)) is not None:
            return found
    return None


def state(spark: "SparkSession", table: str) -> TableState | None:
    """What the table was last made from, or None when it does not exist or has no rows written yet."""
    if not spark.catalog.tableExists(table):
        return None
    columns = ("version", "operation", "userMetadata", "operationMetrics")
    for commit in spark.sql(f"DESCRIBE HISTORY {table} LIMIT {_HISTORY}").select(*columns).collect():
        operation = str(commit.operation)
        if operation.startswith("CREATE") and "SELECT" not in operation:
            return None
        if not operation.startswith(_MAINTENANCE):
            written = int((commit.operationMetrics or {}).get("numOutputRows", 0))
            return TableState(version=int(commit.version), rows=written, made_from=_read(commit.userMetadata))
    return None


def require(spark: "SparkSession", table: str, *, made_by: str) -> TableState:
    """The state of a table that an earlier step must have written.

    Errors: MissingTable naming that step.
    """
    found = state(spark, table)
    if found is None:
        raise MissingTable(f"{table} does not exist or holds nothing yet. Run the step {made_by!r} first.")
    return found


def detail(spark: "SparkSession", table: str) -> "Row":
    """What Delta knows of a table: its id, its properties."""
    return spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]


def ensure_change_feed(spark: "SparkSession", table: str, known: "Row") -> bool:
    """Whether the table, of which `known` is the detail, tells its changes; it is asked to from now on."""
    from pyspark.errors import PySparkException  # see data/spark.py

    if str((known["properties"] or {}).get(_FEED)).lower() == "true":
        return True
    try:
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('{_FEED}' = 'true')")
    except PySparkException as error:
        _log.info("%s has no change data feed and gets none: %s", table, str(error).splitlines()[0])
        return False
    return True


def at(spark: "SparkSession", table: str, version: int) -> "DataFrame":
    """The table's rows as of a Delta version, whatever is written meanwhile."""
    return spark.read.option("versionAsOf", str(version)).table(table)


def quoted(value: str) -> str:
    """A text as a Spark SQL literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _read(note: str | None) -> Mapping[str, Any] | None:
    try:
        document = json.loads(note or "")
    except json.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
