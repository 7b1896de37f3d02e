"""features: silver tables → the project's feature function → features.<project>, one row per key."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import UnusableRows
from brickyard_pipelines.ml.code import package_sha256
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.spark import session, ship
from brickyard_pipelines.ml.data.tables import ColumnDefinition
from brickyard_pipelines.ml.project import FeatureTable, Project, refer
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("features", features)


def features(settings: StepSettings, project: Project) -> None:
    """Build the feature table, unless it was made from these rows by this code."""
    spark = session()
    inputs = input_versions(spark, settings, project.workflow.features)
    made_from = {"silver": inputs, "code": package_sha256(project.name)}
    table = settings.table("features", project.name)
    if not tables.is_made_from(spark, table, made_from):
        create(spark, table, project)
        tables.replace(build(spark, settings, project, inputs), table, made_from=made_from)
    check(spark, project, table)


def input_versions(spark: "SparkSession", settings: StepSettings, definition: FeatureTable) -> Mapping[str, int]:
    """The Delta version of each silver table that the features are built from."""
    return {
        name: tables.require(spark, settings.table("silver", name), made_by="ingest").version
        for name in definition.inputs
    }


def create(spark: "SparkSession", table: str, project: Project) -> None:
    """The feature table with its primary key and time key, unless it exists."""
    definition = project.workflow.features
    columns = definitions(definition, refer(definition.columns))
    comment = f"{project.title} Features, one row per {definition.key}, known at {definition.time_key}"
    tables.create(spark, table, columns, comment=comment, primary_key=definition.key, statistics=2)


def definitions(definition: FeatureTable, columns: Sequence[Feature]) -> list[ColumnDefinition]:
    """The columns of the feature table: key, time key, features."""
    key = ColumnDefinition(name=definition.key, type="string", nullable=False, comment="Primary key")
    moment = "Time key: the prediction moment; every feature of the row was known then"
    time_key = ColumnDefinition(name=definition.time_key, type="timestamp", nullable=False, comment=moment)
    return [
        key,
        time_key,
        *(ColumnDefinition(name=column.name, type=column.type, comment=column.comment) for column in columns),
    ]


def build(spark: "SparkSession", settings: StepSettings, project: Project, inputs: Mapping[str, int]) -> "DataFrame":
    """The rows that the project's function makes, its columns in the promised order."""
    ship(project.name)
    definition = project.workflow.features
    silver = {name: tables.at(spark, settings.table("silver", name), version) for name, version in inputs.items()}
    rows: DataFrame = refer(definition.function)(silver)
    names = [column.name for column in refer(definition.columns)]
    selected: DataFrame = rows.select(definition.key, definition.time_key, *names)
    return selected


def check(spark: "SparkSession", project: Project, table: str) -> None:
    """Unity Catalog does not enforce primary keys, so count, also when nothing was written.

    Errors: UnusableRows when a key stands twice.
    """
    key = project.workflow.features.key
    row = spark.table(table).selectExpr("count(*) AS total", f"count(DISTINCT `{key}`) AS keys").collect()[0]
    _log.info("%s: %d rows", table, row["total"])
    if row["total"] != row["keys"]:
        raise UnusableRows(
            f"{table}: {row['total']} rows have only {row['keys']} different {key}: a join multiplies rows."
        )
