"""Nobody holds ALL_PRIVILEGES outside of development: a set that grows with every release of Databricks."""

from collections.abc import Iterator

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

_GRANTS = ("databricks_grants", "databricks_grant")


def check(resource: Resource, environment: Environment) -> Iterator[str]:
    """Neither in a whole set of grants nor in one grant."""
    if resource.kind not in _GRANTS or environment.stage in ("local", "dev"):
        return
    for grant in (resource.arguments, *resource.blocks("grant")):
        held = {str(p).upper().replace(" ", "_") for p in grant.get("privileges", ())}
        if "ALL_PRIVILEGES" in held:
            yield f"gives ALL_PRIVILEGES to {grant.get('principal')}; name the privileges that it needs"
