"""Elements of a plan's JSON as typed changes, through the door."""

from collections.abc import Mapping, Sequence
from typing import Any

from brickyard_review.errors import UnreadablePlan
from brickyard_review.model import Action, Check, Gap
from brickyard_review.plan.masking import Door
from brickyard_review.plan.model import DeferredChange, OutputValue, ResourceChange

_ACTIONS = {
    ("no-op",): Action.NO_OP,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
    ("forget", "create"): Action.REPLACE,
}
_AGAIN = "Write it with `terraform show -json PLAN`; a newer Terraform may need a newer Brickyard."


class ChangeReader:
    """Reads elements; remembers what it could not show."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._unmarked = 0
        self._unknown_checks = 0

    def changes(self, elements: list[dict[str, Any]]) -> tuple[ResourceChange, ...]:
        """Every element, in the plan's order; the list is emptied on the way, to release what it holds."""
        elements.reverse()
        return tuple(self._change(elements.pop()) for _ in range(len(elements)))

    def _change(self, element: Mapping[str, Any]) -> ResourceChange:
        change = _object(element.get("change"))
        before, after = (self._side(change, side) for side in ("before", "after"))
        importing = change.get("importing")
        return ResourceChange(
            address=self._address(element),
            type=self._door.text(element.get("type")),
            name=self._door.text(element.get("name")),
            provider=self._door.text(element.get("provider_name")).rsplit("/", 1)[-1],
            mode="data" if element.get("mode") == "data" else "managed",
            action=_action(change.get("actions")),
            before=before,
            after=after,
            previous_address=self._door.text(element.get("previous_address")) or None,
            import_id=self._import_id(importing),
            reason=self._door.text(element.get("action_reason")) or None,
            replace_paths=self._paths(change.get("replace_paths")),
            create_before_destroy=_order(change.get("actions")),
            deposed=bool(element.get("deposed")),
            hidden=not _is_marked_up(change),
        )

    def _address(self, element: Mapping[str, Any]) -> str:
        address = self._door.text(element.get("address"))
        if not address or not isinstance(element.get("type"), str):
            raise UnreadablePlan("A change in this plan has no address or no type.", _AGAIN)
        return address

    def _side(self, change: Mapping[str, Any], side: str) -> Mapping[str, Any] | None:
        """`before` or `after`: hidden as a whole where the plan carries no marks of what is sensitive."""
        value = change.get(side)
        marks = change.get(f"{side}_sensitive", True)
        unknown = change.get("after_unknown") if side == "after" else False
        if value is not None and not isinstance(value, dict):
            raise UnreadablePlan(f"A change's {side} is no object.", _AGAIN)
        if value is None and not (isinstance(unknown, dict) and unknown):
            return None
        if marks is True:
            self._unmarked += f"{side}_sensitive" not in change
            marks = dict.fromkeys(value or {}, True)
        admitted = self._door.admit(value or {}, marks, unknown)
        return admitted if isinstance(admitted, dict) else {}

    def _import_id(self, importing: Any) -> str | None:
        if not isinstance(importing, dict):
            return None
        return self._door.text(importing.get("id")) or "(an id known later)"

    def _paths(self, paths: Any) -> tuple[tuple[str | int, ...], ...]:
        found = paths if isinstance(paths, list) else []
        return tuple(
            tuple(self._door.text(step) if isinstance(step, str) else int(step) for step in path if _is_step(step))
            for path in found
            if isinstance(path, list)
        )

    def deferred(self, elements: Sequence[Mapping[str, Any]]) -> tuple[DeferredChange, ...]:
        """What waits for a later plan."""
        found = []
        for element in elements:
            inner = _object(element.get("resource_change"))
            actions = _object(inner.get("change")).get("actions")
            reason = self._door.text(element.get("reason")).replace("_", " ") or "no reason given"
            found.append(DeferredChange(address=self._address(inner), action=_action(actions), reason=reason))
        return tuple(found)

    def outputs(self, outputs: Mapping[str, Any]) -> tuple[OutputValue, ...]:
        """Outputs that change."""
        found = []
        for name, output in outputs.items():
            change = _object(output)
            action = _action(change.get("actions"))
            if action is not Action.NO_OP:
                before = self._door.admit(change.get("before"), change.get("before_sensitive", True), name=name)
                marks, unknown = change.get("after_sensitive", True), change.get("after_unknown", False)
                after = self._door.admit(change.get("after"), marks, unknown, name)
                found.append(OutputValue(name=self._door.text(name), action=action, before=before, after=after))
        return tuple(found)

    def checks(self, elements: Sequence[Mapping[str, Any]]) -> tuple[Check, ...]:
        """Checks that fail; those which only apply can tell are counted as a gap."""
        found = []
        for element in elements:
            status = element.get("status")
            if status not in ("pass", "unknown"):
                name = self._door.text(_object(element.get("address")).get("to_display")) or "a check"
                shown = self._door.text(status) or "of no known status"
                found.append(Check(address=name, status=shown, problems=self._problems(element)))
            self._unknown_checks += status == "unknown"
        return tuple(found)

    def _problems(self, element: Mapping[str, Any]) -> tuple[str, ...]:
        instances = element.get("instances")
        return tuple(
            self._door.text(problem.get("message"))
            for instance in (instances if isinstance(instances, list) else [])
            if isinstance(instance, dict) and isinstance(instance.get("problems"), list)
            for problem in instance["problems"]
            if isinstance(problem, dict)
        )

    def known(self, resources: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        """Values of data sources, by address."""
        found: dict[str, Mapping[str, Any]] = {}
        for address, resource in resources.items():
            values = self._door.admit(resource.get("values"), resource.get("sensitive_values", True))
            if isinstance(values, dict):
                found[self._door.text(address)] = values
        return found

    def gaps(self) -> tuple[Gap, ...]:
        """What was hidden or left open on the way."""
        found = []
        if self._unmarked:
            message = f"{self._unmarked} values carry no marks of what is sensitive in them: all of it is hidden."
            found.append(Gap(subject="sensitive values", message=message))
        if self._unknown_checks:
            found.append(Gap(subject="checks", message=f"{self._unknown_checks} checks are decided during apply only."))
        return tuple(found)


def _action(actions: Any) -> Action:
    known = _ACTIONS.get(tuple(actions)) if isinstance(actions, list) and all(map(_is_text, actions)) else None
    if known is None:
        raise UnreadablePlan("A change in this plan has actions that this review does not know.", _AGAIN)
    return known


def _order(actions: Any) -> bool:
    return isinstance(actions, list) and len(actions) == 2 and actions[0] == "create"


def _is_marked_up(change: Mapping[str, Any]) -> bool:
    return all(f"{side}_sensitive" in change for side in ("before", "after") if change.get(side) is not None)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_step(step: Any) -> bool:
    return isinstance(step, str | int) and not isinstance(step, bool)


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnreadablePlan("A part of a change in this plan is no object.", _AGAIN)
    return value
