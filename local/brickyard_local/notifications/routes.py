"""Routes of /api/2.0/notification-destinations. HTTP only.

Source: docs.databricks.com/api/workspace/notificationdestinations
"""

from brickyard_local.callers import CurrentCaller
from brickyard_local.notifications.payloads import DestinationFields
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.0/notification-destinations", tags=["notifications"])
_LARGEST_PAGE = 100


@router.post("")
def create(body: DestinationFields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: PERMISSION_DENIED, INVALID_PARAMETER_VALUE."""
    return local.notifications.create(caller, body)


@router.get("")
def list_destinations(
    caller: CurrentCaller, local: Local, page_size: int = 0, page_token: str | None = None
) -> Document:
    """All of the workspace, without their configuration."""
    size = min(page_size or _LARGEST_PAGE, _LARGEST_PAGE)
    chosen, token = page(local.notifications.listed(caller), lambda each: str(each["id"]), size, page_token)
    found: Document = {"results": chosen} if chosen else {}
    return {**found, "next_page_token": token} if token else found


@router.get("/{destination_id}")
def get(destination_id: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST."""
    return local.notifications.get(caller, destination_id)


@router.patch("/{destination_id}")
def update(destination_id: str, body: DestinationFields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED, INVALID_PARAMETER_VALUE."""
    return local.notifications.update(caller, destination_id, body)


@router.delete("/{destination_id}")
def delete(destination_id: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    local.notifications.delete(caller, destination_id)
    return {}
