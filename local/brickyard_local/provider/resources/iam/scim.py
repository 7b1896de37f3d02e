"""SCIM: what groups and service principals have in common."""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.resource import State

SCIM = "/api/2.0/preview/scim/v2"
ENTITLEMENTS: Mapping[str, str] = {
    "allow_cluster_create": "allow-cluster-create",
    "allow_instance_pool_create": "allow-instance-pool-create",
    "databricks_sql_access": "databricks-sql-access",
    "workspace_access": "workspace-access",
    "workspace_consume": "workspace-consume",
}
"""The API's entitlement by argument."""
ENTITLEMENT_DEFAULTS = dict.fromkeys(ENTITLEMENTS, False)
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def schemas(kind: str) -> list[str]:
    """SCIM's own name of a kind of object."""
    return [f"{_SCHEMA}{kind}"]


def entitlements(state: State) -> list[dict[str, str]]:
    """The entitlements of a state; none is written as one without a name, which takes the last one away."""
    named = [{"value": value} for argument, value in ENTITLEMENTS.items() if state.get(argument) is True]
    return named or [{}]


def granted(document: Mapping[str, Any]) -> dict[str, bool]:
    """The arguments whose entitlement is granted. The genuine provider reads no absence either."""
    values = {item.get("value") for item in document.get("entitlements") or []}
    return {argument: True for argument, value in ENTITLEMENTS.items() if value in values}


def patch(operation: str, path: str, value: Any = None) -> dict[str, Any]:
    """The body of a SCIM PATCH."""
    change = {"op": operation, "path": path}
    return {"schemas": [_PATCH], "Operations": [change if value is None else {**change, "value": value}]}


def compact(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty, as the genuine provider sends it. False is a value."""
    return {key: value for key, value in document.items() if value not in (None, "", [])}
