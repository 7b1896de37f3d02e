"""Routes of grants and workspace bindings.

Source: docs.databricks.com/api/workspace/grants, …/workspacebindings.
"""

from brickyard_local.callers import CurrentCaller
from brickyard_local.catalog.payloads import (
    UpdateBindings,
    UpdateCatalogBindings,
    UpdatePermissions,
    WorkspaceBinding,
)
from brickyard_local.catalog.securables import securable_type
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter()


@router.get("/permissions/{kind}/{full_name}")
@router.get("/privilege-assignments/{kind}/{full_name}")
def get_permissions(
    kind: str, full_name: str, caller: CurrentCaller, local: Local, principal: str | None = None
) -> Document:
    """All grants on one page. Errors: *_DOES_NOT_EXIST, PERMISSION_DENIED."""
    found = local.grants.grants(caller, securable_type(kind), full_name, principal)
    return {"privilege_assignments": found}


@router.patch("/permissions/{kind}/{full_name}")
def update_permissions(
    kind: str, full_name: str, body: UpdatePermissions, caller: CurrentCaller, local: Local
) -> Document:
    """Errors: PRINCIPAL_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    left = local.grants.change(caller, securable_type(kind), full_name, body.changes)
    return {} if body.omit_permissions_in_response else {"privilege_assignments": left}


@router.get("/effective-permissions/{kind}/{full_name}")
@router.get("/effective-privilege-assignments/{kind}/{full_name}")
def get_effective_permissions(
    kind: str, full_name: str, caller: CurrentCaller, local: Local, principal: str | None = None
) -> Document:
    """All grants on one page. Errors: as `get_permissions`."""
    found = local.grants.effective(caller, securable_type(kind), full_name, principal)
    return {"privilege_assignments": found}


@router.get("/bindings/{kind}/{name}")
def get_bindings(kind: str, name: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: CATALOG_DOES_NOT_EXIST, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    return {"bindings": local.bindings.bindings(caller, kind, name)}


@router.patch("/bindings/{kind}/{name}")
def update_bindings(kind: str, name: str, body: UpdateBindings, caller: CurrentCaller, local: Local) -> Document:
    """Errors: as `get_bindings`, and INVALID_PARAMETER_VALUE for a workspace of another account."""
    return {"bindings": local.bindings.change(caller, kind, name, body.add, body.remove)}


@router.get("/workspace-bindings/catalogs/{name}")
def get_catalog_bindings(name: str, caller: CurrentCaller, local: Local) -> Document:
    """The older form. Errors: as `get_bindings`."""
    bindings = local.bindings.bindings(caller, "catalog", name)
    return {"workspaces": [binding["workspace_id"] for binding in bindings]}


@router.patch("/workspace-bindings/catalogs/{name}")
def update_catalog_bindings(name: str, body: UpdateCatalogBindings, caller: CurrentCaller, local: Local) -> Document:
    """The older form: what it binds, it binds for reading and writing. Errors: as `update_bindings`."""
    add = [WorkspaceBinding(workspace_id=number) for number in body.assign_workspaces]
    remove = [WorkspaceBinding(workspace_id=number) for number in body.unassign_workspaces]
    bindings = local.bindings.change(caller, "catalog", name, add, remove)
    return {"workspaces": [binding["workspace_id"] for binding in bindings]}
