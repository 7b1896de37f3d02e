"""Rules between keys of an environment, each told in its own words."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brickyard_stacks.settings.stages import LOCAL_PROVIDER_VERSION
from brickyard_stacks.settings.strict import Broken

if TYPE_CHECKING:
    from brickyard_stacks.settings.environment import Environment


def rules_of(environment: "Environment") -> Iterable[Broken]:
    """Every rule that does not hold."""
    for rule in (_local, _protection, _made_groups, _federation, _storage):
        yield from rule(environment)


def _local(environment: "Environment") -> Iterable[Broken]:
    local = environment.stage == "local"
    if local != (environment.cloud == "local"):
        yield Broken(key=("cloud",), rule="stage and cloud are both local, or neither is")
    if local and environment.workspace.auth.type != "profile":
        rule = "the stage local signs in with type profile: the local workspace writes the profile"
        yield Broken(key=("workspace", "auth", "type"), rule=rule)
    if local and environment.provider.version != LOCAL_PROVIDER_VERSION:
        yield Broken(key=("provider", "version"), rule=f"the stage local uses exactly {LOCAL_PROVIDER_VERSION}")


def _protection(environment: "Environment") -> Iterable[Broken]:
    if environment.stage in ("staging", "prod") and not environment.deletion_protection:
        yield Broken(key=("deletion_protection",), rule="may be false for the stages local and dev only")


def _made_groups(environment: "Environment") -> Iterable[Broken]:
    """A group that is made through a workspace holds no Unity Catalog privileges elsewhere."""
    if environment.stage == "local" or environment.account is not None:
        return
    for role, group in environment.groups:
        if group.ownership != "reference":
            rule = "without the block account only the stage local makes or adopts groups: others are the account's"
            yield Broken(key=("groups", role, "ownership"), rule=rule)


def _federation(environment: "Environment") -> Iterable[Broken]:
    if environment.account is not None:
        return
    for role, principal in environment.service_principals:
        if principal.federation is not None:
            rule = "needs the block account: federation policies are the account's"
            yield Broken(key=("service_principals", role, "federation"), rule=rule)


def _storage(environment: "Environment") -> Iterable[Broken]:
    named = environment.catalog.storage
    if named is not None and named not in environment.storage:
        there = ", ".join(environment.storage) or "none"
        yield Broken(key=("catalog", "storage"), rule=f"must be a block of storage: {there}")
    for name, storage in environment.storage.items():
        if environment.cloud not in ("local", storage.kind):
            yield Broken(key=("storage", name, "kind"), rule=f"must be the environment's cloud, {environment.cloud}")
