"""unpack_payloads: the endpoint's payload table → typed rows of inference.<project>_predictions, and a quarantine.

Incremental by a stream's checkpoint: each payload once, also after a kill. Without an inference table on the endpoint
there is nothing to do, and the step says so.
"""

import logging
from typing import TYPE_CHECKING

from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import session, ship
from brickyard_pipelines.ml.inference import entities, streams, unpacking
from brickyard_pipelines.ml.inference import table as inference_table
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from databricks.sdk.service.serving import ServingEndpointsAPI
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)


def main() -> None:
    """The task's entry point."""
    entry.run("unpack_payloads", unpack_payloads)


def unpack_payloads(settings: StepSettings, project: Project) -> None:
    """Take in what the endpoint was asked since the last time; running it again writes nothing."""
    from databricks.sdk import WorkspaceClient  # seconds of imports that tests do not need

    endpoint = settings.need("endpoint")
    source = payload_table(WorkspaceClient().serving_endpoints, endpoint)
    if source is None:
        _log.info("the endpoint %s has no inference table: there are no payloads to unpack", endpoint)
        return
    spark = session()
    ship("brickyard_pipelines")
    table = inference_table.ensure(spark, settings, project)
    quarantine = settings.table("inference", f"{project.name}_payloads_quarantine")
    comment = f"Requests of {endpoint} that became no predictions, with the reason"
    tables.create(spark, quarantine, unpacking.QUARANTINE, comment=comment, statistics=2)
    before = (served(spark, table), spark.table(quarantine).count())
    unpack(spark, settings, project, source, quarantine)
    rows, refused = served(spark, table) - before[0], spark.table(quarantine).count() - before[1]
    _log.info("%s: %d rows from %s, %d payloads quarantined", table, rows, source, refused)
    if refused:
        _log.warning("%s says why, such as: %s", quarantine, why(spark, quarantine))


def payload_table(endpoints: "ServingEndpointsAPI", endpoint: str) -> str | None:
    """The three-level name of the endpoint's inference table, quoted; None without one."""
    from databricks.sdk.errors import NotFound

    try:
        gateway = endpoints.get(endpoint).ai_gateway
    except NotFound:
        return None
    config = gateway.inference_table_config if gateway else None
    if config is None or not config.enabled:
        return None
    return f"`{config.catalog_name}`.`{config.schema_name}`.`{config.table_name_prefix or endpoint}_payload`"


def unpack(spark: "SparkSession", settings: StepSettings, project: Project, source: str, quarantine: str) -> None:
    """Run the stream over what is there, and wait for its end."""
    unpacking.register(spark, unpacking.columns_of(project))
    known = entities.as_view(spark, settings, project)
    read = unpacking.read_batch("payloads", known)
    statements = [
        unpacking.rows_statement(settings, project, read),
        unpacking.quarantine_statement(quarantine, read),
    ]
    batch = streams.running(
        statements,
        view="payloads",
        key="databricks_request_id",
        moment="coalesce(request_time, timestamp'1970-01-01')",
        newest="request_time",
    )
    payloads = spark.readStream.table(source)
    writer = payloads.writeStream.foreachBatch(batch).queryName(f"{project.name}_unpack_payloads")
    writer = writer.option("checkpointLocation", streams.checkpoint(settings, "unpack_payloads"))
    streams.begin(writer.trigger(availableNow=True)).awaitTermination()


def served(spark: "SparkSession", table: str) -> int:
    """How many rows of the table came from the endpoint."""
    return spark.table(table).where(f"source = '{inference_table.ENDPOINT}'").count()


def why(spark: "SparkSession", quarantine: str) -> str:
    """The reasons of the newest, with how often each was given."""
    counted = spark.sql(
        f"SELECT reason, count(*) AS often FROM (SELECT reason FROM {quarantine} ORDER BY quarantined_at DESC"  # noqa: S608
        " LIMIT 1000) GROUP BY reason ORDER BY often DESC LIMIT 3"
    )
    return "; ".join(f"{row['reason']} ({row['often']})" for row in counted.collect())
