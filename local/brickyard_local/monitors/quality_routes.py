"""Routes of /api/data-quality/v1: monitors of tables by the table's id."""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.monitors.quality_answers import quality_refresh
from brickyard_local.monitors.quality_payloads import QualityMonitor, RefreshBody
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local

router = LazyRouter(tags=["monitors"])
_PATH = "/api/data-quality/v1/monitors"
_OBJECT = _PATH + "/{object_type}/{object_id}"


@router.post(_PATH)
def create_monitor(body: QualityMonitor, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: AlreadyExists, InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    return local.monitors.quality.create(caller, body)


@router.get(_OBJECT)
def get_monitor(object_type: str, object_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotEmulated, NotFound, PermissionDenied."""
    return local.monitors.quality.get(caller, object_type, object_id)


@router.patch(_OBJECT)
def update_monitor(
    object_type: str, object_id: str, body: QualityMonitor, local: Local, caller: CurrentCaller, update_mask: str = ""
) -> dict[str, Any]:
    """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    return local.monitors.quality.update(caller, object_type, object_id, body, update_mask)


@router.delete(_OBJECT)
def delete_monitor(object_type: str, object_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotEmulated, NotFound, PermissionDenied."""
    local.monitors.quality.delete(caller, object_type, object_id)
    return {}


@router.post(_OBJECT + "/refreshes")
def create_refresh(
    object_type: str, object_id: str, local: Local, caller: CurrentCaller, body: RefreshBody | None = None
) -> dict[str, Any]:
    """Errors: NotEmulated, NotFound, PermissionDenied."""
    del body  # it repeats the path
    name = local.monitors.quality.table_name(object_type, object_id)
    return quality_refresh(local.monitors.refreshes.start(caller, name))


@router.get(_OBJECT + "/refreshes")
def list_refreshes(
    object_type: str,
    object_id: str,
    local: Local,
    caller: CurrentCaller,
    page_size: int | None = None,
    page_token: str | None = None,
) -> dict[str, Any]:
    """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    found = local.monitors.refreshes.listed(caller, local.monitors.quality.table_name(object_type, object_id))
    chosen, token = page(found, lambda refresh: str(refresh["refresh_id"]), page_size, page_token)
    return {
        "refreshes": [quality_refresh(refresh) for refresh in chosen],
        **({"next_page_token": token} if token else {}),
    }


@router.get(_OBJECT + "/refreshes/{refresh_id}")
def get_refresh(
    object_type: str, object_id: str, refresh_id: int, local: Local, caller: CurrentCaller
) -> dict[str, Any]:
    """Errors: NotEmulated, NotFound, PermissionDenied."""
    name = local.monitors.quality.table_name(object_type, object_id)
    return quality_refresh(local.monitors.refreshes.get(caller, name, refresh_id))


@router.post(_OBJECT + "/refreshes/{refresh_id}/cancel")
def cancel_refresh(
    object_type: str, object_id: str, refresh_id: int, local: Local, caller: CurrentCaller
) -> dict[str, Any]:
    """Errors: InvalidState, NotEmulated, NotFound, PermissionDenied."""
    name = local.monitors.quality.table_name(object_type, object_id)
    return {"refresh": quality_refresh(local.monitors.refreshes.cancel(caller, name, refresh_id))}
