"""Runs statements, each in a thread of its own that ends with it."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError
from brickyard_local.sql.access import Access
from brickyard_local.sql.engine.formats import encoded
from brickyard_local.sql.front.outcome import ForSpark, Rows
from brickyard_local.sql.statements.answers import failure
from brickyard_local.sql.statements.records import CANCELED, FAILED, PENDING, RUNNING, SUCCEEDED, Records
from brickyard_local.sql.warehouses.process import WarehouseProcess
from brickyard_local.sql.warehouses.service import WarehousesService
from brickyard_local.store import Document

_PRESS_EVERY_S = 0.1
_log = logging.getLogger("brickyard_local.sql")


class Front(Protocol):
    """What answers or translates a statement."""

    def handle(self, caller: Caller, token: str, record: Document) -> Rows | ForSpark: ...


@dataclass(kw_only=True, slots=True)
class Live:
    """A statement that has not ended."""

    caller: Caller
    warehouse_id: str
    state: str = PENDING
    process: WarehouseProcess | None = None
    canceled: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


class Runner:
    """Statements that run now, by id."""

    def __init__(self, records: Records, warehouses: WarehousesService, front: Front, access: Access) -> None:
        self._records = records
        self._warehouses = warehouses
        self._front = front
        self._access = access
        self._live: dict[str, Live] = {}

    def start(self, caller: Caller, record: Document) -> Live:
        """Begin a statement that is on record."""
        live = self._live[record["id"]] = Live(caller=caller, warehouse_id=record["warehouse_id"])
        threading.Thread(target=self._run, args=(live, record), name=f"sql-{record['id']}", daemon=True).start()
        return live

    def live(self, statement_id: str) -> Live | None:
        """The statement if it has not ended."""
        return self._live.get(statement_id)

    def cancel(self, statement_id: str) -> None:
        """Ask for its end; one that has ended stays as it ended."""
        live = self._live.get(statement_id)
        if live is not None:
            live.canceled.set()
            if not _pressed(live, statement_id):
                again = threading.Thread(target=_press, args=(live, statement_id), name="sql-cancel", daemon=True)
                again.start()

    def _run(self, live: Live, record: Document) -> None:
        workspace_id = live.caller.workspace.workspace_id
        try:
            facts = self._outcome(live, record)
        except ApiError as error:
            stopped = live.canceled.is_set()
            facts = {"state": CANCELED} if stopped else {"state": FAILED, "error": failure(error)}
        except Exception as error:  # noqa: BLE001 - a bug of ours must end the statement, not hang its client
            _log.exception("statement %s", record["id"])
            message = f"The local workspace failed over the statement: {type(error).__name__}"
            facts = {"state": FAILED, "error": {"error_code": "INTERNAL_ERROR", "message": message}}
        try:
            self._records.end(workspace_id, record["id"], **facts)
        finally:
            del self._live[record["id"]]  # `live.state` stays: SUCCEEDED is said with the record that has the result
            live.done.set()

    def _outcome(self, live: Live, record: Document) -> dict[str, Any]:
        with self._access.token(live.caller, record["id"]) as token:
            prepared = self._front.handle(live.caller, token, record)
            if isinstance(prepared, Rows) and record["format"] != "ARROW_STREAM":
                return _told(_write(prepared, record, self._folder(live, record)), live)
            process = self._warehouses.running(live.caller, live.warehouse_id, given_up=live.canceled.is_set)
            if process is None:
                return {"state": CANCELED}
            live.process, live.state = process, RUNNING
            return _told(self._asked(live, record, prepared, token), live)

    def _asked(self, live: Live, record: Document, prepared: Rows | ForSpark, token: str) -> dict[str, Any]:
        """What the warehouse's process answers."""
        if live.process is None or live.canceled.is_set():
            return {"canceled": True}
        request = self._request(live, record)
        if isinstance(prepared, Rows):
            rows = {"columns": _columns(prepared), "rows": prepared.rows}
            return live.process.ask("/rows", {**request, **rows})
        text = {"text": prepared.text, "views": list(prepared.views)}
        environment = self._access.environment(live.caller, token)
        body = {**request, **text, "environment": environment}
        return live.process.ask("/statements", body, statement_id=record["id"])

    def _request(self, live: Live, record: Document) -> dict[str, Any]:
        return {
            "statement_id": record["id"],
            "user": live.caller.principal,
            "catalog": record["catalog"],
            "schema": record["schema"],
            "row_limit": record["row_limit"],
            "byte_limit": record["byte_limit"],
            "format": record["format"],
            "inline": record["disposition"] == "INLINE",
            "folder": str(self._folder(live, record)),
        }

    def _folder(self, live: Live, record: Document) -> Path:
        return self._records.folder(live.caller.workspace.workspace_id, record["id"])


def _pressed(live: Live, statement_id: str) -> bool:
    """Whether the warehouse's process knows that the statement is canceled."""
    return live.process is not None and live.process.cancel(statement_id)


def _press(live: Live, statement_id: str) -> None:
    """Until the process, which the statement is on its way to, knows: else it would run to its end."""
    while not live.done.wait(_PRESS_EVERY_S) and not _pressed(live, statement_id):
        pass


def _told(answer: Mapping[str, Any], live: Live) -> dict[str, Any]:
    """The facts of the record."""
    if "canceled" in answer or ("error" in answer and live.canceled.is_set()):
        return {"state": CANCELED}
    if "error" in answer:
        return {"state": FAILED, "error": answer["error"]}
    return {"state": SUCCEEDED, **{key: answer[key] for key in ("columns", "chunks", "truncated")}}


def _columns(rows: Rows) -> list[dict[str, Any]]:
    return [
        {"name": name, "position": position, "type_name": "STRING", "type_text": "STRING"}
        for position, name in enumerate(rows.columns)
    ]


def _write(rows: Rows, record: Document, folder: Path) -> dict[str, Any]:
    kept = list(rows.rows)[: record["row_limit"]]
    content = encoded(kept, format_=record["format"], header=rows.columns)
    partial = folder.with_name(folder.name + ".partial")
    partial.mkdir(parents=True, mode=0o700)
    (partial / "0").write_bytes(content)
    partial.rename(folder)
    chunk = {"chunk_index": 0, "row_offset": 0, "row_count": len(kept), "byte_count": len(content)}
    return {"columns": _columns(rows), "chunks": [chunk], "truncated": len(kept) < len(rows.rows)}
