"""Routes of volumes. Source: docs.databricks.com/api/workspace/volumes."""

from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.payloads import CreateVolume, UpdateVolume
from brickyard_local.catalog.render import info, page
from brickyard_local.catalog.securables import VOLUME
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter()


@router.post("/volumes")
def create_volume(body: CreateVolume, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, EXTERNAL_LOCATION_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _info(local.volumes.create(caller, body), local)


@router.get("/volumes")
def list_volumes(  # noqa: PLR0913 - the API's parameters
    catalog_name: str,
    schema_name: str,
    caller: CurrentCaller,
    local: Local,
    include_browse: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Errors: SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
    parent = f"{catalog_name}.{schema_name}"
    found = local.catalog.visible(caller, VOLUME, parent, browse=include_browse)
    return page([_info(document, local) for document in found], "volumes", max_results, page_token)


@router.get("/volumes/{full_name}")
def get_volume(full_name: str, caller: CurrentCaller, local: Local, include_browse: bool = False) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _info(local.catalog.read(caller, VOLUME, full_name, browse=include_browse), local)


@router.patch("/volumes/{full_name}")
def update_volume(full_name: str, body: UpdateVolume, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_volume`, and RESOURCE_ALREADY_EXISTS, PRINCIPAL_DOES_NOT_EXIST."""
    return _info(local.catalog.update(caller, VOLUME, full_name, body.given()), local)


@router.delete("/volumes/{full_name}")
def delete_volume(full_name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_volume`."""
    local.catalog.delete(caller, VOLUME, full_name)
    return {}


def _info(document: Document, local: LocalState) -> Document:
    location = local.catalog.storage.volume_folder(document["full_name"]).as_uri()
    return {"storage_location": location, **info(VOLUME, document, local.account.metastore_id)}
