"""Routes of /api/2.0/serving-endpoints and of /serving-endpoints/{name}/invocations. HTTP only.

Source: docs.databricks.com/api/workspace/servingendpoints;
docs.databricks.com/aws/en/machine-learning/model-serving/score-custom-model-endpoints
Gaps: external and foundation models, inference tables, rate limits, GPUs, scale to zero, metrics, openapi.
"""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Body, Request, Response
from starlette.concurrency import run_in_threadpool

from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import ApiError
from brickyard_local.serving.payloads import PatchTags
from brickyard_local.state import Local
from brickyard_local.store import Document

router = APIRouter(tags=["serving"])
_ENDPOINTS = "/api/2.0/serving-endpoints"
JsonBody = Annotated[dict[str, Any], Body()]


@router.post(_ENDPOINTS)
def create(body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_ALREADY_EXISTS, NOT_IMPLEMENTED."""
    return local.serving.create(caller, body)


@router.get(_ENDPOINTS)
def list_endpoints(caller: CurrentCaller, local: Local) -> Document:
    """All that the caller may view."""
    return {"endpoints": local.serving.listed(caller)}


@router.get(_ENDPOINTS + "/{name}")
def get(name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST."""
    return local.serving.get(caller, name)


@router.put(_ENDPOINTS + "/{name}/config")
def update_config(name: str, body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_CONFLICT while an update is under way."""
    return local.serving.update_config(caller, name, body)


@router.patch(_ENDPOINTS + "/{name}/tags")
def update_tags(name: str, body: PatchTags, caller: CurrentCaller, local: Local) -> Document:
    """Set and remove tags."""
    added = [tag.model_dump(exclude_none=True) for tag in body.add_tags]
    return {"tags": local.serving.update_tags(caller, name, added, body.delete_tags)}


@router.put(_ENDPOINTS + "/{name}/ai-gateway")
def put_ai_gateway(name: str, body: JsonBody, caller: CurrentCaller, local: Local) -> Document:
    """Errors: NOT_IMPLEMENTED unless everything is empty or off."""
    local.serving.put_ai_gateway(caller, name, body)
    return {}


@router.delete(_ENDPOINTS + "/{name}")
def delete(name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST."""
    local.serving.delete(caller, name)
    return {}


@router.get(_ENDPOINTS + "/{name}/served-models/{entity}/logs")
def logs(name: str, entity: str, caller: CurrentCaller, local: Local) -> Document:
    """The output of a served entity."""
    return {"logs": local.serving.logs(caller, name, entity)}


@router.post("/serving-endpoints/{name}/invocations")
async def invoke(name: str, request: Request, caller: CurrentCaller, local: Local) -> Response:
    """Ask an endpoint; who answers is chosen by the traffic shares."""
    return await _invoke(name, None, request, caller, local)


@router.post("/serving-endpoints/{name}/served-models/{entity}/invocations")
async def invoke_entity(name: str, entity: str, request: Request, caller: CurrentCaller, local: Local) -> Response:
    """Ask one served entity of an endpoint."""
    return await _invoke(name, entity, request, caller, local)


async def _invoke(name: str, entity: str | None, request: Request, caller: CurrentCaller, local: Local) -> Response:
    served = await run_in_threadpool(local.serving.answering, caller, name, entity)
    headers = {"content-type": request.headers.get("content-type", "application/json")}
    try:
        answer = await served.client().post("/invocations", content=await request.body(), headers=headers)
    except httpx.HTTPError as error:
        reason = f"Served entity '{served.identity.name}' did not answer: {error!r}"
        raise ApiError(reason) from error
    return Response(
        answer.content,
        answer.status_code,
        media_type=answer.headers.get("content-type"),
        headers={"served-model-name": served.identity.name},
    )
