"""Who applies, plans, runs and tries are different principals, so that one's rights are not the other's."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brickyard_stacks.settings.strict import Broken

if TYPE_CHECKING:
    from brickyard_stacks.settings.environment import Environment


def rules_of(environment: "Environment") -> Iterable[Broken]:
    """No service principal stands for two roles, and none deploys."""
    ids: dict[str, str] = {environment.deployer: "deployer"}
    yield from _appliers(environment, ids)
    names: dict[str, str] = {}
    for role, principal in environment.service_principals:
        if principal.application_id is not None:
            yield from _once(ids, principal.application_id, role, "application_id")
        yield from _once(names, principal.name, role, "name")
    made = [(role, group.name) for role, group in environment.groups if group.ownership != "reference"]
    for role, name in made:
        if any(group.name == name for other, group in environment.groups if other != role):
            rule = "a group that we make or adopt has one role: only groups of others may have several"
            yield Broken(key=("groups", role, "name"), rule=rule)


def _appliers(environment: "Environment", ids: dict[str, str]) -> Iterable[Broken]:
    """One principal may apply several projects, and then neither the platform nor the rest."""
    if environment.platform is not None:
        if environment.platform.deployer in ids:
            rule = "is the deployer already: name another principal, or leave the block platform out"
            yield Broken(key=("platform", "deployer"), rule=rule)
        ids.setdefault(environment.platform.deployer, "platform.deployer")
    for project, applier in environment.deployers.items():
        if applier.deployer in ids and not ids[applier.deployer].startswith("deployers."):
            rule = f"is {ids[applier.deployer]}'s already: name another principal, or leave the project out"
            yield Broken(key=("deployers", project, "deployer"), rule=rule)
        ids.setdefault(applier.deployer, f"deployers.{project}")


def _once(seen: dict[str, str], value: str, role: str, key: str) -> Iterable[Broken]:
    if value in seen:
        rule = f"is {seen[value]}'s already: every role has a principal of its own"
        yield Broken(key=("service_principals", role, key), rule=rule)
    seen.setdefault(value, role)
