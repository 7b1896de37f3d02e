"""What a stage asks of the rest of an environment."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from brickyard_stacks.settings.auth import Auth
from brickyard_stacks.settings.stages import LOCAL_PROVIDER_VERSION
from brickyard_stacks.settings.strict import Broken

if TYPE_CHECKING:
    from brickyard_stacks.settings.environment import Environment


def rules_of(environment: "Environment") -> Iterable[Broken]:
    """`local` is this machine; `staging` and `prod` outlive one machine and one mistake."""
    if environment.stage == "local":
        yield from _local(environment)
    elif environment.cloud == "local":
        yield Broken(key=("cloud",), rule="stage and cloud are both local, or neither is")
    if environment.stage in ("staging", "prod"):
        yield from _kept(environment)


def _local(environment: "Environment") -> Iterable[Broken]:
    if environment.cloud != "local":
        yield Broken(key=("cloud",), rule="stage and cloud are both local, or neither is")
    for key, auth in _sign_ins(environment):
        if auth.type != "profile":
            rule = "the stage local signs in with type profile: the local workspace writes the profile"
            yield Broken(key=(*key, "auth", "type"), rule=rule)
    if environment.provider.version != LOCAL_PROVIDER_VERSION:
        yield Broken(key=("provider", "version"), rule=f"the stage local uses exactly {LOCAL_PROVIDER_VERSION}")


def _sign_ins(environment: "Environment") -> Iterator[tuple[tuple[str, ...], Auth]]:
    yield ("workspace",), environment.workspace.auth
    if environment.platform is not None:
        yield ("platform",), environment.platform.auth
    for project, applier in environment.deployers.items():
        yield ("deployers", project), applier.auth


def _kept(environment: "Environment") -> Iterable[Broken]:
    if not environment.deletion_protection:
        yield Broken(key=("deletion_protection",), rule="may be false for the stages local and dev only")
    # A rehearsal on one's own machine signs in by profile; what a pipeline writes to its machine is gone with it.
    if environment.state.backend == "local" and environment.workspace.auth.type != "profile":
        rule = f"s3 or azurerm for the stage {environment.stage}: a file of one machine is lost with it"
        yield Broken(key=("state", "backend"), rule=rule)
