"""Each change as a reviewer reads it: the object, the action, why, what forces it, what differs."""

from collections.abc import Callable

from brickyard_review.analyses.access.entries import access_title
from brickyard_review.analyses.blast import GOES
from brickyard_review.analyses.differences import Difference, attribute_change, differences
from brickyard_review.analyses.titles import title
from brickyard_review.analyses.words import sentences
from brickyard_review.model import Action, Change
from brickyard_review.plan.model import ResourceChange
from brickyard_review.sources import Sources

_MAX_ATTRIBUTES = 25
_MAX_OF_WHOLE = 8  # of what is created or destroyed as a whole, the first attributes identify it
_IDENTIFYING = ("name", "display_name", "catalog_name", "schema_name", "path", "url", "comment", "owner", "type")

_REASONS = {
    "replace_because_tainted": "tainted: its creation did not finish",
    "replace_because_cannot_update": "cannot be changed in place",
    "replace_by_request": "asked for by -replace",
    "replace_by_triggers": "replace_triggered_by",
    "delete_because_no_resource_config": "no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "count or for_each was added or removed",
    "delete_because_count_index": "its index is above count",
    "delete_because_each_key": "its key is no longer in for_each",
    "delete_because_no_move_target": "it was moved to an address that is not configured",
    "read_because_config_unknown": "its configuration is known after apply",
    "read_because_dependency_pending": "something it depends on changes",
}

Found = list[tuple[ResourceChange, list[Difference]]]


def compared(changes: tuple[ResourceChange, ...], label: Callable[[str], str]) -> Found:
    """Every change with what differs; for what is created or destroyed, the attributes that identify it.

    `label` names a principal: an application id alone says nothing to a person.
    """
    return [(change, [_labelled(found, label) for found in _differences(change)]) for change in changes]


def _labelled(found: Difference, label: Callable[[str], str]) -> Difference:
    if not found.path.endswith("service_principal_name"):
        return found
    before, after = (label(side) if isinstance(side, str) else side for side in (found.before, found.after))
    return Difference(path=found.path, before=before, after=after)


def _differences(change: ResourceChange) -> list[Difference]:
    if change.before is not None and change.after is not None:
        return list(differences(change.before, change.after))
    values = change.values
    keys = [key for key in _IDENTIFYING if values.get(key)] + [k for k in values if k not in _IDENTIFYING and values[k]]
    created = change.after is not None
    return [
        Difference(path=key, before=None if created else values[key], after=values[key] if created else None)
        for key in keys
    ]


def described(found: Found, sources: Sources, dependents: Callable[[str], int]) -> tuple[Change, ...]:
    """Changes for people, worst first. What stays as it is, and is neither moved nor imported, is left out."""
    shown = [
        _described(change, differing, sources, dependents)
        for change, differing in found
        if change.action is not Action.NO_OP or change.moved or change.import_id
    ]
    order = list(Action)
    return tuple(sorted(shown, key=lambda change: (order.index(change.action), change.address)))


def _described(
    change: ResourceChange, differing: list[Difference], sources: Sources, dependents: Callable[[str], int]
) -> Change:
    forced_by = tuple(_path(steps) for steps in change.replace_paths)
    limit = _MAX_ATTRIBUTES if change.action in (Action.UPDATE, Action.REPLACE) else _MAX_OF_WHOLE
    return Change(
        address=change.address,
        type=change.type,
        action=change.action,
        title=access_title(change) or title(change),
        construct=sources.construct(change.address),
        source=sources.line(change.address),
        source_url=sources.page(change.address),
        previous_address=change.previous_address if change.moved else None,
        import_id=change.import_id,
        reason=_reason(change),
        forced_by=forced_by,
        create_before_destroy=change.create_before_destroy,
        sentences=sentences(change, differing),
        attributes=tuple(attribute_change(difference, forced_by) for difference in differing[:limit]),
        attributes_left_out=max(0, len(differing) - limit),
        dependents=dependents(change.address) if change.action in GOES else 0,
    )


def _reason(change: ResourceChange) -> str | None:
    if change.deposed:
        return "left over from a replacement that did not finish"
    return _REASONS.get(change.reason, change.reason.replace("_", " ")) if change.reason else None


def _path(steps: tuple[str | int, ...]) -> str:
    """A path as Terraform gives it, blocks of one element without their index.

    >>> _path(("config", 0, "name"))
    'config.name'
    """
    return "".join(f"[{step}]" if isinstance(step, int) and step else f".{step}" for step in steps if step != 0).lstrip(
        "."
    )
