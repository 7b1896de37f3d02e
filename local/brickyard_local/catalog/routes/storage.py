"""Routes of storage credentials, external locations and access to paths.

Source: docs.databricks.com/api/workspace/storagecredentials, …/externallocations, …/temporarypathcredentials.
"""

from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.render import info, page
from brickyard_local.catalog.securables import EXTERNAL_LOCATION, STORAGE_CREDENTIAL
from brickyard_local.catalog.storage_payloads import (
    CreateExternalLocation,
    CreateStorageCredential,
    PathCredentialRequest,
    UpdateExternalLocation,
    UpdateStorageCredential,
    ValidateStorageCredential,
)
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter()
# databricks-sdk asks under /api/2.0, as for tables.
credentials = LazyRouter()


@router.post("/storage-credentials")
def create_storage_credential(body: CreateStorageCredential, caller: CurrentCaller, local: Local) -> Document:
    """Errors: STORAGE_CREDENTIAL_ALREADY_EXISTS, INVALID_PARAMETER_VALUE, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    return info(STORAGE_CREDENTIAL, local.unity.credentials.create(caller, body), local.account.metastore_id)


@router.get("/storage-credentials")
def list_storage_credentials(
    caller: CurrentCaller,
    local: Local,
    include_unbound: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Those that the caller may see."""
    found = local.catalog.beside(caller, STORAGE_CREDENTIAL, unbound=include_unbound)
    shown = [info(STORAGE_CREDENTIAL, document, local.account.metastore_id) for document in found]
    return page(shown, "storage_credentials", max_results, page_token)


@router.get("/storage-credentials/{name}")
def get_storage_credential(name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: STORAGE_CREDENTIAL_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return info(STORAGE_CREDENTIAL, local.catalog.read(caller, STORAGE_CREDENTIAL, name), local.account.metastore_id)


@router.patch("/storage-credentials/{name}")
def update_storage_credential(
    name: str, body: UpdateStorageCredential, caller: CurrentCaller, local: Local
) -> Document:
    """Errors: as `get_storage_credential`, and INVALID_PARAMETER_VALUE, PRINCIPAL_DOES_NOT_EXIST."""
    return info(STORAGE_CREDENTIAL, local.unity.credentials.update(caller, name, body), local.account.metastore_id)


@router.delete("/storage-credentials/{name}")
def delete_storage_credential(name: str, caller: CurrentCaller, local: Local, force: bool = False) -> Document:
    """Errors: as `get_storage_credential`, and INVALID_STATE while locations use it."""
    local.unity.credentials.delete(caller, name, force=force)
    return {}


@router.post("/validate-storage-credentials")
def validate_storage_credential(body: ValidateStorageCredential, caller: CurrentCaller, local: Local) -> Document:
    """Every operation is SKIPped: nothing here calls a cloud. Errors: as `get_storage_credential`."""
    return local.unity.credentials.validate(caller, body)


@router.post("/external-locations")
def create_external_location(body: CreateExternalLocation, caller: CurrentCaller, local: Local) -> Document:
    """Errors: EXTERNAL_LOCATION_ALREADY_EXISTS, INVALID_PARAMETER_VALUE for overlaps, PERMISSION_DENIED."""
    return info(EXTERNAL_LOCATION, local.unity.locations.create(caller, body), local.account.metastore_id)


@router.get("/external-locations")
def list_external_locations(
    caller: CurrentCaller,
    local: Local,
    include_browse: bool = False,
    include_unbound: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Those that the caller may see."""
    found = local.catalog.beside(caller, EXTERNAL_LOCATION, browse=include_browse, unbound=include_unbound)
    shown = [info(EXTERNAL_LOCATION, document, local.account.metastore_id) for document in found]
    return page(shown, "external_locations", max_results, page_token)


@router.get("/external-locations/{name}")
def get_external_location(name: str, caller: CurrentCaller, local: Local, include_browse: bool = False) -> Document:
    """Errors: EXTERNAL_LOCATION_DOES_NOT_EXIST, PERMISSION_DENIED."""
    document = local.catalog.read(caller, EXTERNAL_LOCATION, name, browse=include_browse)
    return info(EXTERNAL_LOCATION, document, local.account.metastore_id)


@router.patch("/external-locations/{name}")
def update_external_location(name: str, body: UpdateExternalLocation, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_external_location`, and INVALID_PARAMETER_VALUE for overlaps, INVALID_STATE."""
    return info(EXTERNAL_LOCATION, local.unity.locations.update(caller, name, body), local.account.metastore_id)


@router.delete("/external-locations/{name}")
def delete_external_location(name: str, caller: CurrentCaller, local: Local, force: bool = False) -> Document:
    """Errors: as `get_external_location`, and INVALID_STATE while something lies in it."""
    local.unity.locations.delete(caller, name, force=force)
    return {}


@credentials.post("/temporary-path-credentials")
def path_credential(body: PathCredentialRequest, caller: CurrentCaller, local: Local) -> Document:
    """The answer is the folder of this machine, once the path may be used so. Errors: PERMISSION_DENIED, NOT_FOUND."""
    return local.unity.paths.credential(caller, body.url, body.operation)
