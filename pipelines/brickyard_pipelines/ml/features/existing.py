"""Features that others keep, in a table of any name and format or a view, brought into features.<project>.

A copy, since of a view or a foreign table nobody can say later which rows a model saw; Delta's versions of the copy
can. Only rows that differ are written, so that its change data feed names what is new, and a second run writes nothing.
"""

import logging
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import BrokenContract
from brickyard_pipelines.ml.features.as_of import AsOf, join_spark
from brickyard_pipelines.ml.project import FeatureTable, Project, refer
from brickyard_pipelines.ml.project.existing import ExistingFeatures, Lookup
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)
_MOMENT_S, _AT_S = "_moment_s", "_at_s"


def rows(spark: "SparkSession", settings: StepSettings, project: Project, existing: ExistingFeatures) -> "DataFrame":
    """The rows of others with what is looked up for them: key, time key, the promised columns in their order.

    Errors: BrokenContract for a table that cannot be read, a column that is not there, or one that is there twice.
    """
    definition = project.workflow.features
    found = _read(spark, settings, existing.table)
    for lookup in existing.lookups:
        found = _looked_up(found, _read(spark, settings, lookup.table), lookup, definition.time_key)
    names = [definition.key, definition.time_key, *(column.name for column in refer(definition.columns))]
    _require_columns(existing.table, found, names)
    selected: DataFrame = found.select(*(f"`{name}`" for name in names))
    return selected


def bring(spark: "SparkSession", table: str, taken: "DataFrame", definition: FeatureTable) -> int:
    """Make the table hold these rows and no others, in one commit or none. Answers how many rows differed."""
    taken.createOrReplaceTempView("taken")
    names = taken.columns
    same = " AND ".join(f"kept.`{name}` <=> taken.`{name}`" for name in names if name != definition.key)
    on = f"kept.`{definition.key}` = taken.`{definition.key}`"
    outer = f"{table} AS kept FULL OUTER JOIN taken ON {on}"
    alone = f"kept.`{definition.key}` IS NULL OR taken.`{definition.key}` IS NULL"
    differing = spark.sql(f"SELECT count(*) AS n FROM {outer} WHERE {alone} OR NOT ({same})").collect()[0]["n"]  # noqa: S608 - names
    if differing:
        spark.sql(
            f"MERGE INTO {table} AS kept USING taken ON {on} WHEN MATCHED AND NOT ({same}) THEN UPDATE SET *"
            " WHEN NOT MATCHED THEN INSERT * WHEN NOT MATCHED BY SOURCE THEN DELETE"
        ).collect()
    return int(differing)


def _looked_up(asked: "DataFrame", known: "DataFrame", lookup: Lookup, time_key: str) -> "DataFrame":
    """The rows, each with the columns of a lookup as they were known at its moment."""
    _require_columns(lookup.table, known, [*lookup.by, lookup.at, *lookup.columns])
    _require_columns("the table of features", asked, [*lookup.by, time_key])
    if twice := sorted(set(lookup.columns) & set(asked.columns)):
        raise BrokenContract(
            f"{lookup.table}: {', '.join(twice)} is to be looked up, and the rows have it already. Which one is meant?"
            " Take it out of workflow.features.existing.lookups, or give one of both another name in a view."
        )
    rule = AsOf(
        by=lookup.by,
        moment=_MOMENT_S,
        at=_AT_S,
        columns=lookup.columns,
        delay_s=lookup.delay_s,
        stale_after_s=lookup.stale_after_s,
    )
    # Whole seconds, a value's rounded up: what came half a second after the moment was not known then.
    questions = asked.selectExpr(
        "*", f"CAST(floor(unix_micros(CAST(`{time_key}` AS timestamp)) / 1000000D) AS bigint) AS {_MOMENT_S}"
    )
    by, values = ([f"`{name}`" for name in names] for names in (lookup.by, lookup.columns))
    late = f"CAST(ceil(unix_micros(CAST(`{lookup.at}` AS timestamp)) / 1000000D) AS bigint) AS {_AT_S}"
    news = known.where(f"`{lookup.at}` IS NOT NULL").selectExpr(*by, late, *values)
    return join_spark(questions, news, rule).drop(_MOMENT_S)


def _seconds(rounding: str, column: str) -> str:
    return f"CAST({rounding}(unix_micros(CAST(`{column}` AS timestamp)) / 1000000D) AS bigint)"


def _read(spark: "SparkSession", settings: StepSettings, name: str) -> "DataFrame":
    from pyspark.errors import PySparkException  # see data/spark.py

    table = settings.existing(name)
    try:
        found = spark.table(table)
        _log.info("%s: columns %s", table, ", ".join(found.columns))
    except PySparkException as error:
        raise BrokenContract(
            f"{table} (workflow.features.existing) cannot be read: {str(error).splitlines()[0][:300]}. It must be"
            " there, and this job's principal needs USE CATALOG, USE SCHEMA and SELECT."
        ) from error
    return found


def _require_columns(table: str, found: "DataFrame", names: list[str]) -> None:
    missing = [name for name in names if name not in found.columns]
    if missing:
        raise BrokenContract(
            f"{table} has no column {', '.join(missing)}; it has {', '.join(found.columns)}. Correct"
            " workflow.features, or put a view with these names before it."
        )
