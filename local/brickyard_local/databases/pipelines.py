"""Pipelines of synced tables, as far as their callers need them: start an update, follow it, stop it.

Whoever made the synced table owns its pipeline, and an update acts as that principal.
Source: docs.databricks.com/api/workspace/pipelines; databricks-sdk's `service/pipelines.py`.
Gaps: every other pipeline; of an update the selections of tables, `rewind_spec`, `validate_only`, `parameters`: 501.
"""

import uuid
from collections.abc import Callable

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.databases.answers import ACTIVE, QUEUED
from brickyard_local.databases.needs import Permissions
from brickyard_local.databases.payloads import StartUpdate
from brickyard_local.databases.records import Records
from brickyard_local.errors import NotEmulated, NotFound, ResourceConflict
from brickyard_local.store import Document

PIPELINES = "pipelines"
_TAKEN = frozenset({"full_refresh", "cause", "development"})


class PipelinesService:
    """Updates of the pipelines of synced tables."""

    def __init__(
        self,
        records: Records,
        permissions: Permissions,
        *,
        wake: Callable[[], None],
        cancel: Callable[[str], None],
    ) -> None:
        self._records = records
        self._permissions = permissions
        self.wake = wake
        self._cancel = cancel

    def exists(self, workspace_id: int, pipeline_id: str) -> bool:
        """Whether there is such a pipeline; the permissions service asks."""
        found = self._records.of_pipeline(pipeline_id)
        return found is not None and bool(found["workspace_id"] == workspace_id)

    def made(self, caller: Caller, synced: Document) -> None:
        """The pipeline of a new synced table, whose first update waits. In the transaction that makes the table."""
        self._permissions.own(caller, PIPELINES, synced["pipeline_id"])
        self._begin(synced, cause="API_CALL", full_refresh=True)

    def get(self, caller: Caller, pipeline_id: str) -> tuple[Document, list[Document]]:
        """The synced table of a pipeline, and its updates, newest first. Errors: NotFound, PermissionDenied."""
        synced = self._reached(caller, pipeline_id, "CAN_VIEW")
        return synced, self._records.updates(pipeline_id)

    def update(self, caller: Caller, pipeline_id: str, update_id: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        self._reached(caller, pipeline_id, "CAN_VIEW")
        found = self._records.update(pipeline_id, update_id)
        if found is None:
            raise NotFound(f"Pipeline {pipeline_id} has no update {update_id}.")
        return found

    def start(self, caller: Caller, pipeline_id: str, body: StartUpdate) -> Document:
        """Errors: NotFound, PermissionDenied, NotEmulated, ResourceConflict while an update is active."""
        synced = self._reached(caller, pipeline_id, "CAN_RUN")
        refused = sorted(name for name, value in body.given().items() if value and name not in _TAKEN)
        if refused:
            raise NotEmulated(f"`{'`, `'.join(refused)}` of an update of a pipeline")
        with self._records.store.write():
            active = self.active(pipeline_id)
            if active is not None:
                raise ResourceConflict(
                    f"An active update {active['update_id']} already exists for pipeline '{pipeline_id}': wait for its "
                    "end, or stop the pipeline."
                )
            update = self._begin(synced, cause=body.cause or "API_CALL", full_refresh=bool(body.full_refresh))
        self.wake()
        return update

    def stop(self, caller: Caller, pipeline_id: str) -> None:
        """Cancel what is active, if anything is. Errors: NotFound, PermissionDenied."""
        self._reached(caller, pipeline_id, "CAN_RUN")
        self._cancel(pipeline_id)

    def active(self, pipeline_id: str) -> Document | None:
        """The update that waits or runs."""
        return next((each for each in self._records.updates(pipeline_id) if each["state"] in ACTIVE), None)

    def _begin(self, synced: Document, *, cause: str, full_refresh: bool) -> Document:
        return self._records.begin(
            {
                "update_id": str(uuid.uuid4()),
                "pipeline_id": synced["pipeline_id"],
                "state": QUEUED,
                "cause": cause,
                "creation_time": now_ms(),
                "full_refresh": full_refresh,
                "message": None,
            }
        )

    def _reached(self, caller: Caller, pipeline_id: str, level: str) -> Document:
        found = self._records.of_pipeline(pipeline_id)
        if found is None or found["workspace_id"] != caller.workspace.workspace_id:
            raise NotFound(
                f"The specified pipeline {pipeline_id} was not found. Here only synced tables have pipelines: "
                "`data_synchronization_status.pipeline_id` names them."
            )
        self._permissions.require(caller, PIPELINES, pipeline_id, level)
        return found
