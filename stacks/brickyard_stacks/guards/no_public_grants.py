"""In staging and prod nothing is open to everybody: access goes through the groups of the environment."""

from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

# Source: docs.databricks.com, "Manage groups": system groups that every user of the account or workspace is in.
_EVERYBODY = frozenset({"account users", "users", "all users", "all account users", "public"})
_BLOCKS = {
    "databricks_grants": ("grant",),
    "databricks_grant": (),
    "databricks_permissions": ("access_control",),
    "databricks_secret_acl": (),
    "databricks_permission_assignment": (),
}
_WHO = ("principal", "group_name", "user_name", "service_principal_name")


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """No principal is everybody, and none is a pattern."""
    if resource.kind not in _BLOCKS or environment.stage not in ("staging", "prod"):
        return
    for block in resource.blocks(*_BLOCKS[resource.kind]):
        for who in (str(block[key]) for key in _WHO if block.get(key)):
            if who.strip().lower() in _EVERYBODY or "*" in who:
                yield f"is open to everybody ({who!r}); name a group of environments/{environment.name}.yaml"
