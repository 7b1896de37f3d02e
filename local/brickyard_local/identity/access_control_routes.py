"""Routes of rule sets and of the assignment of principals to workspaces. HTTP only.

Each exists for a workspace (its clients know no account id) and for the account.
Source: docs.databricks.com/api/workspace/accountaccesscontrolproxy, …/api/account/{accountaccesscontrol,
workspaceassignment}; the provider's access/resource_permission_assignment.go (the workspace's form).
"""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.identity.assignments import AssignMany, Permissions
from brickyard_local.identity.rule_sets import UpdateRuleSet
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/2.0", tags=["identity"])

_RULES = "/access-control/rule-sets"
_ROLES = "/access-control/assignable-roles"
_HERE = "/preview/permissionassignments"
_THERE = "/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments"


@router.get("/preview/accounts" + _ROLES)
@router.get("/preview/accounts/{account_id}" + _ROLES)
def assignable_roles(resource: str, local: Local) -> dict[str, Any]:
    """Errors: NotFound, NotEmulated, InvalidParameter."""
    return {"roles": [{"name": name} for name in local.identity.rule_sets.assignable_roles(resource)]}


@router.get("/preview/accounts" + _RULES)
@router.get("/preview/accounts/{account_id}" + _RULES)
def get_rule_set(name: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound, NotEmulated, InvalidParameter."""
    return local.identity.rule_sets.get(caller, name)


@router.put("/preview/accounts" + _RULES)
@router.put("/preview/accounts/{account_id}" + _RULES)
def update_rule_set(body: UpdateRuleSet, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound, NotEmulated, InvalidParameter, ResourceConflict."""
    return local.identity.rule_sets.update(caller, body)


@router.get(_HERE)
def list_assignments(local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied."""
    return local.identity.assignments.listed(caller, caller.workspace.workspace_id)


@router.post(_HERE)
def assign_by_name(body: AssignMany, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound, NotEmulated."""
    return local.identity.assignments.assign_named(caller, body)


@router.put(_HERE + "/principals/{principal_id}")
def assign(principal_id: str, body: Permissions, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound, NotEmulated."""
    return local.identity.assignments.assign(caller, caller.workspace.workspace_id, principal_id, body)


@router.delete(_HERE + "/principals/{principal_id}")
def unassign(principal_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound."""
    return local.identity.assignments.unassign(caller, caller.workspace.workspace_id, principal_id)


@router.get(_THERE)
def list_assignments_of(workspace_id: int, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound."""
    return local.identity.assignments.listed(caller, workspace_id)


@router.get(_THERE + "/permissions")
def assignable_permissions(workspace_id: int, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound."""
    local.identity.assignments.listed(caller, workspace_id)
    levels = {"USER": "May use the workspace", "ADMIN": "Administers the workspace"}
    return {"permissions": [{"permission_level": name, "description": text} for name, text in levels.items()]}


@router.put(_THERE + "/principals/{principal_id}")
def assign_to(
    workspace_id: int, principal_id: str, body: Permissions, local: Local, caller: CurrentCaller
) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound, NotEmulated."""
    return local.identity.assignments.assign(caller, workspace_id, principal_id, body)


@router.delete(_THERE + "/principals/{principal_id}")
def unassign_from(workspace_id: int, principal_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound."""
    return local.identity.assignments.unassign(caller, workspace_id, principal_id)
