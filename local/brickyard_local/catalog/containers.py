"""Catalogs and schemas.

Source: docs.databricks.com/api/workspace/catalogs, …/schemas.
Gaps: `information_schema` (its name is reserved), shares, connections: 501.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.catalog.locations import LocationsService
from brickyard_local.catalog.refusals import refuse_foreign_storage
from brickyard_local.catalog.securables import CATALOG, INFORMATION_SCHEMA, SCHEMA, SecurableType
from brickyard_local.catalog.service import CatalogService
from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document


class ContainersService:
    """Catalogs and schemas of the account's metastore."""

    def __init__(self, catalog: CatalogService, locations: LocationsService) -> None:
        self._catalog = catalog
        self._locations = locations

    def create_catalog(self, caller: Caller, name: str, fields: Mapping[str, Any]) -> Document:
        """A catalog with its `default` schema. Errors: NotEmulated for what needs shares or connections."""
        return self._create(caller, CATALOG, "", name, {**fields, "isolation_mode": "OPEN", "bindings": {}})

    def update_catalog(self, caller: Caller, name: str, changes: Mapping[str, Any]) -> Document:
        """Change a catalog. Becoming ISOLATED binds the caller's workspace, which would lose it otherwise."""
        with self._catalog.storage.change():
            document = self._catalog.chain(CATALOG, name)[-1].document
            bindings = self._catalog.isolating(caller, document, changes)
            return self._catalog.update(caller, CATALOG, name, {**changes, **bindings})

    def create_schema(self, caller: Caller, catalog: str, name: str, fields: Mapping[str, Any]) -> Document:
        """Errors: as of `CatalogService.create`, and InvalidParameter for the reserved name."""
        if name.lower() == INFORMATION_SCHEMA:
            raise InvalidParameter(f"'{name}' is a reserved schema name. Choose another.")
        return self._create(caller, SCHEMA, catalog, name, fields)

    def _create(
        self, caller: Caller, kind: SecurableType, parent: str, name: str, fields: Mapping[str, Any]
    ) -> Document:
        """A `storage_root` is claimed, and answered with the folder that the platform would make below it."""
        refuse_foreign_storage(fields)
        kept = {field: value for field, value in fields.items() if value is not None}
        with self._catalog.storage.change():
            if kept.get("storage_root"):
                url = self._locations.claim_root(caller, kept["storage_root"], f"Create{kind.noun}")
                below = f"__unitystorage/{kind.kind}/{uuid.uuid4()}"
                kept |= {"storage_location": f"{url}/{below}"}
            return self._catalog.create(caller, kind, parent, name, kept)
