"""Bronze: the landed files as they are, every value a string, every row with the file it came from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.landing import LandedFile
from brickyard_pipelines.ml.data.tables import ColumnDefinition

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SOURCE_FILE = "_source_file"
CORRUPT = "_corrupt_record"


def load(spark: "SparkSession", contract: TableContract, landed: Sequence[LandedFile], table: str) -> bool:
    """Load the landed files of one table, unless it holds exactly them. Returns whether it wrote."""
    made_from = {"files": {file.path: file.sha256 for file in landed}, "columns": list(contract.source_columns)}
    if tables.is_made_from(spark, table, made_from):
        return False
    source = [ColumnDefinition(name=name, type="string") for name in contract.source_columns]
    corrupt = ColumnDefinition(name=CORRUPT, type="string", comment="The line, when it does not fit the columns")
    origin = ColumnDefinition(name=SOURCE_FILE, type="string", comment="The landed file this row came from")
    tables.create(spark, table, [*source, corrupt, origin], comment=f"{contract.comment} (as landed)")
    rows = (
        spark.read.schema(", ".join(f"`{column.name}` string" for column in [*source, corrupt]))
        .option("header", "true")
        .option("enforceSchema", "false")  # compare the header's names: a moved column is an error, not a mix-up
        .option("nullValue", "NA")
        .option("columnNameOfCorruptRecord", CORRUPT)
        .csv([file.path for file in landed])
        .selectExpr("*", f"_metadata.file_name AS {SOURCE_FILE}")
    )
    tables.replace(rows, table, made_from=made_from)
    return True
