"""What drifted, out of a plan's JSON: pure.

A plan changes an address because reality left it, or because the code is ahead of what is deployed. Terraform lists
what it saw differ under `resource_drift`; only where the plan would also mend it is it drift for somebody to look at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Databricks shows these only to who may change them (docs/adr/0035): who only reads sees them empty.
UNSEEN_BY_READERS = frozenset(
    {"databricks_grants", "databricks_grant", "databricks_secret_acl", "databricks_access_control_rule_set"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drifted:
    """One object that is no longer as it was deployed; `attributes` are names, never values."""

    address: str
    what: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Of one stack: what drifted, what the code would change besides, and how much could not be seen."""

    stack: str
    drifted: tuple[Drifted, ...]
    not_deployed: tuple[str, ...]
    unseen: int


def found_in(stack: str, shown: Mapping[str, Any], *, only_reads: bool) -> Found:
    """Read the JSON of a plan that was made with a refresh."""
    unseen = UNSEEN_BY_READERS if only_reads else frozenset()
    changes = [each for each in _managed(shown.get("resource_changes", ())) if each["change"]["actions"] != ["no-op"]]
    drifts = {each["address"]: each["change"] for each in _managed(shown.get("resource_drift", ()))}
    seen = [each for each in changes if each["type"] not in unseen]
    hidden = sum(1 for each in _managed(shown.get("resource_changes", ())) if each["type"] in unseen)
    return Found(
        stack=stack,
        drifted=tuple(_drifted(each["address"], drifts[each["address"]]) for each in seen if each["address"] in drifts),
        not_deployed=tuple(each["address"] for each in seen if each["address"] not in drifts),
        unseen=hidden,
    )


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
    ahead, unseen = sum(len(each.not_deployed) for each in found), sum(each.unseen for each in found)
    if ahead:
        lines.append(f"{ahead} more would change because this commit is not deployed; that is no drift.")
    if unseen:
        lines.append(
            f"{unseen} lists of access could not be read by who only reads: a drift of those is not seen here."
        )
    return "\n".join(lines).rstrip() + "\n"


def _row(stack: str, one: Drifted) -> str:
    attributes = ", ".join(f"`{name}`" for name in one.attributes)
    address = one.address.replace("|", "\\|").replace("`", "'")
    return f"| {stack} | `{address}` | {one.what}{f': {attributes}' if attributes else ''} |"
