"""One copy of a source table into Postgres: who it acts as, which version, and what is known of it afterwards.

A process of its own reads the Delta table and writes the rows, so that the workspace goes on answering meanwhile.
"""

import json
import os
import shutil
import sys
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_local.account import Home
from brickyard_local.child_environment import inherited
from brickyard_local.children import Child, spawn
from brickyard_local.clock import now_ms
from brickyard_local.databases.definition import TRIGGERED, require_change_data_feed
from brickyard_local.databases.needs import CallerOf, Postgres, SyncedSecurables
from brickyard_local.databases.places import place
from brickyard_local.databases.records import Records, sync_of
from brickyard_local.errors import LocalWorkspaceError, NotFound
from brickyard_local.store import Document

_LOOK_S = 0.1


class Canceled(LocalWorkspaceError):
    """Raised when a copy ended because it was stopped."""


class CopyFailed(LocalWorkspaceError):
    """Raised when the rows were not replaced; the message is for the owner of the synced table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copier:
    """Copies tables; one at a time."""

    home: Home
    records: Records
    securables: SyncedSecurables
    postgres: Postgres
    caller_of: CallerOf

    @property
    def _folder(self) -> Path:
        return self.home.root / "synced_tables"

    def sweep(self) -> None:
        """Remove what an earlier process left."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def incarnation(self) -> str:
        """Which files Postgres has now: rows of others are gone. Errors: as of `Postgres`."""
        return self.postgres.incarnation

    def update(self, pipeline_id: str, stopping: threading.Event) -> None:
        """Copy the newest version. Errors: Canceled, CopyFailed, NotFound, PermissionDenied, InvalidParameter."""
        synced = self._synced(pipeline_id)
        caller = self.caller_of(synced["workspace_id"], synced["creator"])
        source = self.securables.source(caller, synced["spec"]["source_table_full_name"])
        if synced["spec"]["scheduling_policy"] == TRIGGERED:
            require_change_data_feed(source)
        self._copy(synced, source, None, stopping)

    def restore(self, pipeline_id: str, stopping: threading.Event) -> None:
        """Copy again what was copied before: that version, or the newest where its files are gone.

        Errors: as `update`.
        """
        synced = self._synced(pipeline_id)
        if synced["incarnation"] == self.incarnation():
            self.records.change(pipeline_id, present=True)
            return
        source = self.securables.copied(synced["spec"]["source_table_full_name"])
        version, failure = synced["last_sync"]["version"], synced["failure"]
        try:
            self._copy(synced, source, version, stopping)
        except CopyFailed:
            self.update(pipeline_id, stopping)
        else:
            self.records.change(pipeline_id, failure=failure)

    def drop_forgotten(self) -> None:
        """Drop the rows of synced tables and instances that are gone."""
        kept = {place(each) for each in self.records.synced_tables()}
        for table in self.records.places():
            if table not in kept:
                self.postgres.drop_table(table)
                self.records.forget_place(table)
        for uid in self.records.closed_instances():
            self.postgres.drop_instance(uid)
            self.records.forget_closed(uid)

    def _synced(self, pipeline_id: str) -> Document:
        synced = self.records.of_pipeline(pipeline_id)
        if synced is None:
            raise NotFound("The synced table was dropped.")
        instance = self.records.instance_of(synced["workspace_id"], synced["instance_uid"])
        if instance is None:
            raise CopyFailed(f"Database instance '{synced['instance_name']}' was deleted. Drop the synced table.")
        if instance["stopped"]:
            raise CopyFailed(f"Database instance '{instance['name']}' is stopped: start it, then start an update.")
        return synced

    def _copy(self, synced: Document, source: Document, version: int | None, stopping: threading.Event) -> None:
        began_at, incarnation, table = now_ms(), self.incarnation(), place(synced)
        self.records.keep_place(table)
        self.postgres.prepare(table)
        request = {
            "socket": str(self.postgres.socket),
            "table": [table.instance, table.database, table.schema, table.name],
            "folder": str(self.securables.folder(source)),
            "source": source["full_name"],
            "version": version,
            "keys": synced["spec"]["primary_key_columns"],
            "timeseries_key": synced["spec"].get("timeseries_key"),
        }
        answer = self._run(request, stopping)
        sync = sync_of(answer["version"], answer["committed_at"], began_at)
        changes = {"last_sync": sync, "incarnation": incarnation, "present": True, "restoring": False, "failure": None}
        with self.securables.change():
            self.records.change(synced["pipeline_id"], **changes)
            self.securables.keep_columns(synced["full_name"], source.get("columns", []))

    def _run(self, request: dict[str, Any], stopping: threading.Event) -> dict[str, Any]:
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir(parents=True, mode=0o700)
        try:
            (folder / "request.json").write_text(json.dumps(request))
            child = spawn(
                [sys.executable, "-P", "-m", "brickyard_local.databases.child", str(folder)],
                log=self.home.logs / "synced_tables.log",
                environment=inherited(os.environ, also=("PYTHONPATH", "VIRTUAL_ENV")),
                folder=folder,
            )
            try:
                return self._wait(child, folder / "result.json", stopping)
            finally:
                child.stop(grace_s=0)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _wait(self, child: Child, result: Path, stopping: threading.Event) -> dict[str, Any]:
        while child.alive:
            if stopping.wait(_LOOK_S):
                raise Canceled("The copy was stopped.")
        if not result.exists():
            status = child.process.returncode
            raise CopyFailed(f"The process of the copy ended with status {status}; the log is {child.log}.")
        answer: dict[str, Any] = json.loads(result.read_text())
        if "error" in answer:
            raise CopyFailed(answer["error"])
        return answer
