"""Entitlements: what they are, who has them from the start, and which APIs need one.

Source: docs.databricks.com/aws/en/security/auth/entitlements (meaning; `users` starts with workspace and SQL access).
Deviation: Databricks documents entitlements by product area; the paths below are our reading of it. Unity Catalog,
identity, permissions, files in volumes and model serving's invocations need none.
"""

from brickyard_local.directory import ADMINS_GROUP, USERS_GROUP
from brickyard_local.errors import PermissionDenied
from brickyard_local.identity.errors import ScimError
from brickyard_local.store import Document

WORKSPACE_ACCESS, SQL_ACCESS, CONSUME = "workspace-access", "databricks-sql-access", "workspace-consume"
_ALL = frozenset({WORKSPACE_ACCESS, SQL_ACCESS, CONSUME, "allow-cluster-create", "allow-instance-pool-create"})

DEFAULTS = {
    ADMINS_GROUP: (WORKSPACE_ACCESS, SQL_ACCESS, "allow-cluster-create", "allow-instance-pool-create"),
    USERS_GROUP: (WORKSPACE_ACCESS, SQL_ACCESS),
}

# The first segments of a path below /api/<version>/ -> any one of these entitlements.
_WORKSPACE = frozenset({WORKSPACE_ACCESS})
_NEEDED = {
    "workspace": _WORKSPACE,
    "workspace-files": _WORKSPACE,
    "jobs": _WORKSPACE,
    "clusters": _WORKSPACE,
    "libraries": _WORKSPACE,
    "instance-pools": _WORKSPACE,
    "policies": _WORKSPACE,
    "pipelines": _WORKSPACE,
    "repos": _WORKSPACE,
    "mlflow": _WORKSPACE,
    "serving-endpoints": _WORKSPACE,
    "sql": frozenset({SQL_ACCESS, CONSUME}),
    "alerts": frozenset({SQL_ACCESS}),
}


def check_entitlements(document: Document) -> None:
    """Errors: ScimError for an entitlement that does not exist."""
    for entry in document.get("entitlements", []):
        if entry["value"] not in _ALL:
            raise ScimError(f"'{entry['value']}' is no entitlement; they are {', '.join(sorted(_ALL))}.")


def require_entitled(principal: str, entitlements: frozenset[str], path: str) -> None:
    """That one with these entitlements may call the path. Errors: PermissionDenied.

    >>> require_entitled("ann@x.org", frozenset({"databricks-sql-access"}), "/api/2.0/sql/warehouses")
    """
    needed = needed_for(path)
    if needed and not needed & entitlements:
        raise PermissionDenied(
            f"'{principal}' lacks the entitlement {' or '.join(sorted(needed))}, which {path} needs. An administrator "
            "gives it to the principal or to a group that holds it (databricks_entitlements in Terraform)."
        )


def needed_for(path: str) -> frozenset[str]:
    """The entitlements of which one is needed; none for most paths.

    >>> sorted(needed_for("/api/2.2/jobs/list")), sorted(needed_for("/api/2.1/unity-catalog/catalogs"))
    (['workspace-access'], [])
    """
    names = path.split("/", 4)
    if len(names) < 4 or names[1] not in {"api", "ajax-api"}:
        return frozenset()
    return _NEEDED.get(names[3], frozenset())
