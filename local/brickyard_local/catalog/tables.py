"""Tables and views: registration, columns as the Delta log has them, access to their files.

A managed table is staged first: the engine gets a folder, writes a Delta log there, then registers it.
An EXTERNAL one lies where the client says, below an external location, and keeps its files when it is dropped.
Source: docs.databricks.com/api/workspace/tables, …/temporarytablecredentials; staging tables: unitycatalog's
`api/all.yaml`.
Gaps: other formats than Delta, streaming tables, materialized views, row filters and column masks: 501. Managed
tables lie in the home's `tables` folder, also below a `storage_root`.
"""

import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.catalog.delta import DeltaLogs
from brickyard_local.catalog.locations import LocationsService
from brickyard_local.catalog.payloads import CreateTable
from brickyard_local.catalog.privileges import OWN
from brickyard_local.catalog.reaching import Found, Page
from brickyard_local.catalog.securables import CATALOG, SCHEMA, TABLE, checked_name
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.urls import as_file_url, storage_url
from brickyard_local.clock import now_ms
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotEmulated, NotFound, PermissionDenied
from brickyard_local.store import Document, Store

_STAGED = "staging_tables"
_CREDENTIAL_S = 3600
FOREIGN = "FOREIGN"
_OF_SYNCED = frozenset({"owner", "comment"})


class TablesService:
    """Tables of the account's metastore."""

    def __init__(self, store: Store, catalog: CatalogService, locations: LocationsService) -> None:
        self._store = store
        self._catalog = catalog
        self._locations = locations
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
        fields = body.given("catalog_name", "schema_name", "name", "storage_location", "replace")
        fields = {field: value for field, value in fields.items() if value is not None}
        parent = f"{body.catalog_name}.{body.schema_name}"
        with self._catalog.storage.change():
            _refuse_unknown(body)
            if body.table_type == "VIEW":
                if body.replace:
                    self._drop_view(caller, f"{parent}.{body.name}")
                return self._catalog.create(caller, TABLE, parent, body.name, fields)
            if body.table_type == "EXTERNAL":
                fields |= {"data_source_format": "DELTA", "storage_location": self._claim(caller, body)}
                return self._catalog.create(caller, TABLE, parent, body.name, fields)
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
        return self.fresh(self._catalog.read(caller, TABLE, full_name, browse=browse))

    def exists(self, caller: Caller, full_name: str) -> bool:
        """Whether it exists, as far as the caller may know."""
        try:
            self._catalog.read(caller, TABLE, full_name, browse=True)
        except NotFound as error:
            if error.error_code == TABLE.missing:
                return False
            raise
        return True

    def tables(self, caller: Caller, schema: str, page: Page, *, browse: bool) -> Found:
        """Tables and views of a schema that the caller may see, as they were registered: see `fresh`."""
        return self._catalog.visible_page(caller, TABLE, schema, page, browse=browse)

    def summaries(
        self, caller: Caller, catalog: str, page: Page, schema_pattern: str | None, table_pattern: str | None
    ) -> Found:
        """Names and types of a catalog's tables; patterns are SQL LIKE patterns."""
        self._catalog.reach(caller, CATALOG, catalog)

        schemas, tables = _like(schema_pattern), _like(table_pattern)

        def wanted(full_name: str) -> bool:
            _, schema, table = full_name.split(".")
            return bool(schemas.match(schema) and tables.match(table))

        return self._catalog.visible_page(caller, TABLE, catalog, page, browse=False, wanted=wanted)

    def update(self, caller: Caller, full_name: str, changes: Mapping[str, Any]) -> Document:
        """Errors: as of `CatalogService.update`, and NotEmulated."""
        for column in changes.get("columns") or []:
            _refuse_mask(column)
        _refuse_filter(changes)
        with self._catalog.storage.change():
            self._refuse_borrowed_rights(caller, full_name, changes)
            self._refuse_synced(full_name, changes)
            document = self._catalog.update(caller, TABLE, full_name, changes)
        return self.fresh(document)

    def _refuse_synced(self, full_name: str, changes: Mapping[str, Any]) -> None:
        """Of a synced table its pipeline says what it is: Postgres would not follow another name or other columns."""
        document = self._catalog.documents.get(TABLE, full_name.lower())
        refused = sorted(set(changes) - _OF_SYNCED)
        if document is not None and document["table_type"] == FOREIGN and refused:
            raise InvalidParameter(
                f"'{full_name}' is a synced table: its {', '.join(refused)} cannot change. Drop it, and make another."
            )

    def _refuse_borrowed_rights(self, caller: Caller, full_name: str, changes: Mapping[str, Any]) -> None:
        """A view reads with its owner's rights: nobody else changes what it reads, or makes another its owner."""
        if not {"owner", "view_definition", "spark_view"} & set(changes):
            return
        document = self._catalog.read(caller, TABLE, full_name)
        if document["table_type"] != "VIEW" or caller.is_admin:
            return
        if (changes.get("owner") or caller.principal) not in caller.principals:
            raise PermissionDenied(
                f"View '{full_name}' reads with its owner's rights: you can give it to yourself or to a group "
                f"that holds you, and to '{changes['owner']}' by an administrator only."
            )
        if {"view_definition", "spark_view"} & set(changes):
            self._catalog.reach(caller, TABLE, full_name, OWN)

    def delete(self, caller: Caller, full_name: str) -> None:
        self._catalog.delete(caller, TABLE, full_name)

    def credential(self, caller: Caller, table_id: str, operation: str) -> Document:
        """Where the files of a table are, for an engine that checks access this way before it reads or writes."""
        document = self._catalog.documents.table_of_id(table_id)
        if document is None or document["table_type"] == "VIEW":
            raise NotFound(f"Table with id '{table_id}' does not exist.", error_code=TABLE.missing)
        for privilege in ("SELECT",) if operation == "READ" else ("SELECT", "MODIFY"):
            self._catalog.reach(caller, TABLE, document["full_name"], privilege)
        if operation != "READ" and document["table_type"] == "EXTERNAL":
            self._locations.refuse_read_only(self._locations.of(storage_url(document["storage_location"])))
        return {"url": as_file_url(self.folder(document)), "expiration_time": now_ms() + _CREDENTIAL_S * 1000}

    def folder(self, document: Document) -> Path:
        """Where a table's Delta log and data lie on this machine."""
        if document["table_type"] == "EXTERNAL":
            return self._catalog.storage.external_folder(storage_url(document["storage_location"]))
        return self._catalog.storage.table_folder(document["id"])

    def fresh(self, document: Document) -> Document:
        """The table with columns, comment and properties as its Delta log has them now."""
        if document["table_type"] == "VIEW" or document.get("data_source_format") != "DELTA":
            return document
        facts = self._logs.facts(self.folder(document))
        if facts is None:
            return document
        properties = {**document.get("properties", {}), **facts.properties}
        fresh = {**document, "columns": facts.columns, "properties": properties}
        return fresh if facts.comment is None else {**fresh, "comment": facts.comment}

    def _claim(self, caller: Caller, body: CreateTable) -> str:
        """The URL of a new EXTERNAL table; engines name the folder that stands for it."""
        if not body.storage_location:
            raise InvalidParameter("An EXTERNAL table needs a storage_location below an external location.")
        url = self._catalog.storage.url_of(body.storage_location)
        text = body.storage_location if url is None else str(url)
        self._locations.claim(caller, text, "CREATE_EXTERNAL_TABLE", "CreateTable")
        return text

    def _drop_view(self, caller: Caller, full_name: str) -> None:
        """Make room for the view that replaces it, in the same transaction. A table stays: its name is taken."""
        known = self._catalog.documents.get(TABLE, full_name)
        if known is not None and known["table_type"] == "VIEW":
            self._catalog.delete(caller, TABLE, full_name)

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


