"""Back to an earlier champion: what is decided, pure, and then done in an order that may be cut anywhere.

The alias moves before the endpoints, so that batch readers are safe at once; a tag on the model says that a rollback
is under way, and the same command ends it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from brickyard_pipelines.errors import RollbackRefused
from brickyard_pipelines.ml.registry import endpoints as serving
from brickyard_pipelines.ml.registry.promotion import ROLLED_BACK_BY, VALIDATED_AS

if TYPE_CHECKING:
    from databricks.sdk.service.serving import ServingEndpointsAPI

UNDER_WAY = "rollback_under_way"
CHAMPION, CHALLENGER = "champion", "challenger"
_WITHDRAWN = (ROLLED_BACK_BY, "rolled_back_at", "rolled_back_to", "rollback_reason")


class Registry(Protocol):
    """The registry calls of a rollback; tags of a version are None when there is no such version."""

    def aliases(self, model: str) -> Mapping[str, str]:
        """Versions by alias."""

    def model_tags(self, model: str) -> Mapping[str, str]:
        """Tags of the registered model."""

    def version_tags(self, model: str, version: str) -> Mapping[str, str] | None:
        """Tags of one version."""

    def tag_model(self, model: str, key: str, value: str | None) -> None:
        """Set a tag, or with None take it off."""

    def tag_version(self, model: str, version: str, key: str, value: str | None) -> None:
        """Set a tag, or with None take it off."""

    def alias(self, model: str, alias: str, version: str | None) -> None:
        """Move an alias, or with None take it off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """Who goes back, when (ISO, UTC) and why."""

    who: str
    when: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """From which version to which. `withdrawn` is None when the version is champion already."""

    model: str
    to: str
    withdrawn: str | None


def plan(registry: Registry, model: str, *, to: str | None, unvalidated: bool = False) -> Rollback:
    """Which version becomes champion again.

    Errors: RollbackRefused when there is no champion, no version before it, or the version was never fit.
    """
    champion = registry.aliases(model).get(CHAMPION)
    if champion is None:
        raise RollbackRefused(f"No version of {model} is champion, so there is nothing to go back from.")
    begun_from, _, begun_to = registry.model_tags(model).get(UNDER_WAY, "").partition(" to ")
    if begun_to and to in (None, begun_to):
        return Rollback(model=model, to=begun_to, withdrawn=begun_from)
    target = to or _before(registry.version_tags(model, champion) or {}, model, champion)
    require_restorable(registry.version_tags(model, target), model, target, unvalidated=unvalidated)
    return Rollback(model=model, to=target, withdrawn=None if target == champion else champion)


def require_restorable(tags: Mapping[str, str] | None, model: str, version: str, *, unvalidated: bool = False) -> None:
    """Errors: RollbackRefused for a version that is not there, or that never was champion and never passed."""
    if tags is None:
        raise RollbackRefused(f"{model} has no version {version} (any more): name another one by --to.")
    was_champion = "promoted_at" in tags or "restored_at" in tags
    passed = tags.get("validation_status") == "PASSED" and tags.get(VALIDATED_AS) == f"{model}/{version}"
    if not (was_champion or passed or unvalidated):
        raise RollbackRefused(
            f"{model} version {version} never was champion, and its validation is"
            f" {tags.get('validation_status', 'not there')}: nothing says that it works. Name another version, or"
            " insist on this one by --unvalidated."
        )


def carry_out(
    registry: Registry,
    api: "ServingEndpointsAPI",
    asked: Rollback,
    endpoints: Sequence[str],
    word: Word,
    say: Callable[[str], None],
) -> None:
    """Record, alias, endpoints; done again it changes nothing that is done.

    Errors: EndpointNotUpdated; the alias has moved then, and the same command tries the endpoints again.
    """
    model, back = asked.model, asked.withdrawn
    if back is not None:
        registry.tag_model(model, UNDER_WAY, f"{back} to {asked.to}")
        _record(registry, asked, back, word)
        registry.alias(model, CHAMPION, asked.to)
        say(f"champion of {model} is version {asked.to}, was {back}")
        if registry.aliases(model).get(CHALLENGER) in (back, asked.to):
            registry.alias(model, CHALLENGER, None)
    for endpoint in endpoints:
        say(serving.move(api, endpoint, model, asked.to).said)
    if UNDER_WAY in registry.model_tags(model):
        registry.tag_model(model, UNDER_WAY, None)


def _before(tags: Mapping[str, str], model: str, champion: str) -> str:
    before = tags.get("previous_champion", "none")
    if before == "none":
        raise RollbackRefused(
            f"Nothing is on record before champion version {champion} of {model}: name a version by --to."
        )
    return before


def _record(registry: Registry, asked: Rollback, back: str, word: Word) -> None:
    """Say on both versions what happened; on record first, so that a moved alias is never without its reason."""
    withdrawn = dict(zip(_WITHDRAWN, (word.who, word.when, asked.to, word.why[:250]), strict=True))
    restored = {"restored_by": word.who, "restored_at": word.when, "restored_from": back}
    for key, value in withdrawn.items():
        registry.tag_version(asked.model, back, key, value)
    for key, value in {**restored, "restore_reason": word.why[:250]}.items():
        registry.tag_version(asked.model, asked.to, key, value)
    known = registry.version_tags(asked.model, asked.to) or {}
    for key in _WITHDRAWN:
        if key in known:  # what was taken back before is welcome again
            registry.tag_version(asked.model, asked.to, key, None)
