"""Routes of /api/2.0/token, /api/2.0/token-management and the local /api/local/tokens. HTTP only.

Only tokens that people make are listed: those of job runs and of OAuth clients come and go by themselves.
Source: docs.databricks.com/api/workspace/{tokens,tokenmanagement}; `/api/local/tokens` is ours, for tests that act
as a user: Databricks lets nobody do that.
"""

from typing import Any

from brickyard_local.callers import Caller, CurrentCaller
from brickyard_local.errors import NotFound, PermissionDenied
from brickyard_local.identity.payloads import ActAs, CreateOnBehalfOfToken, CreateToken, DeleteToken
from brickyard_local.identity.resource_types import SERVICE_PRINCIPALS
from brickyard_local.identity.tokens import MANAGED, ON_BEHALF_OF, PERSONAL, token_info
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(prefix="/api", tags=["identity"])


@router.post("/2.0/token/create")
def create_token(body: CreateToken, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Make a token of the caller. Errors: PermissionDenied for one without CAN_USE on tokens."""
    local.permissions.require(caller, "authorization", "tokens", "CAN_USE")
    value, document = local.identity.tokens.mint(
        caller.principal, purpose=PERSONAL, comment=body.comment or "", lifetime_s=body.lifetime_seconds
    )
    return {"token_value": value, "token_info": token_info(document)}


@router.get("/2.0/token/list")
def list_tokens(local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """List the caller's tokens."""
    return {
        "token_infos": [
            token_info(known) for known in local.identity.tokens.listed(of=caller.principal, purposes=MANAGED)
        ]
    }


@router.post("/2.0/token/delete")
def delete_token(body: DeleteToken, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound."""
    local.identity.tokens.revoke_id(body.token_id, of=caller.principal)
    return {}


@router.post("/2.0/token-management/on-behalf-of/tokens")
def create_on_behalf_of(body: CreateOnBehalfOfToken, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """A token for a service principal. Errors: PermissionDenied, NotFound."""
    _only_admins(caller)
    if local.identity.kind_of(body.application_id) is not SERVICE_PRINCIPALS:
        raise NotFound(f"No service principal has the application id '{body.application_id}'.")
    value, document = local.identity.tokens.mint(
        body.application_id,
        purpose=ON_BEHALF_OF,
        comment=body.comment or "",
        lifetime_s=body.lifetime_seconds,
        created_by=caller.principal,
    )
    return {"token_value": value, "token_info": _managed(document)}


@router.get("/2.0/token-management/tokens")
def list_all_tokens(local: Local, caller: CurrentCaller, created_by_username: str | None = None) -> dict[str, Any]:
    """Errors: PermissionDenied."""
    _only_admins(caller)
    known = local.identity.tokens.listed(purposes=MANAGED)
    shown = [_managed(document) for document in known if created_by_username in {None, document["created_by"]}]
    return {"token_infos": shown}


@router.get("/2.0/token-management/tokens/{token_id}")
def get_any_token(token_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound."""
    _only_admins(caller)
    return {"token_info": _managed(local.identity.tokens.find(token_id))}


@router.delete("/2.0/token-management/tokens/{token_id}")
def delete_any_token(token_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound."""
    _only_admins(caller)
    local.identity.tokens.revoke_id(token_id)
    return {}


@router.post("/local/tokens")
def act_as(body: ActAs, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """A token of any user or service principal, for an administrator's tests.

    Errors: PermissionDenied, also for an inactive principal; NotFound.
    """
    _only_admins(caller)
    local.identity.require_active(body.principal)
    value, document = local.identity.tokens.mint(
        body.principal,
        purpose=ON_BEHALF_OF,
        comment=body.comment or "",
        lifetime_s=body.lifetime_seconds,
        created_by=caller.principal,
    )
    return {"token_value": value, "token_info": _managed(document)}


def _managed(document: Document) -> Document:
    created_by = document["created_by"]
    return {**token_info(document), "created_by_username": created_by, "owner_username": document["principal"]}


def _only_admins(caller: Caller) -> None:
    if not caller.is_admin:
        raise PermissionDenied(f"'{caller.principal}' is no administrator: only members of 'admins' manage tokens.")
