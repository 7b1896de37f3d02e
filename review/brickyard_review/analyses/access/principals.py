"""Principals of a plan: names by id, and who is a member of which group, before and after.

Gaps: members that no resource of this plan adds (account console, SCIM provisioning, other stacks) are not seen.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from brickyard_review.model import Action
from brickyard_review.plan.model import Plan
from brickyard_review.plan.values import text_of

_TYPES = ("databricks_group", "databricks_user", "databricks_service_principal")
_NAMES = ("display_name", "user_name", "application_id")


class Principals:
    """Names and memberships."""

    def __init__(self, plan: Plan) -> None:
        self._names: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self.groups_before: dict[str, set[str]] = {}
        self.groups_after: dict[str, set[str]] = {}
        for values in _known(plan):
            identity, name = text_of(values.get("id")), _name(values)
            if identity and name:
                self._names[identity] = name
                label = text_of(values.get("display_name"))
                self._labels[name] = f"{label} ({name})" if label and label != name else name
        for change in plan.changes:
            if change.type == "databricks_group_member":
                self._member(change.before, self.groups_before)
                self._member(change.after if change.action is not Action.FORGET else change.before, self.groups_after)

    def _member(self, values: Mapping[str, Any] | None, groups: dict[str, set[str]]) -> None:
        pair = self.membership(values)
        if pair:
            groups.setdefault(pair[0], set()).add(pair[1])

    def membership(self, values: Mapping[str, Any] | None) -> tuple[str, str] | None:
        """Member and group by name; None while one of them is unknown."""
        if values is None:
            return None
        member, group = text_of(values.get("member_id")), text_of(values.get("group_id"))
        return (self.name(member), self.name(group)) if member and group else None

    def name(self, identity: str) -> str:
        """A principal's name; its id where this plan does not know the name."""
        return self._names.get(identity, identity)

    def label(self, principal: str) -> str:
        """A principal for people: a service principal by its display name too."""
        return self._labels.get(principal, principal)

    @staticmethod
    def groups_of(principal: str, groups: Mapping[str, set[str]]) -> set[str]:
        """Every group that the principal is in, nested ones too."""
        found: set[str] = set()
        waiting = [principal]
        while waiting:
            for group in groups.get(waiting.pop(), ()):
                if group not in found:
                    found.add(group)
                    waiting.append(group)
        return found


def _known(plan: Plan) -> Iterator[Mapping[str, Any]]:
    yield from plan.known.values()
    for change in plan.changes:
        if change.type in _TYPES:
            yield from (values for values in (change.before, change.after) if values is not None)


def _name(values: Mapping[str, Any]) -> str | None:
    """How grants name it: groups by display name, users by name, service principals by application id."""
    application = text_of(values.get("application_id"))
    return application or next((text for key in reversed(_NAMES) if (text := text_of(values.get(key)))), None)
