"""Routes that an account's client asks: its principals, and whose tokens sign in as its service principals. HTTP only.

Any workspace of the account answers them here, as there is no address of the account's own.
Source: docs.databricks.com/api/account/{accountgroupsv2,accountserviceprincipalsv2,serviceprincipalfederationpolicy}
"""

from typing import Any

from fastapi import Depends

from brickyard_local.callers import CurrentCaller
from brickyard_local.identity import routes as scim
from brickyard_local.identity.federation import FederationPolicy
from brickyard_local.identity.resource_types import SERVICE_PRINCIPALS
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, of_this_account
from brickyard_local.store import Document

_POLICIES = "/servicePrincipals/{principal_id}/federationPolicies"

router = LazyRouter(prefix="/api/2.0/accounts/{account_id}", tags=["identity"], dependencies=[Depends(of_this_account)])

router.get("/scim/v2/{path}")(scim.list_resources)
router.post("/scim/v2/{path}", status_code=201)(scim.create_resource)
router.get("/scim/v2/{path}/{resource_id}")(scim.get_resource)
router.put("/scim/v2/{path}/{resource_id}")(scim.replace_resource)
router.patch("/scim/v2/{path}/{resource_id}", status_code=204)(scim.patch_resource)
router.delete("/scim/v2/{path}/{resource_id}", status_code=204)(scim.delete_resource)


@router.get(_POLICIES)
def list_policies(principal_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """At most twenty: always one page. Errors: PermissionDenied, ScimNotFound."""
    found = local.identity.federation.listed(caller, _principal(local, principal_id))
    return {"policies": found}


@router.post(_POLICIES)
def create_policy(
    principal_id: str, body: FederationPolicy, local: Local, caller: CurrentCaller, policy_id: str | None = None
) -> dict[str, Any]:
    """Errors: PermissionDenied, ScimNotFound, InvalidParameter, AlreadyExists."""
    principal = _principal(local, principal_id)
    return local.identity.federation.create(caller, principal, policy_id, body, local.account.account_id)


@router.get(_POLICIES + "/{policy_id}")
def get_policy(principal_id: str, policy_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, ScimNotFound, NotFound."""
    return local.identity.federation.get(caller, _principal(local, principal_id), policy_id)


@router.patch(_POLICIES + "/{policy_id}")
def update_policy(
    principal_id: str,
    policy_id: str,
    body: FederationPolicy,
    local: Local,
    caller: CurrentCaller,
    update_mask: str | None = None,
) -> dict[str, Any]:
    """Errors: PermissionDenied, ScimNotFound, NotFound, InvalidParameter."""
    return local.identity.federation.update(caller, _principal(local, principal_id), policy_id, body, update_mask)


@router.delete(_POLICIES + "/{policy_id}")
def delete_policy(principal_id: str, policy_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, ScimNotFound, NotFound."""
    local.identity.federation.delete(caller, _principal(local, principal_id), policy_id)
    return {}


def _principal(local: Local, principal_id: str) -> Document:
    return local.identity.find(SERVICE_PRINCIPALS, principal_id)
