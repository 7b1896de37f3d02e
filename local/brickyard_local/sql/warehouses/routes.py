"""Routes of /api/2.0/sql/warehouses, /api/2.0/sql/config/warehouses and /api/2.0/preview/sql/data_sources."""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.sql.warehouses.payloads import WarehouseBody, WorkspaceConfig
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/2.0", tags=["sql"])
_PATH = "/sql/warehouses"


@router.post(_PATH)
def create_warehouse(body: WarehouseBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidParameter, AlreadyExists, PermissionDenied, NotEmulated."""
    return local.sql.warehouses.create(caller, body)


@router.get(_PATH)
def list_warehouses(
    local: Local,
    caller: CurrentCaller,
    page_size: int | None = None,
    page_token: str | None = None,
    run_as_user_id: int | None = None,
) -> dict[str, Any]:
    """Those that the caller may see. `run_as_user_id` is deprecated, and had no effect before. Errors: none."""
    del run_as_user_id
    chosen, token = page(local.sql.warehouses.listed(caller), lambda each: str(each["id"]), page_size, page_token)
    return {"warehouses": chosen, **({"next_page_token": token} if token else {})}


@router.get(_PATH + "/{warehouse_id}")
def get_warehouse(warehouse_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.sql.warehouses.get(caller, warehouse_id)


@router.post(_PATH + "/{warehouse_id}/edit")
def edit_warehouse(warehouse_id: str, body: WarehouseBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter, AlreadyExists."""
    local.sql.warehouses.edit(caller, warehouse_id, body)
    return {}


@router.delete(_PATH + "/{warehouse_id}")
def delete_warehouse(warehouse_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.warehouses.delete(caller, warehouse_id)
    return {}


@router.post(_PATH + "/{warehouse_id}/start")
def start_warehouse(warehouse_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.warehouses.start(caller, warehouse_id)
    return {}


@router.post(_PATH + "/{warehouse_id}/stop")
def stop_warehouse(warehouse_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.warehouses.stop(caller, warehouse_id)
    return {}


@router.get("/sql/config/warehouses")
def get_config(local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: none."""
    return local.sql.configuration.get(caller)


@router.put("/sql/config/warehouses")
def set_config(body: WorkspaceConfig, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotEmulated."""
    local.sql.configuration.put(caller, body)
    return {}


@router.get("/preview/sql/data_sources")
def list_data_sources(local: Local, caller: CurrentCaller) -> list[dict[str, Any]]:
    """Errors: none."""
    return local.sql.warehouses.data_sources(caller)
