"""Routes of /api/2.0/sql/queries."""

from typing import Any

from brickyard_local.callers import CurrentCaller
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.sql.queries.payloads import CreateQuery, UpdateQuery
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/2.0/sql/queries", tags=["sql"])


@router.post("")
def create_query(body: CreateQuery, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: InvalidParameter, AlreadyExists, NotFound, PermissionDenied."""
    return local.sql.queries.create(caller, body)


@router.get("")
def list_queries(
    local: Local, caller: CurrentCaller, page_size: int | None = None, page_token: str | None = None
) -> dict[str, Any]:
    """Errors: InvalidParameter."""
    chosen, token = page(local.sql.queries.listed(caller), lambda each: str(each["id"]), page_size, page_token)
    return {"results": chosen, **({"next_page_token": token} if token else {})}


@router.get("/{query_id}")
def get_query(query_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.sql.queries.get(caller, query_id)


@router.patch("/{query_id}")
def update_query(query_id: str, body: UpdateQuery, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter, AlreadyExists."""
    return local.sql.queries.update(caller, query_id, body)


@router.delete("/{query_id}")
def delete_query(query_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.sql.queries.delete(caller, query_id)
    return {}
