"""Routes of the pipelines of synced tables. Source: docs.databricks.com/api/workspace/pipelines."""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.databases.answers import pipeline_info, update_info
from brickyard_local.databases.payloads import StartUpdate
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/2.0/pipelines/{pipeline_id}", tags=["databases"])
_PAGE, _MOST_PAGE = 25, 100


@router.get("")
def get_pipeline(pipeline_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return pipeline_info(*local.databases.pipelines.get(caller, pipeline_id))


@router.post("/updates")
def start_update(
    pipeline_id: str, local: Local, caller: CurrentCaller, body: StartUpdate | None = None
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, NotEmulated, ResourceConflict."""
    update = local.databases.pipelines.start(caller, pipeline_id, body or StartUpdate())
    return {"update_id": update["update_id"]}


@router.get("/updates")
def list_updates(
    pipeline_id: str,
    local: Local,
    caller: CurrentCaller,
    max_results: int | None = None,
    page_token: str | None = None,
) -> dict[str, Any]:
    """Newest first. Errors: NotFound, PermissionDenied, InvalidParameter."""
    _, updates = local.databases.pipelines.get(caller, pipeline_id)
    size = min(max_results or _PAGE, _MOST_PAGE)
    shown, more = page(updates, lambda each: str(each["update_id"]), size, page_token)
    return {"updates": [update_info(each) for each in shown], **({"next_page_token": more} if more else {})}


@router.get("/updates/{update_id}")
def get_update(pipeline_id: str, update_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return {"update": update_info(local.databases.pipelines.update(caller, pipeline_id, update_id))}


@router.post("/stop")
def stop_pipeline(pipeline_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.databases.pipelines.stop(caller, pipeline_id)
    return {}
