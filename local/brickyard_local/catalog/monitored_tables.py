"""Tables and schemas as monitors ask for them: with privileges that the caller must hold, and by id."""

from brickyard_local.callers import Caller
from brickyard_local.catalog.securables import SCHEMA, TABLE
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import TablesService
from brickyard_local.store import Document


class MonitoredTables:
    """Finds what a monitor is about."""

    def __init__(self, catalog: CatalogService, tables: TablesService) -> None:
        self._catalog = catalog
        self._tables = tables

    def table(self, caller: Caller, full_name: str, *privileges: str) -> Document:
        """A table with its columns of now, for a caller who holds all of these. Errors: NotFound, PermissionDenied."""
        chains = [self._catalog.reach(caller, TABLE, full_name, privilege) for privilege in privileges]
        return self._tables.fresh(chains[-1][-1].document)

    def table_of_id(self, table_id: str) -> Document | None:
        return self._catalog.documents.table_of_id(table_id)

    def schema(self, caller: Caller, full_name: str, *privileges: str) -> Document:
        """A schema, for a caller who holds all of these. Errors: NotFound, PermissionDenied."""
        chains = [self._catalog.reach(caller, SCHEMA, full_name, privilege) for privilege in privileges]
        return chains[-1][-1].document

    def schema_of_id(self, schema_id: str) -> Document | None:
        return next((each for each in self._catalog.documents.children(SCHEMA) if each["id"] == schema_id), None)

    def schema_named(self, full_name: str) -> Document | None:
        return self._catalog.documents.get(SCHEMA, full_name)
