"""Tables that a service of the workspace writes itself in a principal's name, e.g. the inference tables of serving."""

from pathlib import Path

from brickyard_local.callers import Caller
from brickyard_local.catalog.payloads import CreateTable
from brickyard_local.catalog.securables import TABLE
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import TablesService


class MadeTables:
    """Stages a folder for a Delta table, and registers it once its log is written."""

    def __init__(self, catalog: CatalogService, tables: TablesService) -> None:
        self._catalog = catalog
        self._tables = tables

    def stage(self, caller: Caller, catalog: str, schema: str, name: str) -> tuple[str, Path]:
        """The id of a table to be, and its folder. Errors: as `TablesService.stage`."""
        staged = self._tables.stage(caller, catalog, schema, name)
        return staged["id"], self._catalog.storage.table_folder(staged["id"])

    def register(self, caller: Caller, catalog: str, schema: str, name: str, folder: Path) -> None:
        """Errors: as `TablesService.create`."""
        body = CreateTable(
            catalog_name=catalog,
            schema_name=schema,
            name=name,
            table_type="MANAGED",
            data_source_format="DELTA",
            storage_location=folder.as_uri(),
        )
        self._tables.create(caller, body)

    def id_of(self, full_name: str) -> str | None:
        """The id of the table of that name, or None."""
        document = self._catalog.documents.get(TABLE, full_name)
        return None if document is None else str(document["id"])

    def drop(self, caller: Caller, full_name: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        self._tables.delete(caller, full_name)
