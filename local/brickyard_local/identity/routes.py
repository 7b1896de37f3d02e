"""Routes of /api/2.0/preview/scim/v2. HTTP only: rules in service, state in store.

Source: docs.databricks.com/api/workspace/{users,groups,serviceprincipals,currentuser}.
Gaps: bulk requests, `/Schemas`, `/ServiceProviderConfig`, permission levels of passwords.
"""

from typing import Annotated, Any

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from brickyard_local.callers import CurrentCaller
from brickyard_local.identity.filters import ordered, parse_filter, select
from brickyard_local.identity.payloads import Patch, ScimResource
from brickyard_local.identity.resource_types import SERVICE_PRINCIPALS, USERS, resource_type
from brickyard_local.identity.views import Views
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.0/preview/scim/v2", tags=["identity"])


class Selection(BaseModel):
    """Which attributes the client wants."""

    attributes: str | None = None
    excludedAttributes: str | None = None  # noqa: N815 - SCIM's name

    def of(self, document: Document) -> Document:
        """The document with those attributes."""
        return select(document, self.attributes, self.excludedAttributes)


class ListQuery(Selection):
    """What a list asks for; `startIndex` counts from 1."""

    filter: str | None = None
    startIndex: int = 1  # noqa: N815
    count: int | None = None
    sortBy: str | None = None  # noqa: N815
    sortOrder: str | None = None  # noqa: N815


@router.get("/Me")
def me(local: Local, caller: CurrentCaller, wanted: Annotated[Selection, Depends()]) -> dict[str, Any]:
    """Answer who calls. Errors: ScimNotFound when the principal was deleted."""
    found = local.identity.me(caller)
    kind = SERVICE_PRINCIPALS if "applicationId" in found else USERS
    return wanted.of(Views(local.identity).show(kind, found))


@router.get("/{path}")
def list_resources(path: str, local: Local, query: Annotated[ListQuery, Query()]) -> dict[str, Any]:
    """Errors: ScimError for a filter that cannot be read."""
    kind = resource_type(path)
    matches = parse_filter(query.filter)
    shown = [show for show in map(Views(local.identity).of(kind), local.identity.listed(kind)) if matches(show)]
    shown = ordered(shown, query.sortBy, query.sortOrder)
    begin = max(query.startIndex, 1) - 1
    page = shown[begin:] if query.count is None else shown[begin : begin + max(query.count, 0)]
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(shown),
        "startIndex": begin + 1,
        "itemsPerPage": len(page),
        "Resources": [query.of(document) for document in page],
    }


@router.post("/{path}", status_code=201)
def create_resource(path: str, body: ScimResource, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, ScimConflict, ScimError."""
    kind = resource_type(path)
    created = local.identity.create(caller, kind, body)
    return Views(local.identity).show(kind, created)


@router.get("/{path}/{resource_id}")
def get_resource(path: str, resource_id: str, local: Local, wanted: Annotated[Selection, Depends()]) -> dict[str, Any]:
    """Errors: ScimNotFound."""
    kind = resource_type(path)
    return wanted.of(Views(local.identity).show(kind, local.identity.find(kind, resource_id)))


@router.put("/{path}/{resource_id}")
def replace_resource(
    path: str, resource_id: str, body: ScimResource, local: Local, caller: CurrentCaller
) -> dict[str, Any]:
    """Errors: PermissionDenied, ScimConflict, ScimError, ScimNotFound."""
    kind = resource_type(path)
    replaced = local.identity.replace(caller, kind, resource_id, body)
    return Views(local.identity).show(kind, replaced)


@router.patch("/{path}/{resource_id}", status_code=204)
def patch_resource(path: str, resource_id: str, body: Patch, local: Local, caller: CurrentCaller) -> Response:
    """Errors: PermissionDenied, ScimConflict, ScimError, ScimNotFound."""
    local.identity.patch(caller, resource_type(path), resource_id, body)
    return Response(status_code=204)


@router.delete("/{path}/{resource_id}", status_code=204)
def delete_resource(path: str, resource_id: str, local: Local, caller: CurrentCaller) -> Response:
    """Errors: PermissionDenied, ScimNotFound."""
    local.identity.delete(caller, resource_type(path), resource_id)
    return Response(status_code=204)
