"""Synced tables as securables: read-only tables of type FOREIGN, beside the tables that they copy.

Source: docs.databricks.com/aws/en/oltp/instances/sync-data/sync-table (privileges: USE and CREATE TABLE on the schema,
SELECT on the source); databricks-sdk's `TableType` and `DataSourceFormat`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.catalog.privileges import MANAGE
from brickyard_local.catalog.securables import SCHEMA, TABLE
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import FOREIGN, TablesService
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.store import Document

_FORMAT = "POSTGRESQL_FORMAT"


class SyncedSecurables:
    """Makes, finds and drops them; finds the tables that they copy."""

    def __init__(self, catalog: CatalogService, tables: TablesService) -> None:
        self._catalog = catalog
        self._tables = tables

    def change(self) -> AbstractContextManager[Any]:
        """As `Storage.change`."""
        return self._catalog.storage.change()

    def follow(self, kind: str, told: Callable[[], None]) -> None:
        """As `CatalogService.follow`, of tables."""
        self._catalog.follow(kind, TABLE, told)

    def create(self, caller: Caller, full_name: str, columns: list[Document]) -> Document:
        """Errors: NotFound, PermissionDenied, AlreadyExists, InvalidParameter for a name without three levels."""
        parts = full_name.split(".")
        if len(parts) != TABLE.levels:
            raise InvalidParameter(f"name '{full_name}' of a synced table: please specify catalog.schema.table.")
        parent, _, name = full_name.rpartition(".")
        fields = {"table_type": FOREIGN, "data_source_format": _FORMAT, "columns": columns}
        return self._catalog.create(caller, TABLE, parent, name, fields)

    def drop(self, caller: Caller, full_name: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        self._tables.delete(caller, full_name)

    def manage(self, caller: Caller, full_name: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        return self._catalog.reach(caller, TABLE, full_name, MANAGE)[-1].document

    def read(self, caller: Caller, full_name: str) -> Document:
        """As `CatalogService.read`."""
        return self._catalog.read(caller, TABLE, full_name)

    def require(self, caller: Caller, full_name: str, privilege: str) -> Document:
        """A table, for a caller who holds the privilege. Errors: NotFound, PermissionDenied."""
        return self._catalog.reach(caller, TABLE, full_name, privilege)[-1].document

    def require_schema(self, caller: Caller, full_name: str, privilege: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        self._catalog.reach(caller, SCHEMA, full_name, privilege)

    def source(self, caller: Caller, full_name: str) -> Document:
        """A Delta table that the caller may SELECT, with its columns and properties of now.

        Errors: NotFound, PermissionDenied, NotEmulated.
        """
        return self._delta(self._catalog.reach(caller, TABLE, full_name, "SELECT")[-1].document)

    def copied(self, full_name: str) -> Document:
        """As `source`, of what was copied before. Nobody's privileges are asked. Errors: NotFound, NotEmulated."""
        return self._delta(self._catalog.chain(TABLE, full_name)[-1].document)

    def folder(self, source: Document) -> Path:
        """Where its Delta log and data lie on this machine."""
        return self._tables.folder(source)

    def keep_columns(self, full_name: str, columns: list[Document]) -> None:
        """The columns that the copy has now."""
        with self._catalog.storage.change():
            document = self._catalog.documents.get(TABLE, full_name)
            if document is not None and document.get("columns") != columns:
                self._catalog.documents.put(TABLE, {**document, "columns": columns})

    def _delta(self, document: Document) -> Document:
        if document["table_type"] not in {"MANAGED", "EXTERNAL"} or document.get("data_source_format") != "DELTA":
            kind = document["table_type"].lower()
            raise NotEmulated(
                f"synced tables of '{document['full_name']}', which is a {kind} (`source_table_full_name` names a "
                "MANAGED or EXTERNAL Delta table)"
            )
        return self._tables.fresh(document)
