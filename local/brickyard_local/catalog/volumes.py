"""Volumes and the folders of their files. Source: docs.databricks.com/api/workspace/volumes."""

from brickyard_local.callers import Caller
from brickyard_local.catalog.locations import LocationsService
from brickyard_local.catalog.payloads import CreateVolume
from brickyard_local.catalog.securables import VOLUME
from brickyard_local.catalog.service import CatalogService
from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document


class VolumesService:
    """Volumes of the account's metastore."""

    def __init__(self, catalog: CatalogService, locations: LocationsService) -> None:
        self._catalog = catalog
        self._locations = locations

    def create(self, caller: Caller, body: CreateVolume) -> Document:
        """Errors: InvalidParameter for a location of a managed volume, or one that overlaps; NotFound."""
        external = body.volume_type == "EXTERNAL"
        if bool(body.storage_location) != external:
            raise InvalidParameter(
                f"storage_location '{body.storage_location}': a MANAGED volume is given its location, an EXTERNAL one "
                "needs one below an external location."
            )
        fields: dict[str, str] = {"volume_type": body.volume_type}
        if body.comment is not None:
            fields["comment"] = body.comment
        parent = f"{body.catalog_name}.{body.schema_name}"
        with self._catalog.storage.change():
            if body.storage_location:
                self._locations.claim(caller, body.storage_location, "CREATE_EXTERNAL_VOLUME", "CreateVolume")
                fields["storage_location"] = body.storage_location
            return self._catalog.create(caller, VOLUME, parent, body.name, fields)
