"""The inference table of an endpoint: made when it is switched on, in the name of the endpoint's creator.

A table that a kill left without its endpoint is dropped at the next start: what is under way is written down first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_local.clock import now_ms
from brickyard_local.errors import ApiError
from brickyard_local.serving.needs import CallerOf, Tables
from brickyard_local.serving.payload_table import FIRST_COMMIT, MOST_BODY_BYTES, TOO_LARGE, first_commit
from brickyard_local.serving.payload_writer import PayloadWriter
from brickyard_local.store import Document, Store

_INTENTS = "inference_table_intents"
_DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and its answer."""

    request_id: str
    client_request_id: str | None
    received_ms: int
    status: int
    took_ms: int
    request: bytes
    response: bytes
    served_entity_id: str
    requester: str


class InferenceTables:
    """Makes inference tables and records into them."""

    def __init__(self, store: Store, tables: Tables, writer: PayloadWriter, caller_of: CallerOf) -> None:
        self._store = store
        self._tables = tables
        self._writer = writer
        self._caller_of = caller_of

    def recover(self) -> None:
        """Drop tables whose endpoint never came to be; write what was recorded."""
        for intent in self._store.all(_INTENTS):
            if self._tables.id_of(intent["full_name"]) == intent["table_id"]:
                creator = self._caller_of(intent["workspace_id"], intent["creator"])
                self._tables.drop(creator, intent["full_name"])
            self._store.delete(_INTENTS, intent["table_id"])
        self._writer.recover()

    def close(self) -> None:
        """Stop writing."""
        self._writer.close()

    def make(self, endpoint: Document, wanted: tuple[str, str, str]) -> Document:
        """The table of an endpoint; one that this endpoint had before is taken up again.

        Call `made` with it in the transaction that keeps the endpoint. Errors: of Unity Catalog for the creator.
        """
        full_name = ".".join(wanted).lower()
        known = (endpoint.get("payload_tables") or {}).get(full_name)
        if known is not None and self._tables.id_of(full_name) == known:
            return {"full_name": full_name, "id": known}
        creator = self._caller_of(endpoint["workspace_id"], endpoint["creator"])
        table_id, folder = self._tables.stage(creator, *wanted)
        log = folder / "_delta_log"
        log.mkdir(parents=True)
        (log / FIRST_COMMIT).write_text(first_commit(table_id, now_ms()))
        table = {"full_name": full_name, "id": table_id}
        intent = {"table_id": table_id, "full_name": full_name}
        whose = {"workspace_id": endpoint["workspace_id"], "creator": endpoint["creator"]}
        self._store.put(_INTENTS, table_id, {**intent, **whose})
        try:
            self._tables.register(creator, *wanted, folder)
        except ApiError:
            self._store.delete(_INTENTS, table_id)
            raise
        return table

    def made(self, table: Document) -> None:
        """The endpoint keeps the table."""
        self._store.delete(_INTENTS, table["id"])

    def unmake(self, endpoint: Document, table: Document) -> None:
        """The endpoint could not be kept after all."""
        if self._store.get(_INTENTS, table["id"]) is not None:
            creator = self._caller_of(endpoint["workspace_id"], endpoint["creator"])
            self._tables.drop(creator, table["full_name"])
            self.made(table)

    def record(self, table_id: str, exchange: Exchange) -> None:
        """Keep an exchange for its table; when this returns a kill does not lose it."""
        self._writer.record(table_id, _row(exchange))


def _row(exchange: Exchange) -> Mapping[str, Any]:
    bodies = {"request": exchange.request, "response": exchange.response}
    missing = [TOO_LARGE[name] for name, body in bodies.items() if len(body) > MOST_BODY_BYTES]
    return {
        "databricks_request_id": exchange.request_id,
        "request_date": exchange.received_ms // _DAY_MS,
        "client_request_id": exchange.client_request_id,
        "request_time": exchange.received_ms * 1000,
        "status_code": exchange.status,
        "sampling_fraction": 1.0,
        "execution_duration_ms": exchange.took_ms,
        "logging_error_codes": missing,
        "served_entity_id": exchange.served_entity_id,
        "requester": exchange.requester,
    } | {name: None if len(body) > MOST_BODY_BYTES else body.decode(errors="replace") for name, body in bodies.items()}
