"""Gold: tables that the project makes of its silver tables, for people and reports; each is made anew as a whole."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.code import package_sha256
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import ship
from brickyard_pipelines.ml.data.tables import ColumnDefinition
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.project.ingest import GoldTable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def build(
    spark: "SparkSession", project: Project, definition: GoldTable, table: str, silver: Mapping[str, str]
) -> bool:
    """Make one gold table, unless it was made of these rows by this code. Returns whether it wrote.

    `silver` are the full names of the tables that it is made of, by their short ones.
    """
    versions = {name: tables.require(spark, full, made_by="ingest").version for name, full in silver.items()}
    made_from: dict[str, Any] = {"silver": versions, "code": package_sha256(project.name)}
    if tables.note(spark, table) == made_from:
        return False
    ship(project.name)
    rows: DataFrame = refer(definition.function)(
        {name: tables.at(spark, full, versions[name]) for name, full in silver.items()}
    )
    columns = [ColumnDefinition(name=field.name, type=field.dataType.simpleString()) for field in rows.schema]
    tables.create_or_reshape(spark, table, columns, comment=definition.comment)
    tables.replace(rows, table, made_from=made_from)
    return True
