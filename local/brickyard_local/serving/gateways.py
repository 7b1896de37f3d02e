"""The AI Gateway of an endpoint: switched on, changed and off, its inference table with it."""

from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.serving.endpoints import Endpoints
from brickyard_local.serving.gateway import checked_gateway, refuse_move, table_wanted
from brickyard_local.serving.inference_tables import InferenceTables
from brickyard_local.serving.needs import Catalog
from brickyard_local.store import Document, Store


class Gateways:
    """Changes the gateways of endpoints."""

    def __init__(self, store: Store, endpoints: Endpoints, tables: InferenceTables, catalog: Catalog) -> None:
        self._store = store
        self._endpoints = endpoints
        self._tables = tables
        self._catalog = catalog

    def configured(self, caller: Caller, endpoint: Document, given: Mapping[str, Any]) -> Document:
        """The endpoint with a gateway, its table made. Keep it with `kept` in the same transaction, or call `undo`.

        Errors: InvalidParameter, NotEmulated; of Unity Catalog when the caller or the creator may not create the table.
        """
        gateway = checked_gateway(given)
        refuse_move(endpoint.get("ai_gateway") or {}, gateway, endpoint["name"])
        wanted = table_wanted(gateway, endpoint["name"])
        configured = {**endpoint, "ai_gateway": gateway, "payload_table": None}
        if wanted is None:
            return configured
        if caller.principal != endpoint["creator"]:
            self._catalog.require(caller, "schema", f"{wanted[0]}.{wanted[1]}", "CREATE_TABLE")
        table = self._tables.make(endpoint, wanted)
        known = {**(endpoint.get("payload_tables") or {}), table["full_name"]: table["id"]}
        return {**configured, "payload_table": table, "payload_tables": known}

    def kept(self, endpoint: Document) -> None:
        """The endpoint is kept with its table."""
        if endpoint.get("payload_table"):
            self._tables.made(endpoint["payload_table"])

    def undo(self, endpoint: Document) -> None:
        """The endpoint is not kept: its new table goes."""
        if endpoint.get("payload_table"):
            self._tables.unmake(endpoint, endpoint["payload_table"])

    def put(self, caller: Caller, name: str, given: Mapping[str, Any]) -> Document:
        """Replace the gateway of an endpoint. Errors: NotFound, PermissionDenied, and as `configured`."""
        configured = self.configured(caller, self._endpoints.find(caller, name, "CAN_MANAGE"), given)
        changes = {field: configured.get(field) for field in ("ai_gateway", "payload_table", "payload_tables")}
        try:
            with self._store.write():
                endpoint = self._endpoints.find(caller, name, "CAN_MANAGE")
                kept = self._endpoints.put({**endpoint, **changes, "last_updated_timestamp": now_ms()})
                self.kept(kept)
        except Exception:
            self.undo(configured)
            raise
        gateway: Document = kept["ai_gateway"]
        return gateway
