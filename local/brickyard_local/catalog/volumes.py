"""Managed volumes and the folders of their files. Source: docs.databricks.com/api/workspace/volumes.

Gaps: EXTERNAL volumes: 501.
"""

from brickyard_local.callers import Caller
from brickyard_local.catalog.payloads import CreateVolume
from brickyard_local.catalog.securables import VOLUME
from brickyard_local.catalog.service import CatalogService
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.store import Document


class VolumesService:
    """Volumes of the account's metastore."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def create(self, caller: Caller, body: CreateVolume) -> Document:
        """Errors: NotEmulated for EXTERNAL, InvalidParameter for a location of a managed volume."""
        if body.volume_type == "EXTERNAL":
            raise NotEmulated("EXTERNAL volumes (external locations); MANAGED volumes are")
        if body.storage_location:
            raise InvalidParameter(
                f"storage_location '{body.storage_location}': a MANAGED volume is given its location. Leave it out."
            )
        fields: dict[str, str] = {"volume_type": body.volume_type}
        if body.comment is not None:
            fields["comment"] = body.comment
        parent = f"{body.catalog_name}.{body.schema_name}"
        return self._catalog.create(caller, VOLUME, parent, body.name, fields)