def _refuse_unknown(body: CreateTable) -> None:
    if body.table_type not in {"MANAGED", "EXTERNAL", "VIEW"}:
        raise NotEmulated(f"tables of type {body.table_type}; MANAGED and EXTERNAL tables and VIEWs are")
    if body.table_type != "VIEW" and body.data_source_format not in {None, "DELTA"}:
        raise NotEmulated(f"tables in format {body.data_source_format}; they are DELTA")
    for column in body.columns:
        _refuse_mask(column.given())
    _refuse_filter(body.given())


def _refuse_mask(column: Mapping[str, Any]) -> None:
    if column.get("mask"):
        raise NotEmulated(f"column masks (`mask` of column '{column['name']}')")


def _refuse_filter(table: Mapping[str, Any]) -> None:
    if table.get("row_filter"):
        raise NotEmulated("row filters (`row_filter` of a table)")


def _same_location(left: str, right: str) -> bool:
    """Java writes `file:/x`, Python `file:///x`."""

    def plain(location: str) -> str:
        return location.removeprefix("file:").replace("///", "/").rstrip("/")

    return plain(left) == plain(right)


def _like(pattern: str | None) -> re.Pattern[str]:
    """A SQL LIKE pattern; none matches everything."""
    meaning = {"%": ".*", "_": "."}
    text = "".join(meaning.get(character, re.escape(character)) for character in (pattern or "%").lower())
    return re.compile(f"{text}\\Z", re.DOTALL)
