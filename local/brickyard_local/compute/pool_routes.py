"""Routes of /api/2.0/instance-pools. HTTP only.

Source: docs.databricks.com/api/workspace/instancepools
"""

from brickyard_local.callers import CurrentCaller
from brickyard_local.compute.payloads import EditPool, PoolFields, PoolId
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.0/instance-pools", tags=["compute"])


@router.post("/create")
def create(body: PoolFields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: PERMISSION_DENIED, INVALID_PARAMETER_VALUE, NOT_IMPLEMENTED."""
    return {"instance_pool_id": local.compute.pools.create(caller, body)}


@router.post("/edit")
def edit(body: EditPool, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, as create."""
    local.compute.pools.edit(caller, body)
    return {}


@router.post("/delete")
def delete(body: PoolId, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    local.compute.pools.delete(caller, body.instance_pool_id)
    return {}


@router.get("/get")
def get(instance_pool_id: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return local.compute.pools.get(caller, instance_pool_id)


@router.get("/list")
def list_pools(caller: CurrentCaller, local: Local) -> Document:
    """Pools that the caller may attach to."""
    found = local.compute.pools.listed(caller)
    return {"instance_pools": found} if found else {}
