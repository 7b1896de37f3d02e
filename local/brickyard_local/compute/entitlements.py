"""Who may create clusters of any shape.

Source: docs.databricks.com/security/auth/entitlements (allow-cluster-create)
"""

from brickyard_local.callers import Caller
from brickyard_local.store import Store

_ENTITLEMENT = "allow-cluster-create"
_NAMES = (("users", "userName"), ("service_principals", "applicationId"), ("groups", "displayName"))


def may_create_any_cluster(store: Store, caller: Caller) -> bool:
    """Whether the caller, or a group that holds it, has the entitlement; administrators have it."""
    return caller.is_admin or any(
        {"value": _ENTITLEMENT} in (document.get("entitlements") or [])
        for kind, field in _NAMES
        for document in store.all(kind)
        if document[field] in caller.principals
    )
