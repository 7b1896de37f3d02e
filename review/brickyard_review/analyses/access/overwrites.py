"""The silent overwrite: creating an authoritative set removes every grant that it does not list, and no plan says so.

Source: github.com/databricks/terraform-provider-databricks issues 4679, 5010, 5215.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from brickyard_review.analyses.access.entries import (
    AUTHORITATIVE,
    Entry,
    Securable,
    read_entries,
    securable_key,
    securable_of,
)
from brickyard_review.analyses.titles import noun, object_name
from brickyard_review.model import Action, Overwrite
from brickyard_review.plan.model import Plan, ResourceChange
from brickyard_review.plan.values import text_of


class LiveAccess(Protocol):
    """Reads what stands in the workspace now; the command line implements it by databricks-sdk."""

    def held(self, key: str, name: str) -> Mapping[str, frozenset[str]] | None:
        """Privileges by principal, of what an argument such as `catalog` or `job_id` names; None if not readable."""
        ...


def overwrites(plan: Plan, live: LiveAccess | None) -> tuple[Overwrite, ...]:
    """Every authoritative set that is created on something which is there already."""
    made = frozenset(_made(plan))
    return tuple(found for change in plan.changes for found in _overwrite(change, made, live))


def _made(plan: Plan) -> Iterator[Securable]:
    """What this plan creates: nothing stands on it yet."""
    for change in plan.changes:
        name = object_name(change.values)
        if change.action in (Action.CREATE, Action.REPLACE) and name and change.import_id is None:
            yield Securable(kind=noun(change.type), name=name)
            yield Securable(kind={"registered model": "model"}.get(noun(change.type), noun(change.type)), name=name)


def _overwrite(change: ResourceChange, made: frozenset[Securable], live: LiveAccess | None) -> Iterator[Overwrite]:
    if change.type not in AUTHORITATIVE or change.action not in (Action.CREATE, Action.REPLACE) or change.after is None:
        return
    key = securable_key(change.after)
    securable = securable_of(change.type, change.after)
    if key is None or securable is None or securable in made or _same_as_before(change, securable):
        return
    entries = read_entries(change, change.after).entries
    now = live.held(key, text_of(change.after[key]) or "") if live is not None else None
    yield Overwrite(
        address=change.address,
        securable=str(securable),
        listed=tuple(sorted(_line(entry.principal, entry.privileges) for entry in entries)),
        live=None if now is None else _lost(now, entries),
    )


def _same_as_before(change: ResourceChange, securable: Securable) -> bool:
    """A replaced set was authoritative on the same securable before: its own state shows what goes."""
    return change.before is not None and securable_of(change.type, change.before) == securable


def _lost(now: Mapping[str, frozenset[str]], entries: tuple[Entry, ...]) -> tuple[str, ...]:
    listed: dict[str, frozenset[str]] = {}
    for entry in entries:
        listed[entry.principal] = listed.get(entry.principal, frozenset()) | entry.privileges
    gone = {principal: held - listed.get(principal, frozenset()) for principal, held in now.items()}
    return tuple(sorted(_line(principal, held) for principal, held in gone.items() if held))


def _line(principal: str, privileges: frozenset[str]) -> str:
    return f"{principal}: {', '.join(sorted(privileges))}"
