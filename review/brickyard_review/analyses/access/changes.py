"""Access lost and gained, per principal and securable: direct, through groups, and what is still held by inheritance.

Gaps: only grants and memberships in this plan are known; what else stands in the workspace is not, and is said so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from brickyard_review.analyses.access.entries import OWNER, Entries, Entry, Securable, read_entries
from brickyard_review.analyses.access.principals import Principals
from brickyard_review.analyses.titles import noun
from brickyard_review.model import AccessChange, Action, Gap
from brickyard_review.plan.model import Plan, ResourceChange

Held = Mapping[tuple[str, Securable], frozenset[str]]
_ALL = "ALL_PRIVILEGES"
_NOT_IN_ALL = {OWNER, "MANAGE", "EXTERNAL_USE_SCHEMA", "EXTERNAL_USE_LOCATION"}
_LEVELS = (
    "CAN_VIEW",
    "CAN_READ",
    "CAN_USE",
    "CAN_QUERY",
    "CAN_MONITOR",
    "CAN_RUN",
    "CAN_ATTACH_TO",
    "CAN_EDIT",
    "CAN_RESTART",
    "CAN_MANAGE_RUN",
    "CAN_MANAGE",
    "IS_OWNER",
)  # of permissions: each level of an object includes its lower ones
_MAX_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The part of a review about access."""

    changes: tuple[AccessChange, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Resource:
    change: ResourceChange
    before: Entries
    after: Entries


def access_changes(plan: Plan) -> Access:
    """Who loses and gains what."""
    principals = Principals(plan)
    resources = [_read(change) for change in plan.changes if change.mode == "managed"]
    before = _held(entry for resource in resources for entry in resource.before.entries)
    after = _held(entry for resource in resources for entry in resource.after.entries)
    direct = [found for resource in resources for found in _direct(resource, after, principals)]
    members = [found for change in plan.changes for found in _through_membership(change, before, after, principals)]
    named = _Labels(plan, principals)
    gaps = tuple(_gaps(resources, principals, touched=bool(direct or members)))
    ordered = sorted(
        map(named.labelled, (*direct, *members)), key=lambda found: (not found.lost, found.securable, found.principal)
    )
    return Access(changes=tuple(ordered), gaps=gaps)


class _Labels:
    """Principals and objects by the names that people know."""

    def __init__(self, plan: Plan, principals: Principals) -> None:
        self._principals = principals
        self._objects = {
            f"{noun(kind)} {identity}": name for (kind, identity), name in plan.names.items() if name not in identity
        }

    def labelled(self, found: AccessChange) -> AccessChange:
        """The same with names in place of ids."""
        kind = found.securable.rsplit(" ", 1)[0]
        name = self._objects.get(found.securable)
        securable = f"{kind} {name}" if name else found.securable
        return replace(found, principal=self._principals.label(found.principal), securable=securable)


def _read(change: ResourceChange) -> _Resource:
    before = read_entries(change, change.before)
    stays = change.action in (Action.FORGET, Action.NO_OP)
    return _Resource(change=change, before=before, after=before if stays else read_entries(change, change.after))


def _held(entries: Iterable[Entry]) -> Held:
    held: dict[tuple[str, Securable], frozenset[str]] = {}
    for entry in entries:
        key = (entry.principal, entry.securable)
        held[key] = held.get(key, frozenset()) | entry.privileges
    return held


def _direct(resource: _Resource, after: Held, principals: Principals) -> Iterator[AccessChange]:
    """What this resource takes and gives; what the principal holds by another resource is not lost."""
    was, will = _held(resource.before.entries), _held(resource.after.entries)
    if resource.after.open_ends and resource.change.after is not None:
        was = {key: privileges for key, privileges in was.items() if key in will}
    for key in dict.fromkeys((*was, *will)):
        principal, securable = key
        lost = frozenset(p for p in was.get(key, frozenset()) if not _covers(after.get(key, frozenset()), p))
        gained = will.get(key, frozenset()) - was.get(key, frozenset())
        if not lost and not gained:
            continue
        still = _still_held(principal, securable, lost, after, principals)
        yield AccessChange(
            principal=principal,
            securable=str(securable),
            lost=tuple(sorted(lost - set(still))),
            gained=tuple(sorted(gained)),
            address=resource.change.address,
            note=_note(still, principal, lost - set(still), principals),
        )


def _still_held(
    principal: str, securable: Securable, lost: frozenset[str], after: Held, principals: Principals
) -> dict[str, str]:
    """Privileges that the principal keeps by another route, with the route."""
    routes = [(who, where) for who in (principal, *sorted(principals.groups_of(principal, principals.groups_after)))
              for where in (securable, *securable.parents())]  # fmt: skip
    kept: dict[str, str] = {}
    for privilege in sorted(lost):
        for who, where in routes:
            if _covers(after.get((who, where), frozenset()), privilege):
                kept[privilege] = f"{where}" if who == principal else f"group {who} on {where}"
                break
    return kept


def _covers(held: frozenset[str], privilege: str) -> bool:
    if privilege in held or (_ALL in held and privilege not in _NOT_IN_ALL):
        return True
    level = _LEVELS.index(privilege) if privilege in _LEVELS else len(_LEVELS)
    return any(higher in held for higher in _LEVELS[level:])


def _note(still: Mapping[str, str], principal: str, lost: frozenset[str], principals: Principals) -> str | None:
    notes = [f"still has {privilege} through {route}" for privilege, route in still.items()]
    members = sorted(
        principals.label(who)
        for who in principals.groups_before
        if principal in principals.groups_of(who, principals.groups_before)
    )
    if lost and members:
        more = f" and {len(members) - _MAX_NAMED} more" if len(members) > _MAX_NAMED else ""
        notes.append(f"members known here: {', '.join(members[:_MAX_NAMED])}{more}")
    return "; ".join(notes) or None


def _through_membership(
    change: ResourceChange, before: Held, after: Held, principals: Principals
) -> Iterator[AccessChange]:
    """What a member loses with a group and gains with another one."""
    if change.type != "databricks_group_member" or change.action in (Action.NO_OP, Action.FORGET):
        return
    was, will = principals.membership(change.before), principals.membership(change.after)
    if was == will:
        return
    for pair, held, lose in ((was, before, True), (will, after, False)):
        if pair is not None:
            yield from _of_group(change.address, pair, held, lose=lose, principals=principals)


def _of_group(
    address: str, pair: tuple[str, str], held: Held, *, lose: bool, principals: Principals
) -> Iterator[AccessChange]:
    member, group = pair
    groups = {group} | principals.groups_of(group, principals.groups_before if lose else principals.groups_after)
    found = {securable: privileges for (who, securable), privileges in held.items() if who in groups}
    membership = ("MEMBER",)
    yield AccessChange(
        principal=member,
        securable=f"group {group}",
        lost=membership if lose else (),
        gained=() if lose else membership,
        address=address,
        note=None if found else "what this group may do stands in no resource of this plan",
    )
    for securable, privileges in sorted(found.items(), key=lambda pair: str(pair[0])):
        words = tuple(sorted(privileges))
        via = f"member of {group}"
        yield AccessChange(
            principal=member,
            securable=str(securable),
            lost=words if lose else (),
            gained=() if lose else words,
            via=via,
            address=address,
        )


def _gaps(resources: Iterable[_Resource], principals: Principals, *, touched: bool) -> Iterator[Gap]:
    for resource in resources:
        for end in dict.fromkeys((*resource.before.open_ends, *resource.after.open_ends)):
            if resource.change.action is not Action.NO_OP:
                yield Gap(subject=resource.change.address, message=f"Access cannot be told: {end} is not in the plan.")
        if resource.change.type == "databricks_group_member" and resource.change.action is not Action.NO_OP:
            sides = [side for side in (resource.change.before, resource.change.after) if side is not None]
            if any(principals.membership(side) is None for side in sides):
                yield Gap(subject=resource.change.address, message="Who joins which group is known after apply only.")
    if touched:
        yield Gap(
            subject="access",
            message="Grants and group members made outside this plan (console, SCIM, other stacks) are not seen.",
        )
