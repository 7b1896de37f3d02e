"""Routes of /api/2.0/permissions. HTTP only: rules in service, state in store.

Object types have one segment (`jobs`) or two (`sql/warehouses`), so the type is everything before the last one.
Source: docs.databricks.com/api/workspace/permissions.
"""

from typing import Annotated, Any

from pydantic import AfterValidator

from brickyard_local.callers import CurrentCaller
from brickyard_local.permissions.levels import canonical, object_type
from brickyard_local.permissions.payloads import AccessControlList
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/2.0/permissions", tags=["permissions"])
RequestType = Annotated[str, AfterValidator(canonical)]


@router.get("/{request_type:path}/{object_id}/permissionLevels")
def permission_levels(request_type: RequestType, object_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.permissions.get(caller, request_type, object_id)
    levels = object_type(request_type).levels
    return {"permission_levels": [{"permission_level": level, "description": level} for level in levels]}


@router.get("/{request_type:path}/{object_id}")
def get_permissions(request_type: RequestType, object_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.permissions.get(caller, request_type, object_id)


@router.put("/{request_type:path}/{object_id}")
def set_permissions(
    request_type: RequestType, object_id: str, body: AccessControlList, local: Local, caller: CurrentCaller
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.permissions.put(caller, request_type, object_id, body)


@router.patch("/{request_type:path}/{object_id}")
def update_permissions(
    request_type: RequestType, object_id: str, body: AccessControlList, local: Local, caller: CurrentCaller
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.permissions.patch(caller, request_type, object_id, body)
