"""publish_online: the silver tables that requests are filled in from → the online store, at the version they have now.

What arrived is read back as a served model reads it, and compared. Nothing is copied that is there already.
"""

import logging
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import NotPublished
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.features.brickyard_request.online import OnlineStoreFailed, OnlineTable, Store
from brickyard_pipelines.ml.features.brickyard_request.packed import PackedTable
from brickyard_pipelines.ml.features.publishing import Publication, publish, synced_version
from brickyard_pipelines.ml.features.serving import reference_columns
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.settings import StepSettings, unquoted
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from databricks.sdk import WorkspaceClient
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)
_READ_BACK = 500
_TRIES = 3  # while others publish newer versions between our two looks


def main() -> None:
    """The task's entry point."""
    entry.run("publish_online", publish_online)


def publish_online(settings: StepSettings, project: Project) -> None:
    """Bring every table that project.yaml wants online to the store, and see that it is there."""
    request = project.workflow.features.request
    online = request.online() if request is not None else {}
    if request is None or not online:
        _log.info("no reference of workflow.features.request has store: online; there is nothing to publish")
        return
    from databricks.sdk import WorkspaceClient  # seconds of imports that tests do not need

    columns = reference_columns(project, request)
    store, spark, workspace = settings.need("online_store"), session(), WorkspaceClient()
    for name, reference in online.items():
        source = settings.table("silver", reference.table)
        state = tables.require(spark, source, made_by="ingest")
        wanted = Publication(
            store=store,
            source=unquoted(source),
            version=state.version,
            key=reference.key,
            table=settings.online_table(reference.table),
            tells_changes=tables.ensure_change_feed(spark, source, tables.detail(spark, source)),
        )
        version = publish(workspace, wanted)
        rows = read_back(spark, workspace, wanted, source, columns[name])
        _log.info("%s holds version %d of %s; %d rows read back from %s", wanted.table, version, source, rows, store)


def read_back(
    spark: "SparkSession", workspace: "WorkspaceClient", wanted: Publication, source: str, columns: "Mapping[str, str]"
) -> int:
    """Ask for some rows as a served model will, and compare them with the quoted `source`. Answers how many.

    Errors: NotPublished, when the store does not answer, or otherwise than the table.
    """
    store = Store(wanted.store, [wanted.table])
    online = OnlineTable(store, wanted.table, key=wanted.key, columns=columns)
    try:
        for _ in range(_TRIES):
            version = synced_version(workspace.database.get_synced_database_table(wanted.table))
            there = tables.at(spark, source, version or wanted.version).select(*columns).limit(_READ_BACK).toPandas()
            expected = PackedTable.of(there, key=wanted.key, columns=columns).rows(there[wanted.key])
            found = online.rows(there[wanted.key])
            if found.equals(expected):
                return len(found)
            if version == synced_version(workspace.database.get_synced_database_table(wanted.table)):
                break
    except OnlineStoreFailed as error:
        raise NotPublished(f"{wanted.table} was synced, but cannot be read as a request will: {error}") from error
    finally:
        store.close()
    apart = [name for name in expected.columns if not found[name].equals(expected[name])]
    raise NotPublished(
        f"{wanted.table} answers otherwise than version {version} of {wanted.source} in {', '.join(apart)}: no model"
        " may read it. See the synced table's type mapping, or publish the table as a whole (full refresh)."
    )
