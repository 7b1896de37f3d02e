"""Routes of /api/2.1/unity-catalog/models: the dialect of databricks-sdk and Terraform. HTTP only.

Source: docs.databricks.com/api/workspace/registeredmodels, …/modelversions.
Gaps: dependencies of versions are kept, not shown.
"""

from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.models.payloads import (
    CreateRegisteredModel,
    SetAlias,
    UpdateRegisteredModel,
    UpdateVersion,
)
from brickyard_local.models.render import alias_info, model_info, version_info
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.1/unity-catalog/models", tags=["models"])


@router.post("")
def create_model(body: CreateRegisteredModel, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    if body.storage_location:
        raise NotEmulated("`storage_location` of a registered model (leave the field out)")
    parent = f"{body.catalog_name}.{body.schema_name}"
    tags = {tag.key: tag.value for tag in body.tags}
    model = local.models.create(caller, parent, body.name, body.comment, tags)
    if body.deployment_job_id:
        model = local.models.connect(caller, model["full_name"], body.deployment_job_id)
    return _model(model, local)


@router.get("")
def list_models(  # noqa: PLR0913 - the API's parameters
    caller: CurrentCaller,
    local: Local,
    catalog_name: str | None = None,
    schema_name: str | None = None,
    include_browse: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Errors: SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
    if bool(catalog_name) != bool(schema_name):
        raise InvalidParameter("catalog_name and schema_name go together: give both, or neither.")
    parent = f"{catalog_name}.{schema_name}" if catalog_name else ""
    found = local.models.models(caller, parent, browse=include_browse)
    chosen, token = page(found, lambda model: str(model["full_name"]), max_results, page_token)
    answer: Document = {"registered_models": [_model(model, local) for model in chosen]}
    return {**answer, "next_page_token": token} if token else answer


@router.get("/{full_name}")
def get_model(
    full_name: str,
    caller: CurrentCaller,
    local: Local,
    include_aliases: bool = False,
    include_browse: bool = False,
) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _model(local.models.model(caller, full_name, browse=include_browse), local, aliases=include_aliases)


@router.patch("/{full_name}")
def update_model(full_name: str, body: UpdateRegisteredModel, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_model`, and PRINCIPAL_DOES_NOT_EXIST, RESOURCE_ALREADY_EXISTS."""
    if body.deployment_job_id is not None:
        local.models.connect(caller, full_name, body.deployment_job_id)
    return _model(local.models.update(caller, full_name, body.changes()), local)


@router.delete("/{full_name}")
def delete_model(full_name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_model`."""
    local.models.delete(caller, full_name)
    return {}


@router.put("/{full_name}/aliases/{alias}")
def set_alias(full_name: str, alias: str, body: SetAlias, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    model = local.models.set_alias(caller, full_name, alias, body.version_num)
    return alias_info(model, alias, body.version_num)


@router.get("/{full_name}/aliases/{alias}")
def get_by_alias(
    full_name: str, alias: str, caller: CurrentCaller, local: Local, include_aliases: bool = False
) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _version(local.models.version_by_alias(caller, full_name, alias), local, aliases=include_aliases)


@router.delete("/{full_name}/aliases/{alias}")
def delete_alias(full_name: str, alias: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_by_alias`."""
    local.models.delete_alias(caller, full_name, alias)
    return {}


@router.get("/{full_name}/versions")
def list_versions(
    full_name: str,
    caller: CurrentCaller,
    local: Local,
    include_browse: bool = False,
    max_results: int | None = None,
    page_token: str | None = None,
) -> Document:
    """Without aliases, as on Databricks. Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    found = local.models.versions(caller, full_name, browse=include_browse)
    chosen, token = page(found, lambda version: str(version["key"]), max_results, page_token)
    answer: Document = {"model_versions": [_version(version, local) for version in chosen]}
    return {**answer, "next_page_token": token} if token else answer


@router.get("/{full_name}/versions/{version}")
def get_version(
    full_name: str, version: int, caller: CurrentCaller, local: Local, include_aliases: bool = False
) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _version(local.models.version(caller, full_name, version), local, aliases=include_aliases)


@router.patch("/{full_name}/versions/{version}")
def update_version(full_name: str, version: int, body: UpdateVersion, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_version`."""
    return _version(local.models.update_version(caller, full_name, version, body.comment), local)


@router.delete("/{full_name}/versions/{version}")
def delete_version(full_name: str, version: int, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_version`."""
    local.models.delete_version(caller, full_name, version)
    return {}


def _model(document: Document, local: LocalState, *, aliases: bool = False) -> Document:
    location = local.models.location(document["full_name"])
    shown = model_info(document, local.account.metastore_id, aliases=aliases)
    return {**shown, "storage_location": location}


def _version(document: Document, local: LocalState, *, aliases: bool = False) -> Document:
    location = local.models.location(document["full_name"], document["version"])
    shown = version_info(document, local.account.metastore_id, aliases=aliases)
    return {**shown, "storage_location": location}
