"""Routes of quality monitors, under the tables they watch; those of the newer API are in `quality_routes`."""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import NotEmulated
from brickyard_local.monitors import quality_routes
from brickyard_local.monitors.answers import monitor_info, refresh_info
from brickyard_local.monitors.payloads import MonitorBody, RegenerateDashboard
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local

router = LazyRouter(tags=["monitors"])
_PATH = "/api/2.1/unity-catalog/tables/{table_name}/monitor"
_LISTED = 25


@router.post(_PATH)
def create_monitor(table_name: str, body: MonitorBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: AlreadyExists, InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    return monitor_info(local.monitors.service.create(caller, table_name, body.given()))


@router.put(_PATH)
def update_monitor(table_name: str, body: MonitorBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
    return monitor_info(local.monitors.service.update(caller, table_name, body.given()))


@router.get(_PATH)
def get_monitor(table_name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return monitor_info(local.monitors.service.get(caller, table_name))


@router.delete(_PATH)
def delete_monitor(table_name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.monitors.service.delete(caller, table_name)
    return {}


@router.post(_PATH + "/refreshes")
def run_refresh(table_name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return refresh_info(local.monitors.refreshes.start(caller, table_name))


@router.get(_PATH + "/refreshes")
def list_refreshes(table_name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """The newest, as many as Databricks shows. Errors: NotFound, PermissionDenied."""
    found = local.monitors.refreshes.listed(caller, table_name)
    return {"refreshes": [refresh_info(refresh) for refresh in found[:_LISTED]]}


@router.get(_PATH + "/refreshes/{refresh_id}")
def get_refresh(table_name: str, refresh_id: int, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return refresh_info(local.monitors.refreshes.get(caller, table_name, refresh_id))


@router.post(_PATH + "/refreshes/{refresh_id}/cancel")
def cancel_refresh(table_name: str, refresh_id: int, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidState, NotFound, PermissionDenied."""
    local.monitors.refreshes.cancel(caller, table_name, refresh_id)
    return {}


@router.post("/api/2.1/quality-monitoring/tables/{table_name}/monitor/dashboard")
def regenerate_dashboard(
    table_name: str, local: Local, caller: CurrentCaller, body: RegenerateDashboard | None = None
) -> dict[str, Any]:
    """Errors: NotEmulated; before that NotFound, PermissionDenied."""
    del body  # there is no dashboard to give a warehouse
    local.monitors.service.owned(caller, table_name)
    raise NotEmulated("dashboards of monitors; query the metric tables instead")


router.include_router(quality_routes.router)
