"""What is kept of a statement: its text, how it ended, and where its result is."""

import shutil
import uuid
from pathlib import Path

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import NotFound
from brickyard_local.sql.statements.payloads import StatementBody
from brickyard_local.store import Document, Store

PENDING, RUNNING = "PENDING", "RUNNING"
SUCCEEDED, FAILED, CANCELED, CLOSED = "SUCCEEDED", "FAILED", "CANCELED", "CLOSED"
PARTIAL = ".partial"
_KIND = "sql_statements"
_RESULT_MS = 3600 * 1000
_RECORD_MS = 12 * 3600 * 1000
_LOST = (
    "The local workspace ended while the statement ran. Whether it took effect before that, the table itself tells: "
    "DESCRIBE HISTORY."
)


class Records:
    """Statements in the store, their results in a folder."""

    def __init__(self, store: Store, home: Home) -> None:
        self._store = store
        self._root = home.root / "sql"

    def add(self, caller: Caller, body: StatementBody) -> Document:
        """A statement that has not begun."""
        document: Document = {
            "id": str(uuid.uuid4()),
            "principal": caller.principal,
            "state": PENDING,
            "created_at": now_ms(),
            **body.model_dump(by_alias=True, exclude={"wait_timeout", "on_wait_timeout"}),
        }
        return self._store.put(_KIND, document["id"], document, scope=caller.workspace.workspace_id)

    def get(self, workspace_id: int, statement_id: str) -> Document:
        """Errors: NotFound."""
        document = self._store.get(_KIND, statement_id, scope=workspace_id)
        if document is None:
            raise NotFound(f"The statement {statement_id} was not found.")
        return document

    def end(self, workspace_id: int, statement_id: str, **facts: object) -> Document:
        """`state`, and what belongs to it."""
        with self._store.write():
            document = {**self.get(workspace_id, statement_id), **facts, "ended_at": now_ms()}
            ended = self._store.put(_KIND, statement_id, document, scope=workspace_id)
        if ended["state"] != SUCCEEDED:  # what a process that was killed over it had written
            folder = self.folder(workspace_id, statement_id)
            for each in (folder, folder.with_name(f"{folder.name}{PARTIAL}")):
                shutil.rmtree(each, ignore_errors=True)
        return ended

    def folder(self, workspace_id: int, statement_id: str) -> Path:
        """Of the result's chunks."""
        return self._root / str(workspace_id) / statement_id

    def recover(self, workspace_ids: list[int]) -> None:
        """What an earlier process ran is not running any more."""
        for workspace_id in workspace_ids:
            for document in self._store.all(_KIND, scope=workspace_id):
                if document["state"] in {PENDING, RUNNING}:
                    error = {"error_code": "ABORTED", "message": _LOST}
                    self.end(workspace_id, document["id"], state=FAILED, error=error)
            self._remove_strangers(workspace_id)

    def sweep(self, workspace_ids: list[int]) -> None:
        """Close results that are an hour old; forget statements that ended twelve hours ago."""
        now = now_ms()
        for workspace_id in workspace_ids:
            for document in self._store.all(_KIND, scope=workspace_id):
                age = now - document.get("ended_at", now)
                if document["state"] == SUCCEEDED and age > _RESULT_MS:
                    closed = {**document, "state": CLOSED}
                    self._store.put(_KIND, document["id"], closed, scope=workspace_id)
                    shutil.rmtree(self.folder(workspace_id, document["id"]), ignore_errors=True)
                if age > _RECORD_MS:
                    self._store.delete(_KIND, document["id"], scope=workspace_id)

    def _remove_strangers(self, workspace_id: int) -> None:
        """Folders of results that were not finished."""
        whole = {each["id"] for each in self._store.all(_KIND, scope=workspace_id) if each["state"] == SUCCEEDED}
        root = self._root / str(workspace_id)
        for folder in root.iterdir() if root.is_dir() else ():
            if folder.name not in whole:
                shutil.rmtree(folder, ignore_errors=True)
