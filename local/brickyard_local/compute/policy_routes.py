"""Routes of /api/2.0/policies/clusters. HTTP only.

Source: docs.databricks.com/api/workspace/clusterpolicies
"""

from typing import Literal

from brickyard_local.callers import CurrentCaller
from brickyard_local.compute.payloads import EditPolicy, PolicyFields, PolicyId
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.0/policies/clusters", tags=["compute"])


@router.post("/create")
def create(body: PolicyFields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: PERMISSION_DENIED, INVALID_PARAMETER_VALUE, NOT_IMPLEMENTED."""
    return {"policy_id": local.compute.policies.create(caller, body)}


@router.post("/edit")
def edit(body: EditPolicy, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, as create."""
    local.compute.policies.edit(caller, body)
    return {}


@router.post("/delete")
def delete(body: PolicyId, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    local.compute.policies.delete(caller, body.policy_id)
    return {}


@router.get("/get")
def get(policy_id: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return local.compute.policies.get(caller, policy_id)


@router.get("/list")
def list_policies(
    caller: CurrentCaller,
    local: Local,
    sort_column: Literal["POLICY_CREATION_TIME", "POLICY_NAME"] = "POLICY_CREATION_TIME",
    sort_order: Literal["ASC", "DESC"] = "DESC",
) -> Document:
    """Policies that the caller may use."""
    found = local.compute.policies.listed(caller, sort_column, descending=sort_order == "DESC")
    return {"policies": found} if found else {}
