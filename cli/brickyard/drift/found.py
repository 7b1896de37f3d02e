"""What drifted, out of a plan's JSON: pure.

A plan changes an address because reality left it, or because the code is ahead of what is deployed. Terraform lists
what it saw differ under `resource_drift`; only where the plan would also mend it is it drift for somebody to look at.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Drifted:
    """One object that is no longer as it was deployed; `attributes` are names, never values."""

    address: str
    what: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Of one stack: what drifted, what the code would change besides, and the addresses that could not be read."""

    stack: str
    drifted: tuple[Drifted, ...]
    not_deployed: tuple[str, ...]
    unseen: frozenset[str]


def found_in(stack: str, shown: Mapping[str, Any], unseen: frozenset[str] = frozenset()) -> Found:
    """Read the JSON of a plan that was made with a refresh, of everything but `unseen`."""
    changes = [each for each in _managed(shown.get("resource_changes", ())) if each["change"]["actions"] != ["no-op"]]
    drifts = {each["address"]: each["change"] for each in _managed(shown.get("resource_drift", ()))}
    drifted = tuple(_drifted(each["address"], drifts[each["address"]]) for each in changes if each["address"] in drifts)
    ahead = tuple(each["address"] for each in changes if each["address"] not in drifts)
    return Found(stack=stack, drifted=drifted, not_deployed=ahead, unseen=unseen)


def _managed(changes: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in changes if each.get("mode") == "managed"]


def _drifted(address: str, change: Mapping[str, Any]) -> Drifted:
    if "delete" in change["actions"]:
        return Drifted(address=address, what="is gone")
    before, after = change.get("before") or {}, change.get("after") or {}
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return Drifted(address=address, what="differs", attributes=tuple(names))


def headline_of(environment: str, found: Iterable[Found]) -> str:
    """One line for the issue."""
    count = sum(len(each.drifted) for each in found)
    things = "1 object" if count == 1 else f"{count} objects"
    return f"{environment}: {things} left the code" if count else f"{environment}: nothing left the code"


def markdown_of(environment: str, found: Iterable[Found]) -> str:
    """The issue's text: addresses and names of attributes alone, since values may be secret."""
    found = tuple(found)
    lines = [f"## {headline_of(environment, found)}", ""]
    if any(each.drifted for each in found):
        lines += ["| Stack | Address | Seen |", "|---|---|---|"]
        lines += [_row(each.stack, one) for each in found for one in each.drifted]
        lines += ["", "Take the change into the code, or plan and apply this commit, which takes it back.", ""]
    ahead = sum(len(each.not_deployed) for each in found)
    unseen = Counter(address.partition(".")[0] for each in found for address in each.unseen)
    if ahead:
        lines.append(f"{ahead} more would change because this commit is not deployed; that is no drift.")
    if unseen:
        told = ", ".join(f"{count} `{kind}`" for kind, count in sorted(unseen.items()))
        lines.append(f"Who only reads cannot read these, or what they are built on, so that no drift is seen: {told}.")
    return "\n".join(lines).rstrip() + "\n"


def _row(stack: str, one: Drifted) -> str:
    attributes = ", ".join(f"`{name}`" for name in one.attributes)
    address = one.address.replace("|", "\\|").replace("`", "'")
    return f"| {stack} | `{address}` | {one.what}{f': {attributes}' if attributes else ''} |"
