"""What rules look at: facts, flat, one per change, attribute, access change and so on.

Shapes, by kind:
- `change`, `drift`: address, type, action, title, reason, forced_by, words, moved, imported, dependents, …
- `attribute`: what its change has, and path, before, after (values), from, to (texts), growth (of a number)
- `access`: principal, securable, securable_kind, lost, gained (lists), loses, gains (texts), via
- `overwrite`: securable, live (`lost`, `empty` or `unread`), loses
- `output`: name, action · `check`: name, status, problem · `deferred`: action, reason
- `cost`: before, after, change (numbers), from, to, growth (texts), currency; of the whole stack per month
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_review.analyses.changes import Found
from brickyard_review.analyses.differences import Difference
from brickyard_review.model import Change, OutputChange, StackReview
from brickyard_review.plan.values import UNKNOWN, Masked, shown_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that a rule may match."""

    kind: str
    address: str | None
    fields: Mapping[str, Any]


def facts_of(stack: StackReview, found: Found, wanted: Callable[[str], object]) -> Iterator[Fact]:
    """Every fact of a stack; of attributes only those whose path is wanted, for there are many."""
    for change in stack.changes:
        yield Fact(kind="change", address=change.address, fields=_change(change))
    yield from _attributes(stack.changes, found, wanted)
    for change in stack.drift:
        yield Fact(kind="drift", address=change.address, fields=_change(change))
    yield from _access(stack)
    for output in stack.outputs:
        yield Fact(kind="output", address=f"output.{output.name}", fields=_output(output))
    for check in stack.checks:
        fields = {"name": check.address, "status": check.status, "problem": "; ".join(check.problems) or "no message"}
        yield Fact(kind="check", address=check.address, fields=fields)
    for deferred in stack.deferred:
        fields = {"action": str(deferred.action), "reason": deferred.reason}
        yield Fact(kind="deferred", address=deferred.address, fields=fields)
    if stack.cost is not None:
        yield Fact(kind="cost", address="cost", fields=_cost(stack))


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": change.address,
        "type": change.type,
        "action": str(change.action),
        "title": change.title,
        "reason": change.reason,
        "forced_by": ", ".join(change.forced_by) or change.reason or "Terraform",
        "moved": change.previous_address is not None,
        "previous_address": change.previous_address,
        "imported": change.import_id is not None,
        "create_before_destroy": change.create_before_destroy,
        "dependents": change.dependents,
        "words": "; ".join(change.sentences) or _paths(change),
    }


def _paths(change: Change) -> str:
    paths = [attribute.path for attribute in change.attributes]
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")


def _output(output: OutputChange) -> dict[str, Any]:
    return {"name": output.name, "action": str(output.action)}


def _attributes(changes: tuple[Change, ...], found: Found, wanted: Callable[[str], object]) -> Iterator[Fact]:
    by_address = {change.address: change for change in changes}
    for change, differing in found:
        listed = [difference for difference in differing if wanted(difference.path)]
        if listed and change.address in by_address:
            fields = _change(by_address[change.address])
            for difference in listed:
                yield Fact(kind="attribute", address=change.address, fields=fields | _attribute(difference))


def _attribute(difference: Difference) -> dict[str, Any]:
    before, after = _plain(difference.before), _plain(difference.after)
    grows = isinstance(before, int | float) and isinstance(after, int | float)
    return {
        "path": difference.path,
        "before": before,
        "after": after,
        "from": shown_text(difference.before)[:80],
        "to": shown_text(difference.after)[:80],
        "growth": after - before if grows else None,
    }


def _plain(value: Any) -> Any:
    """A value that conditions compare: unknown and hidden ones by their words."""
    return shown_text(value) if value is UNKNOWN or isinstance(value, Masked) else value


def _access(stack: StackReview) -> Iterator[Fact]:
    for access in stack.access:
        fields = {
            "principal": access.principal,
            "securable": access.securable,
            "securable_kind": access.securable.rsplit(" ", 1)[0],
            "lost": list(access.lost),
            "gained": list(access.gained),
            "loses": ", ".join(access.lost),
            "gains": ", ".join(access.gained),
            "via": access.via,
        }
        yield Fact(kind="access", address=access.address, fields=fields)
    for overwrite in stack.overwrites:
        state = "unread" if overwrite.live is None else "lost" if overwrite.live else "empty"
        lost = "; ".join(overwrite.live or ()) or "whatever it does not list"
        fields = {"securable": overwrite.securable, "live": state, "loses": lost}
        yield Fact(kind="overwrite", address=overwrite.address, fields=fields)


def _cost(stack: StackReview) -> dict[str, Any]:
    cost = stack.cost
    before, after = (cost.before, cost.after) if cost else (0.0, 0.0)
    currency = cost.currency if cost else ""
    words = {"from": f"{before:,.0f}", "to": f"{after:,.0f}", "growth": f"{after - before:,.0f}"}
    return {"before": before, "after": after, "change": round(after - before, 2), "currency": currency, **words}
