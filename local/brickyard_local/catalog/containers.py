"""Catalogs and schemas.

Source: docs.databricks.com/api/workspace/catalogs, …/schemas.
Gaps: `information_schema` (its name is reserved), storage roots, shares, connections: 501.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.catalog.refusals import refuse_foreign_storage
from brickyard_local.catalog.securables import CATALOG, INFORMATION_SCHEMA, SCHEMA
from brickyard_local.catalog.service import CatalogService
from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document


class ContainersService:
    """Catalogs and schemas of the account's metastore."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def create_catalog(self, caller: Caller, name: str, fields: Mapping[str, Any]) -> Document:
        """A catalog with its `default` schema. Errors: NotEmulated for what needs storage or shares."""
        refuse_foreign_storage(fields)
        kept = {field: value for field, value in fields.items() if value is not None}
        return self._catalog.create(caller, CATALOG, "", name, {**kept, "isolation_mode": "OPEN", "bindings": {}})

    def update_catalog(self, caller: Caller, name: str, changes: Mapping[str, Any]) -> Document:
        """Change a catalog. Becoming ISOLATED binds the caller's workspace, which would lose it otherwise."""
        changes = dict(changes)
        if changes.get("isolation_mode") == "ISOLATED":
            bindings = self._catalog.chain(CATALOG, name)[-1].document["bindings"]
            here = {str(caller.workspace.workspace_id): "BINDING_TYPE_READ_WRITE"}
            changes["bindings"] = bindings or here
        return self._catalog.update(caller, CATALOG, name, changes)

    def visible_catalogs(self, caller: Caller, *, browse: bool, unbound: bool) -> list[Document]:
        """Catalogs that the caller may see; `unbound` adds, for admins, those of other workspaces."""
        if unbound and caller.is_admin:
            return self._catalog.documents.children(CATALOG)
        return self._catalog.visible(caller, CATALOG, browse=browse)

    def create_schema(self, caller: Caller, catalog: str, name: str, fields: Mapping[str, Any]) -> Document:
        """Errors: NotEmulated for `storage_root`, InvalidParameter for the reserved name."""
        refuse_foreign_storage(fields)
        if name.lower() == INFORMATION_SCHEMA:
            raise InvalidParameter(f"'{name}' is a reserved schema name. Choose another.")
        kept = {field: value for field, value in fields.items() if value is not None}
        return self._catalog.create(caller, SCHEMA, catalog, name, kept)
