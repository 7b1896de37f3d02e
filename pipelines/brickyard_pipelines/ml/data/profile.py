"""What the training period looked like, in one query: missing values, categories, and the keys of the hold-out."""

from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.data import rows, tables
from brickyard_pipelines.ml.data.rows import Source
from brickyard_pipelines.ml.evaluation.sanity import Profile
from brickyard_pipelines.ml.project import Project, SplitByTime, refer

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_ROWS, _KEYS = "__rows", "__keys"


def read(spark: "SparkSession", project: Project, source: Source, split: SplitByTime, label_rate: float) -> Profile:
    """The profile of the rows that a version was trained on, as the feature table has them now."""
    definition = project.workflow.features
    columns = refer(definition.columns)
    table = tables.at(spark, source.feature_table, source.feature_version)
    seen = _one(rows.within(table, definition.time_key, split.train), _facts(columns))
    fresh = _one(rows.within(table, definition.time_key, split.holdout), [_distinct(definition.key)])
    total = max(int(seen[_ROWS]), 1)
    return Profile(
        null_shares={column.name: int(seen[f"null {column.name}"] or 0) / total for column in columns},
        categories={
            column.name: frozenset(map(str, seen[f"set {column.name}"]))
            for column in columns
            if column.type == "string"
        },
        label_rate=label_rate,
        holdout_keys=int(fresh[_KEYS]),
    )


def _facts(columns: Any) -> "list[Column]":
    from pyspark.sql import functions as f

    facts = [f.count(f.lit(1)).alias(_ROWS)]
    for column in columns:
        missing = f.col(column.name).isNull()
        if column.type == "double":
            missing = missing | f.isnan(column.name)
        else:
            facts.append(f.collect_set(column.name).alias(f"set {column.name}"))
        facts.append(f.count_if(missing).alias(f"null {column.name}"))
    return facts


def _distinct(key: str) -> "Column":
    from pyspark.sql import functions as f

    return f.count_distinct(key).alias(_KEYS)


def _one(frame: "DataFrame", facts: "list[Column]") -> dict[str, Any]:
    found: dict[str, Any] = frame.agg(*facts).collect()[0].asDict()
    return found
