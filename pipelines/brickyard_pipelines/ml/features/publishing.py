"""A silver table into an online store: a synced table, whose pipeline copies what is newer.

Source: docs.databricks.com/aws/en/oltp/instances/sync-data/sync-table and the SDK's `database` and `pipelines`.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import NotPublished

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.database import SyncedDatabaseTable
    from databricks.sdk.service.pipelines import UpdateInfoState

_log = logging.getLogger(__name__)
_WITHIN_S = 1800.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 5.0
_FAILED = ("FAILED", "CANCELED")


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """The Delta table `source` at `version` or newer, by its `key`, as the synced table `table` in `store`.

    Both are three-level names, not quoted. A source that `tells_changes` is copied by what changed, or else as a whole
    each time; which of the two is decided when the synced table is made.
    """

    store: str
    source: str
    version: int
    key: str
    table: str
    tells_changes: bool


def publish(
    workspace: "WorkspaceClient",
    wanted: Publication,
    *,
    within_s: float = _WITHIN_S,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Make the synced table unless it is there, start its pipeline while it is behind, wait. Answers its Delta version.

    Two at once, or a run after one that was killed, find each other's work and wait for it. A sync that fails is tried
    again as a whole copy, once: so a source that was replaced is followed.
    Errors: NotPublished, for a synced table of something else, a sync that failed twice, or time that is over.
    """
    until, pause = time.monotonic() + within_s, _FIRST_PAUSE_S
    found = _found(workspace, wanted) or _made(workspace, wanted)
    update, whole = "", False
    while True:
        version = synced_version(found)
        if version is not None and version >= wanted.version:
            return version
        status = found.data_synchronization_status
        pipeline = status.pipeline_id if status else None
        if pipeline and update and _state(workspace, pipeline, update) in _FAILED:
            if whole:
                raise NotPublished(
                    f"{wanted.table} did not take version {wanted.version} of {wanted.source}: {_said(found)}."
                    " What it held before is still served."
                )
            _log.warning("%s: %s; copying the whole table", wanted.table, _said(found))
            update, whole = _started(workspace, pipeline, whole=True), True
        elif pipeline and not update and not _is_provisioning(found):
            update = _started(workspace, pipeline, whole=False)
        if time.monotonic() > until:
            raise NotPublished(
                f"{wanted.table} holds version {version} of {wanted.source} after {within_s:g} s, and should hold"
                f" {wanted.version}: {_said(found)}. Its pipeline is {pipeline}."
            )
        sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)
        found = workspace.database.get_synced_database_table(wanted.table)


def synced_version(table: "SyncedDatabaseTable") -> int | None:
    """The Delta version of the source that was copied last; None before the first one was."""
    status = table.data_synchronization_status
    last = status.last_sync if status else None
    return last.delta_table_sync_info.delta_commit_version if last and last.delta_table_sync_info else None


def _found(workspace: "WorkspaceClient", wanted: Publication) -> "SyncedDatabaseTable | None":
    """The synced table that is there.

    Errors: NotPublished, when it is another one's.
    """
    from databricks.sdk.errors import NotFound

    try:
        found = workspace.database.get_synced_database_table(wanted.table)
    except NotFound:
        return None
    spec = found.spec
    kept = {
        "store": found.effective_database_instance_name or found.database_instance_name,
        "source": spec.source_table_full_name if spec else None,
        "key": ", ".join(spec.primary_key_columns or []) if spec else None,
    }
    other = [
        f"{name} {value}, not {getattr(wanted, name)}" for name, value in kept.items() if value != getattr(wanted, name)
    ]
    if other:
        raise NotPublished(
            f"{wanted.table} is a synced table of {'; '.join(other)}. Delete it (databricks database"
            f" delete-synced-database-table {wanted.table}) once no served version reads it, and run this step again."
        )
    return found


def _made(workspace: "WorkspaceClient", wanted: Publication) -> "SyncedDatabaseTable":
    from databricks.sdk.errors import ResourceConflict
    from databricks.sdk.service.database import (
        NewPipelineSpec,
        SyncedDatabaseTable,
        SyncedTableSchedulingPolicy,
        SyncedTableSpec,
    )

    catalog, schema, _ = wanted.table.split(".")
    spec = SyncedTableSpec(
        source_table_full_name=wanted.source,
        primary_key_columns=[wanted.key],
        scheduling_policy=SyncedTableSchedulingPolicy("TRIGGERED" if wanted.tells_changes else "SNAPSHOT"),
        create_database_objects_if_missing=True,
        new_pipeline_spec=NewPipelineSpec(storage_catalog=catalog, storage_schema=schema),
    )
    table = SyncedDatabaseTable(
        name=wanted.table, database_instance_name=wanted.store, logical_database_name=catalog, spec=spec
    )
    try:
        return workspace.database.create_synced_database_table(table)
    except ResourceConflict:  # another run made it since we looked
        found = _found(workspace, wanted)
        if found is None:
            raise
        return found


def _started(workspace: "WorkspaceClient", pipeline: str, *, whole: bool) -> str:
    """The update that was started; none when another one is under way, which may have begun before our version."""
    from databricks.sdk.errors import ResourceConflict

    try:
        return str(workspace.pipelines.start_update(pipeline, full_refresh=whole).update_id)
    except ResourceConflict:
        return ""


def _state(workspace: "WorkspaceClient", pipeline: str, update: str) -> str:
    found = workspace.pipelines.get_update(pipeline, update).update
    state: UpdateInfoState | None = found.state if found else None
    return state.value if state else ""


def _is_provisioning(table: "SyncedDatabaseTable") -> bool:
    """Whether its first update is under way, which nobody has to start."""
    status = table.data_synchronization_status
    state = status.detailed_state.value if status and status.detailed_state else ""
    return not state or "PROVISIONING" in state


def _said(table: "SyncedDatabaseTable") -> str:
    status = table.data_synchronization_status
    if status is None:
        return "it says nothing of its state"
    state = status.detailed_state.value if status.detailed_state else "no state"
    return f"{state}: {status.message}".rstrip(": ") if status.message else state
