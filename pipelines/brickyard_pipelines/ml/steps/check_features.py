"""check_features: is the feature table that others fill what the steps after it need?"""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import BrokenContract, PipelineError
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.project import FeatureTable, Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("check_features", check_features)


def check_features(settings: StepSettings, project: Project) -> None:
    """Look at columns, key and time key. Errors: BrokenContract, with everything that is wrong; MissingTable."""
    spark, table = session(), settings.table("features", project.name)
    definition = project.workflow.features
    state = _state(spark, table)
    types = dict(spark.table(table).dtypes)
    wrong = wrong_columns(definition, refer(definition.columns), types)
    wrong += [] if wrong else wrong_rows(definition, counts(spark.table(table), definition))
    if wrong:
        raise BrokenContract(f"{table} is not the feature table of project.yaml: {'; '.join(wrong)}.")
    _log.info("%s at Delta version %d: its columns, key and time key are as project.yaml says", table, state)


def wrong_columns(definition: FeatureTable, columns: Sequence[Feature], types: Mapping[str, str]) -> list[str]:
    """What is missing or of another type. More columns than promised are no harm."""
    needed = {definition.key: "string", definition.time_key: "timestamp"}
    needed |= {column.name: column.type for column in columns}
    missing = [name for name in needed if name not in types]
    other = [f"{name} is {types[name]}, not {kind}" for name, kind in needed.items() if types.get(name, kind) != kind]
    return ([f"without the columns {', '.join(missing)}"] if missing else []) + other


def wrong_rows(definition: FeatureTable, counts: Mapping[str, int]) -> list[str]:
    """What the rows break: keys that are missing or stand twice, moments that are missing."""
    found = {
        f"it has no rows ({definition.key})": counts["total"] == 0,
        f"{counts['no_key']} rows have no {definition.key}": counts["no_key"] > 0,
        f"{counts['no_time']} rows have no {definition.time_key}": counts["no_time"] > 0,
        f"{counts['total']} rows have only {counts['keys']} different {definition.key}": counts["keys"]
        + counts["no_key"]
        < counts["total"],
    }
    return [said for said, is_wrong in found.items() if is_wrong]


def _state(spark: "SparkSession", table: str) -> int:
    try:
        return tables.require(spark, table, made_by="features").version
    except PipelineError:
        raise
    except Exception as error:  # a view, or a table that is no Delta table
        raise BrokenContract(
            f"{table} has no Delta history, so nobody can say from which rows a model was made: it must be a Delta"
            " table, not a view. Features under another name, or in a view, are copied there by"
            f" workflow.features.existing. {type(error).__name__}: {str(error)[:300]}"
        ) from error


def counts(rows: "DataFrame", definition: FeatureTable) -> dict[str, int]:
    """How many rows there are, and how many of them lack a key of their own or a moment."""
    counted = rows.selectExpr(
        "count(*) AS total",
        f"count(DISTINCT `{definition.key}`) AS keys",
        f"count_if(`{definition.key}` IS NULL) AS no_key",
        f"count_if(`{definition.time_key}` IS NULL) AS no_time",
    )
    return {name: int(value) for name, value in counted.collect()[0].asDict().items()}
