"""Routes of /api/2.0/lakeview/dashboards."""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.sql.dashboards.payloads import DashboardBody, PublishBody
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/2.0/lakeview/dashboards", tags=["sql"])


@router.post("")
def create_dashboard(
    body: DashboardBody,
    local: Local,
    caller: CurrentCaller,
    dataset_catalog: str | None = None,
    dataset_schema: str | None = None,
) -> dict[str, Any]:
    """Errors: InvalidParameter, NotEmulated, AlreadyExists, NotFound, PermissionDenied."""
    return local.sql.dashboards.create(caller, body, defaults=bool(dataset_catalog or dataset_schema))


@router.get("")
def list_dashboards(
    local: Local,
    caller: CurrentCaller,
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    show_trashed: bool = False,
    view: str | None = None,
) -> dict[str, Any]:
    """Errors: InvalidParameter."""
    del view  # the one view there is holds what this answers
    found = local.sql.dashboards.listed(caller, trashed=show_trashed)
    chosen, token = page(found, lambda each: str(each["dashboard_id"]), page_size, page_token)
    return {"dashboards": chosen, **({"next_page_token": token} if token else {})}


@router.get("/{dashboard_id}")
def get_dashboard(dashboard_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.sql.dashboards.get(caller, dashboard_id)


@router.patch("/{dashboard_id}")
def update_dashboard(
    dashboard_id: str,
    body: DashboardBody,
    local: Local,
    caller: CurrentCaller,
    dataset_catalog: str | None = None,
    dataset_schema: str | None = None,
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter, NotEmulated, AlreadyExists, ResourceConflict."""
    defaults = bool(dataset_catalog or dataset_schema)
    return local.sql.dashboards.update(caller, dashboard_id, body, defaults=defaults)


@router.delete("/{dashboard_id}")
def trash_dashboard(dashboard_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.dashboards.trash(caller, dashboard_id)
    return {}


@router.post("/{dashboard_id}/published")
def publish_dashboard(dashboard_id: str, body: PublishBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.sql.dashboards.publish(caller, dashboard_id, body)


@router.get("/{dashboard_id}/published")
def published_dashboard(dashboard_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.sql.dashboards.published(caller, dashboard_id)


@router.delete("/{dashboard_id}/published")
def unpublish_dashboard(dashboard_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.dashboards.unpublish(caller, dashboard_id)
    return {}
