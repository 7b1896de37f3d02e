"""Tables and views: registration, columns as the Delta log has them, access to their files.

A managed table is staged first: the engine gets a folder, writes a Delta log there, then registers it.
Source: docs.databricks.com/api/workspace/tables, …/temporarytablecredentials; staging tables: unitycatalog's
`api/all.yaml`.
Gaps: EXTERNAL tables, other formats than Delta, streaming tables and materialized views: 501.
"""

import fnmatch
import uuid
from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.catalog.delta import DeltaLogs
from brickyard_local.catalog.payloads import CreateTable
from brickyard_local.catalog.privileges import MANAGE
from brickyard_local.catalog.securables import CATALOG, SCHEMA, TABLE, checked_name
from brickyard_local.catalog.service import CatalogService
from brickyard_local.clock import now_ms
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotEmulated, NotFound
from brickyard_local.store import Document, Store

_STAGED = "staging_tables"
_CREDENTIAL_S = 3600


class TablesService:
    """Tables of the account's metastore."""

    def __init__(self, store: Store, catalog: CatalogService) -> None:
        self._store = store
        self._catalog = catalog
        self._logs = DeltaLogs()

    def start(self) -> None:
        """Remove staged tables that nobody can register any more: their engine ended with the last process."""
        for staged in self._store.all(_STAGED):
            self._store.delete(_STAGED, staged["id"])
        known = {document["id"] for document in self._catalog.documents.children(TABLE)}
        self._catalog.storage.sweep_tables(known)

    def stage(self, caller: Caller, catalog: str, schema: str, name: str) -> Document:
        """A folder for a managed table that is to be written and registered. Errors: as registering it."""
        full_name = self._free_name(caller, catalog, schema, name)
        table_id = str(uuid.uuid4())
        location = self._catalog.storage.table_folder(table_id).as_uri()
        staged = {"id": table_id, "full_name": full_name, "owner": caller.principal, "staging_location": location}
        return self._store.put(_STAGED, table_id, staged)

    def create(self, caller: Caller, body: CreateTable) -> Document:
        """Register a table or view. Errors: NotEmulated, InvalidParameter, TABLE_ALREADY_EXISTS."""
        fields = body.given("catalog_name", "schema_name", "name", "storage_location")
        fields = {field: value for field, value in fields.items() if value is not None}
        parent = f"{body.catalog_name}.{body.schema_name}"
        with self._catalog.storage.change():
            if body.table_type == "VIEW":
                return self._catalog.create(caller, TABLE, parent, body.name, fields)
            _refuse_unmanaged(body)
            full_name = self._free_name(caller, body.catalog_name, body.schema_name, body.name)
            staged = self._staged(caller, full_name, body.storage_location)
            self._store.delete(_STAGED, staged["id"])
            fields |= {
                "id": staged["id"],
                "data_source_format": "DELTA",
                "storage_location": staged["staging_location"],
            }
            return self._catalog.create(caller, TABLE, parent, body.name, fields)

    def table(self, caller: Caller, full_name: str, *, browse: bool = False) -> Document:
        """A table with its columns of now."""
        return self._fresh(self._catalog.read(caller, TABLE, full_name, browse=browse))

    def exists(self, caller: Caller, full_name: str) -> bool:
        """Whether it exists, as far as the caller may know."""
        try:
            self._catalog.read(caller, TABLE, full_name, browse=True)
        except NotFound as error:
            if error.error_code == TABLE.missing:
                return False
            raise
        return True

    def tables(self, caller: Caller, schema: str, *, columns: bool, browse: bool) -> list[Document]:
        """Tables and views of a schema that the caller may see."""
        found = self._catalog.visible(caller, TABLE, schema, browse=browse)
        return [self._fresh(document) if columns else document for document in found]

    def summaries(
        self, caller: Caller, catalog: str, schema_pattern: str | None, table_pattern: str | None
    ) -> list[Document]:
        """Names and types of a catalog's tables; patterns are SQL LIKE patterns."""
        self._catalog.reach(caller, CATALOG, catalog)
        return [
            document
            for schema in self._catalog.visible(caller, SCHEMA, catalog)
            if _like(schema["full_name"].split(".")[1], schema_pattern)
            for document in self._catalog.visible(caller, TABLE, schema["full_name"])
            if _like(document["full_name"].split(".")[2], table_pattern)
        ]

    def update(self, caller: Caller, full_name: str, changes: Mapping[str, Any]) -> Document:
        return self._fresh(self._catalog.update(caller, TABLE, full_name, changes))

    def delete(self, caller: Caller, full_name: str) -> None:
        self._catalog.delete(caller, TABLE, full_name)

    def constrain(self, caller: Caller, full_name: str, constraint: Document) -> None:
        """Keep a constraint with the table: informational, as on Databricks. Errors: AlreadyExists."""
        with self._catalog.storage.change():
            document = self._catalog.reach(caller, TABLE, full_name, MANAGE)[-1].document
            kept = document.get("table_constraints", [])
            if constraint_name(constraint) in map(constraint_name, kept):
                raise AlreadyExists(f"Constraint '{constraint_name(constraint)}' already exists on '{full_name}'.")
            self._catalog.update(caller, TABLE, full_name, {"table_constraints": [*kept, constraint]})

    def unconstrain(self, caller: Caller, full_name: str, name: str) -> None:
        """Errors: NotFound when the table has no constraint of that name."""
        with self._catalog.storage.change():
            document = self._catalog.reach(caller, TABLE, full_name, MANAGE)[-1].document
            kept = [each for each in document.get("table_constraints", []) if constraint_name(each) != name]
            if len(kept) == len(document.get("table_constraints", [])):
                raise NotFound(f"Constraint '{name}' does not exist on Table '{full_name}'.")
            self._catalog.update(caller, TABLE, full_name, {"table_constraints": kept})

    def credential(self, caller: Caller, table_id: str, operation: str) -> Document:
        """Where the files of a table are, for an engine that checks access this way before it reads or writes."""
        found = [each for each in self._catalog.documents.children(TABLE) if each["id"] == table_id]
        if not found or found[0]["table_type"] == "VIEW":
            raise NotFound(f"Table with id '{table_id}' does not exist.", error_code=TABLE.missing)
        for privilege in ("SELECT",) if operation == "READ" else ("SELECT", "MODIFY"):
            self._catalog.reach(caller, TABLE, found[0]["full_name"], privilege)
        return {"url": found[0]["storage_location"], "expiration_time": now_ms() + _CREDENTIAL_S * 1000}

    def _free_name(self, caller: Caller, catalog: str, schema: str, name: str) -> str:
        chain = self._catalog.reach(caller, SCHEMA, f"{catalog}.{schema}", TABLE.create)
        full_name = f"{chain[-1].document['full_name']}.{checked_name(name)}"
        if self._catalog.documents.get(TABLE, full_name) is not None:
            raise AlreadyExists(f"Table '{full_name}' already exists", error_code=TABLE.existing)
        return full_name

    def _staged(self, caller: Caller, full_name: str, location: str | None) -> Document:
        for staged in self._store.all(_STAGED):
            same = staged["full_name"] == full_name and staged["owner"] == caller.principal
            if same and _same_location(staged["staging_location"], location or ""):
                return staged
        raise InvalidParameter(
            f"storage_location '{location}' of managed table '{full_name}' was not staged by this principal. "
            "Ask POST /api/2.1/unity-catalog/staging-tables for a location first, and write the table there."
        )

    def _fresh(self, document: Document) -> Document:
        if document["table_type"] == "VIEW" or document.get("data_source_format") != "DELTA":
            return document
        facts = self._logs.facts(self._catalog.storage.table_folder(document["id"]))
        if facts is None:
            return document
        properties = {**document.get("properties", {}), **facts.properties}
        fresh = {**document, "columns": facts.columns, "properties": properties}
        return fresh if facts.comment is None else {**fresh, "comment": facts.comment}


def constraint_name(constraint: Document) -> str:
    """The name of a constraint in any of the API's three shapes, or as the Spark catalog plug-in sends it."""
    inner = next((value for value in constraint.values() if isinstance(value, dict)), constraint)
    return str(inner.get("name", ""))


def _refuse_unmanaged(body: CreateTable) -> None:
    if body.table_type != "MANAGED":
        raise NotEmulated(f"tables of type {body.table_type}; MANAGED tables and VIEWs are")
    if body.data_source_format not in {None, "DELTA"}:
        raise NotEmulated(f"managed tables in format {body.data_source_format}; they are DELTA")


def _same_location(left: str, right: str) -> bool:
    """Java writes `file:/x`, Python `file:///x`."""

    def plain(location: str) -> str:
        return location.removeprefix("file:").replace("///", "/").rstrip("/")

    return plain(left) == plain(right)


def _like(name: str, pattern: str | None) -> bool:
    if not pattern:
        return True
    escaped = pattern.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    return fnmatch.fnmatchcase(name, escaped.replace("%", "*").replace("_", "?").lower())
