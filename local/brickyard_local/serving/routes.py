"""Routes of /api/2.0/serving-endpoints. HTTP only.

Source: docs.databricks.com/api/workspace/servingendpoints
Gaps: external and foundation models, GPUs, notifications, telemetry. Provisioned throughput is kept, not provided.
"""

from typing import Annotated, Any

from fastapi import Body
from fastapi.responses import PlainTextResponse

from brickyard_local.callers import CurrentCaller
from brickyard_local.routing import LazyRouter
from brickyard_local.serving.payloads import PatchTags
from brickyard_local.serving.system_table import FULL_NAME
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(tags=["serving"])
_ENDPOINTS = "/api/2.0/serving-endpoints"
JsonBody = Annotated[dict[str, Any], Body()]


@router.post(_ENDPOINTS)
@router.post(_ENDPOINTS + "/", include_in_schema=False)
def create(body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_ALREADY_EXISTS, NOT_IMPLEMENTED."""
    return local.serving.service.create(caller, body)


@router.post(_ENDPOINTS + "/pt")
def create_provisioned(body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """In model units. Errors: RESOURCE_ALREADY_EXISTS, INVALID_PARAMETER_VALUE, NOT_IMPLEMENTED."""
    return local.serving.service.create(caller, body, in_units=True)


@router.get(_ENDPOINTS)
@router.get(_ENDPOINTS + "/", include_in_schema=False)  # mlflow's deployments client asks so
def list_endpoints(caller: CurrentCaller, local: Local) -> Document:
    """All that the caller may view."""
    return {"endpoints": local.serving.service.listed(caller)}


@router.get(f"/api/2.1/unity-catalog/tables/{FULL_NAME}")
def served_entities(caller: CurrentCaller, local: Local) -> Document:
    """The system table of served entities, as a view."""
    return local.serving.entities.view(caller)


@router.get(_ENDPOINTS + "/{name}")
def get(name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST."""
    return local.serving.service.get(caller, name)


@router.put(_ENDPOINTS + "/{name}/config")
def update_config(name: str, body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_CONFLICT while an update is under way."""
    return local.serving.service.update_config(caller, name, body)


@router.put(_ENDPOINTS + "/pt/{name}/config")
def update_provisioned(name: str, body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """In model units. Errors: RESOURCE_CONFLICT while an update is under way, INVALID_PARAMETER_VALUE."""
    return local.serving.service.update_config(caller, name, body.get("config") or {}, in_units=True)


@router.patch(_ENDPOINTS + "/{name}/tags")
def update_tags(name: str, body: PatchTags, caller: CurrentCaller, local: Local) -> Document:
    """Set and remove tags."""
    added = [tag.model_dump(exclude_none=True) for tag in body.add_tags]
    return {"tags": local.serving.service.update_tags(caller, name, added, body.delete_tags)}


@router.put(_ENDPOINTS + "/{name}/ai-gateway")
def put_ai_gateway(name: str, body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE, NOT_IMPLEMENTED; of Unity Catalog."""
    return local.serving.gateways.put(caller, name, body)


@router.delete(_ENDPOINTS + "/{name}")
def delete(name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST."""
    local.serving.service.delete(caller, name)
    return {}


@router.get(_ENDPOINTS + "/{name}/served-models/{entity}/logs")
def logs(name: str, entity: str, caller: CurrentCaller, local: Local) -> Document:
    """The output of a served entity."""
    return {"logs": local.serving.service.logs(caller, name, entity)}


@router.get(_ENDPOINTS + "/{name}/served-models/{entity}/build-logs")
def build_logs(name: str, entity: str, caller: CurrentCaller, local: Local) -> Document:
    """No image is built here, and the answer says so."""
    return {"logs": local.serving.service.build_logs(caller, name, entity)}


@router.get(_ENDPOINTS + "/{name}/metrics")
def metrics(name: str, caller: CurrentCaller, local: Local) -> PlainTextResponse:
    """Prometheus text."""
    return PlainTextResponse(local.serving.service.metrics(caller, name))


@router.get(_ENDPOINTS + "/{name}/openapi")
def openapi(name: str, caller: CurrentCaller, local: Local) -> Document:
    """The query schema."""
    return local.serving.service.openapi(caller, name)
