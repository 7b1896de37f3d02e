"""The inference table `inference.<project>_predictions`: every prediction of every source, appended.

Shapes: request_id, model_name, model_version, scored_at, source, job_run_id, features_hash, the key, the time key, the
features, prediction, the label, label_known_at. Of batch and stream the key is there always; a request of the endpoint
has it when its rows carried it, and without a time of its own its time key is when it was received.
A row is written once and then only gets its label. Monitors look at the time key, by model_version.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import BrokenContract
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.tables import ColumnDefinition
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BATCH, STREAM, ENDPOINT = "batch", "stream", "endpoint"
_FILTERED = ("model_version", "scored_at", "source")  # beside the time key, what queries filter by


def name(settings: StepSettings, project: Project) -> str:
    """The table's three-level name, quoted."""
    return settings.table("inference", f"{project.name}_predictions")


def definitions(project: Project) -> list[ColumnDefinition]:
    """Its columns, in order."""
    definition, label = project.workflow.features, project.workflow.labels.column
    columns: Sequence[Feature] = refer(definition.columns)
    return [
        ColumnDefinition(name="request_id", type="string", nullable=False, comment="What was asked, once"),
        ColumnDefinition(name="model_name", type="string", nullable=False, comment="Registered model"),
        ColumnDefinition(name="model_version", type="string", nullable=False, comment="Version that scored"),
        ColumnDefinition(name="scored_at", type="timestamp", nullable=False, comment="When it was scored"),
        ColumnDefinition(name="source", type="string", nullable=False, comment="batch, stream or endpoint"),
        ColumnDefinition(name="job_run_id", type="string", comment="Job run that wrote the row; null by hand"),
        ColumnDefinition(name="features_hash", type="string", comment="Equal for equal features"),
        ColumnDefinition(name=definition.key, type="string", comment="Key of the row; requests may come without"),
        ColumnDefinition(name=definition.time_key, type="timestamp", nullable=False, comment="Prediction moment"),
        *(ColumnDefinition(name=column.name, type=column.type, comment=column.comment) for column in columns),
        ColumnDefinition(name="prediction", type="double", comment=f"Probability of {label} = 1"),
        ColumnDefinition(name=label, type="int", comment="What happened, joined by key when it is known"),
        ColumnDefinition(name="label_known_at", type="timestamp", comment="When the label was joined, or changed"),
    ]


def ensure(spark: "SparkSession", settings: StepSettings, project: Project) -> str:
    """Make the table, or give an older one the columns that it lacks. Answers its name.

    Errors: BrokenContract when a column has another type.
    """
    table, columns = name(settings, project), definitions(project)
    comment = f"Predictions of {settings.model}, appended"  # a monitor computes only what the change feed names
    filtered = (*_FILTERED, project.workflow.features.time_key)
    tables.create(spark, table, columns, comment=comment, statistics=filtered, change_feed=True)
    found = {field.name: field for field in spark.table(table).schema}
    check_types(table, {field.name: field.dataType.simpleString() for field in found.values()}, columns)
    key = project.workflow.features.key
    if not found[key].nullable:
        spark.sql(f"ALTER TABLE {table} ALTER COLUMN `{key}` DROP NOT NULL")
    added = tables.add_columns(spark, table, columns)
    if "request_id" in added:  # before there were other sources, every row was of a batch
        spark.sql(
            f"UPDATE {table} SET request_id = {request_id(key)}, source = '{BATCH}',"  # noqa: S608 - names, not rows
            f" features_hash = {features_hash(project)} WHERE request_id IS NULL"
        )
    return table


def check_types(table: str, found: dict[str, str], columns: Sequence[ColumnDefinition]) -> None:
    """Errors: BrokenContract naming every column that the table has with another type.

    >>> prediction = ColumnDefinition(name="p", type="double")
    >>> check_types("t", {"p": "string", "other": "int"}, [prediction])
    Traceback (most recent call last):
    brickyard_pipelines.errors.BrokenContract: t: p is string there and double in the project. A column keeps its ...
    """
    changed = [
        f"{column.name} is {found[column.name]} there and {column.type} in the project"
        for column in columns
        if found.get(column.name, column.type) != column.type
    ]
    if changed:
        raise BrokenContract(
            f"{table}: {'; '.join(changed)}. A column keeps its type: give the new one another name, or rename"
            " the table and let this step make a new one."
        )


def request_id(key: str) -> str:
    """The SQL of a row's id: the same whenever the same version scores the same key.

    >>> request_id("flight_id")
    "md5(concat_ws('|', model_name, model_version, `flight_id`))"
    """
    return f"md5(concat_ws('|', model_name, model_version, `{key}`))"


def features_hash(project: Project, *, column: str = "`{name}`") -> str:
    """The SQL of a hash over the features, missing ones included; `column` is where each is found."""
    names = [column.name for column in refer(project.workflow.features.columns)]
    return hash_of(names, column=column)


def hash_of(names: Sequence[str], *, column: str = "`{name}`") -> str:
    """Each column beside whether it is missing: xxhash64 alone passes over what is null. In small letters.

    Not by `lower`: its first call in a JVM computes tables of all languages, which takes seconds.

    >>> hash_of(["a", "b"])
    "translate(hex(xxhash64(`a`, isnull(`a`), `b`, isnull(`b`))), 'ABCDEF', 'abcdef')"
    """
    found = [column.format(name=name) for name in names]
    columns = ", ".join(f"{each}, isnull({each})" for each in found)
    return f"translate(hex(xxhash64({columns})), 'ABCDEF', 'abcdef')"
