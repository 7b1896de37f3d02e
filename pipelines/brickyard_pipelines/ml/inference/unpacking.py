"""Payloads into rows inside Spark: the reader as a function of the session, and the statements that write its answers.

A micro-batch of payloads becomes two writes: rows into the inference table, refused payloads into the quarantine. Both
are by request id, so a batch that is done again after a kill writes what is missing and no more.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.data.tables import ColumnDefinition, quoted
from brickyard_pipelines.ml.inference import append, payloads
from brickyard_pipelines.ml.inference import table as inference_table
from brickyard_pipelines.ml.inference.payloads import Columns, Unreadable
from brickyard_pipelines.ml.inference.streams import WINDOW
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FUNCTION = "read_payload"
UNKNOWN_ENTITY = "the served entity is unknown"
QUARANTINE = (
    ColumnDefinition(name="databricks_request_id", type="string", nullable=False, comment="Of the payload"),
    ColumnDefinition(name="request_time", type="timestamp", comment="When the request was received"),
    ColumnDefinition(name="status_code", type="int", comment="What the endpoint answered"),
    ColumnDefinition(name="served_entity_id", type="string", comment="Who answered"),
    ColumnDefinition(name="reason", type="string", nullable=False, comment="Why it became no row"),
    ColumnDefinition(name="request", type="string", comment="As it was sent"),
    ColumnDefinition(name="response", type="string", comment="As it was answered"),
    ColumnDefinition(name="quarantined_at", type="timestamp", nullable=False, comment="When it was put here"),
)


def columns_of(project: Project) -> Columns:
    """What the rows of this project's payloads are read into."""
    definition = project.workflow.features
    return Columns(key=definition.key, time_key=definition.time_key, features=tuple(refer(definition.columns)))


def register(spark: "SparkSession", columns: Columns) -> None:
    """Make the reader a function of the session and of its streams."""
    from pyspark.sql.functions import udf  # see data/spark.py

    features = "".join(f", `f_{feature.name}`: {feature.type}" for feature in columns.features)
    row = f"struct<key: string, moment: timestamp, prediction: double{features}>"
    schema = f"struct<reason: string, rows: array<{row}>>"
    spark.udf.register(FUNCTION, udf(reader(columns), schema))


def reader(columns: Columns) -> Callable[..., tuple[str | None, list[tuple[Any, ...]]]]:
    """The reader as Spark calls it: a reason, or rows."""

    def read(request: Any, response: Any, status: Any, errors: Any) -> tuple[str | None, list[tuple[Any, ...]]]:
        try:
            found = payloads.read(request, response, status, errors, columns)
        except Unreadable as error:
            return str(error), []
        return None, [(row.key, row.moment, row.prediction, *row.values) for row in found]

    return read


def read_batch(batch: str, entities: str) -> str:
    """The payloads of a view with the reason or the rows of each, and the version that answered."""
    return (
        "SELECT *, CASE WHEN answer.reason IS NOT NULL THEN answer.reason"  # noqa: S608 - names, never rows
        " WHEN request_time IS NULL THEN 'it has no request_time'"
        f" WHEN entity_version IS NULL THEN concat({quoted(UNKNOWN_ENTITY + ': ')},"
        " coalesce(served_entity_id, 'none')) END AS reason FROM (SELECT payload.*, entity.entity_name,"
        f" entity.entity_version, {FUNCTION}(request, response, status_code, logging_error_codes) AS answer"
        f" FROM {batch} AS payload LEFT JOIN {entities} AS entity"
        " ON payload.served_entity_id = entity.served_entity_id)"
    )


def rows_statement(settings: StepSettings, project: Project, read: str) -> str:
    """The MERGE of readable payloads into the inference table.

    The hash is made within the array of rows. Beside the features' new names, Spark's optimiser would write it once for
    each set of old and new ones: of 24 features, 16 million times.
    """
    definition, label = project.workflow.features, project.workflow.labels.column
    features = ", ".join(f"found.row.`f_{each.name}` AS `{each.name}`" for each in refer(definition.columns))
    hashed = inference_table.features_hash(project, column="row.`f_{name}`")
    names = ", ".join(f"`{each.name}`" for each in refer(definition.columns))
    run = "CAST(NULL AS string)" if settings.job_run_id is None else quoted(settings.job_run_id)
    exploded = (
        f"SELECT concat(databricks_request_id, ':', position) AS request_id, entity_name AS model_name,"  # noqa: S608
        f" entity_version AS model_version, request_time AS scored_at, found.row.key AS `{definition.key}`,"
        f" coalesce(found.row.moment, request_time) AS `{definition.time_key}`, {features},"
        " found.row.prediction AS prediction, found.features_hash AS features_hash"
        f" FROM (SELECT *, posexplode(transform(answer.rows, row -> struct(row, {hashed} AS features_hash)))"
        f" AS (position, found) FROM ({read}) WHERE reason IS NULL)"
    )
    scored = (
        f"SELECT request_id, model_name, model_version, scored_at, '{inference_table.ENDPOINT}' AS source,"  # noqa: S608
        f" {run} AS job_run_id, features_hash, `{definition.key}`,"
        f" `{definition.time_key}`, {names}, prediction, CAST(NULL AS int) AS `{label}`,"
        f" CAST(NULL AS timestamp) AS label_known_at FROM ({exploded})"
    )
    table = inference_table.name(settings, project)
    same = "kept.request_id = scored.request_id AND kept.source = 'endpoint'"
    return append.merge(table, scored, same=same, window=WINDOW, time_key="scored_at")


def quarantine_statement(table: str, read: str) -> str:
    """The MERGE of the others into the quarantine, with their reason."""
    names = ", ".join(column.name for column in QUARANTINE if column.name != "quarantined_at")
    refused = f"SELECT {names}, current_timestamp() AS quarantined_at FROM ({read}) WHERE reason IS NOT NULL"  # noqa: S608
    same = "kept.databricks_request_id = refused.databricks_request_id"
    return f"MERGE INTO {table} AS kept USING ({refused}) AS refused ON {same} WHEN NOT MATCHED THEN INSERT *"
