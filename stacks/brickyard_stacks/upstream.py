"""What the stacks before a project's have made, as far as a plan can see."""

from constructs import Construct

from brickyard_constructs.upstream import catalog_is_there
from brickyard_stacks.settings import Environment


def platform_is_there(scope: Construct, environment: Environment) -> str | None:
    """The condition under which the platform's stack was applied: its catalog is there.

    None where that says nothing, since the catalog is older than the platform. For the stacks of projects only: the
    platform itself would never see what came before it.
    """
    if environment.catalog.ownership != "create":
        return None
    return catalog_is_there(scope, environment.catalog.name)
