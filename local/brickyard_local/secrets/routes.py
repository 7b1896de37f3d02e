"""Routes of /api/2.0/secrets. HTTP only: rules in service, state in store.

Source: docs.databricks.com/api/workspace/secrets
"""

import base64

from brickyard_local.callers import CurrentCaller
from brickyard_local.routing import LazyRouter
from brickyard_local.secrets.payloads import Acl, CreateScope, PutAcl, PutSecret, Scope, Secret
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.0/secrets", tags=["secrets"])


@router.post("/scopes/create")
def create_scope(body: CreateScope, caller: CurrentCaller, local: Local) -> Document:
    """Errors: INVALID_PARAMETER_VALUE, RESOURCE_ALREADY_EXISTS, RESOURCE_LIMIT_EXCEEDED, NOT_IMPLEMENTED."""
    local.secrets.create_scope(caller, body)
    return {}


@router.get("/scopes/list")
def list_scopes(caller: CurrentCaller, local: Local) -> Document:
    """Scopes that the caller may read."""
    scopes = [
        {"name": scope["name"], "backend_type": scope["backend_type"]} for scope in local.secrets.scopes.listed(caller)
    ]
    return {"scopes": scopes} if scopes else {}


@router.post("/scopes/delete")
def delete_scope(body: Scope, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    local.secrets.delete_scope(caller, body.scope)
    return {}


@router.post("/put")
def put_secret(body: PutSecret, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED, INVALID_PARAMETER_VALUE, RESOURCE_LIMIT_EXCEEDED."""
    local.secrets.put(caller, body)
    return {}


@router.get("/get")
def get_secret(scope: str, key: str, caller: CurrentCaller, local: Local) -> Document:
    """The value in base64. Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    value = local.secrets.value(caller, scope, key)
    return {"key": key, "value": base64.b64encode(value).decode()}


@router.get("/list")
def list_secrets(scope: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    secrets = local.secrets.listed(caller, scope)
    return {"secrets": secrets} if secrets else {}


@router.post("/delete")
def delete_secret(body: Secret, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    local.secrets.delete(caller, body.scope, body.key)
    return {}


@router.post("/acls/put")
def put_acl(body: PutAcl, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED, INVALID_PARAMETER_VALUE."""
    local.secrets.scopes.put_acl(caller, body.scope, body.principal, body.permission)
    return {}


@router.get("/acls/get")
def get_acl(scope: str, principal: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return local.secrets.scopes.acl(caller, scope, principal)


@router.get("/acls/list")
def list_acls(scope: str, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return {"items": local.secrets.scopes.acls(caller, scope)}


@router.post("/acls/delete")
def delete_acl(body: Acl, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    local.secrets.scopes.delete_acl(caller, body.scope, body.principal)
    return {}
