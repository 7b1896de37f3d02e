"""A plan's JSON as a `Plan`: sections are streamed, kept raw until every secret is learnt, then admitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from brickyard_review.errors import UnreadablePlan
from brickyard_review.model import Gap, Undecided
from brickyard_review.plan.changes import ChangeReader
from brickyard_review.plan.configuration import References
from brickyard_review.plan.masking import Door
from brickyard_review.plan.model import Plan
from brickyard_review.plan.secrets import is_secret_name
from brickyard_review.plan.sections import Keep, read_sections

_KEEP = {
    **dict.fromkeys(("format_version", "terraform_version", "variables", "output_changes"), Keep.WHOLE),
    **dict.fromkeys(("configuration", "complete", "errored"), Keep.WHOLE),
    **dict.fromkeys(("resource_changes", "resource_drift", "deferred_changes", "checks"), Keep.ELEMENTS),
    "prior_state": Keep.RESOURCES,
}
_NOT_NEEDED = {
    "planned_values",
    "relevant_attributes",
    "timestamp",
    "applyable",
    "provider_schemas",
    "proposed_unknown",
}
# What an apply would do besides changing resources (Terraform 1.14): not read, so that no such plan passes.
_NOT_REVIEWED = frozenset({"action_invocations", "deferred_action_invocations"})
_KEPT_UNCHANGED = frozenset(
    f"databricks_{name}"
    for name in (
        "grants",
        "grant",
        "permissions",
        "group",
        "group_member",
        "service_principal",
        "user",
        "catalog",
        "schema",
    )
)
_PRINCIPALS = frozenset({"databricks_group", "databricks_user", "databricks_service_principal"})


def read_plan(source: BinaryIO) -> Plan:
    """The plan behind the door. Errors: UnreadablePlan."""
    raw = _Raw()
    try:
        for section, value in read_sections(source, _KEEP):
            raw.take(section, value)
        raw.check_format()
        return raw.admitted()
    except RecursionError:
        raise UnreadablePlan("Values are nested deeper than any provider writes.", _CONVERT) from None


@dataclass(kw_only=True, slots=True)
class _Raw:
    """Sections as they stand in the file; nothing of this leaves this module."""

    door: Door = field(default_factory=Door)
    references: References = field(default_factory=References)
    sections: dict[str, Any] = field(default_factory=dict)
    resource_changes: list[dict[str, Any]] = field(default_factory=list)
    resource_drift: list[dict[str, Any]] = field(default_factory=list)
    deferred_changes: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    unchanged: int = 0

    def take(self, section: str, value: Any) -> None:
        """One section, or one element of it."""
        if section == "format_version":
            _check_version(value)
        if _KEEP.get(section) is not Keep.ELEMENTS and section != "prior_state":
            self.sections[section] = value
            return
        self.sections[section] = True
        if not isinstance(value, dict):
            raise _malformed(section)
        if section == "resource_changes":
            self._take_change(value)
        elif section == "prior_state":
            self._take_state(value)
        else:
            getattr(self, section).append(value)
            self._learn(value.get("resource_change", value))

    def _take_change(self, change: dict[str, Any]) -> None:
        if not isinstance(change.get("type"), str):
            raise _malformed("resource_changes")
        self._learn(change)
        inner = change.get("change")
        same = isinstance(inner, dict) and inner.get("actions") == ["no-op"]
        self._take_name(change.get("type"), inner.get("before") if isinstance(inner, dict) else None)
        touched = isinstance(inner, dict) and ("importing" in inner or "previous_address" in change)
        self.unchanged += same
        if not same or touched or change.get("type") in _KEPT_UNCHANGED:
            self.resource_changes.append(change)

    def _take_name(self, resource_type: Any, values: Any) -> None:
        if isinstance(resource_type, str) and resource_type.startswith("databricks_") and isinstance(values, dict):
            name = values.get("name") or values.get("display_name")
            if isinstance(values.get("id"), str) and isinstance(name, str):
                self.names[resource_type, values["id"]] = name

    def _take_state(self, resource: dict[str, Any]) -> None:
        self.door.learn(resource.get("values"), resource.get("sensitive_values"))
        self.references.read_state(resource)
        if resource.get("mode") == "data" and str(resource.get("type")) in _PRINCIPALS:
            self.principals[str(resource.get("address"))] = resource

    def _learn(self, change: Any) -> None:
        inner = change.get("change") if isinstance(change, dict) else None
        if isinstance(inner, dict):
            for side in ("before", "after"):
                self.door.learn(inner.get(side), inner.get(f"{side}_sensitive"))

    def check_format(self) -> None:
        """A plan, and not the JSON of something else."""
        if "format_version" not in self.sections:
            raise UnreadablePlan("This JSON has no format_version, so it is no plan.", _CONVERT)
        if "values" in self.sections and "resource_changes" not in self.sections:
            raise UnreadablePlan("This is the JSON of a state, not of a plan.", _CONVERT)
        if not {"planned_values", "resource_changes"} & set(self.sections):
            raise UnreadablePlan("This JSON has neither planned_values nor resource_changes.", _CONVERT)
        for name in ("configuration", "variables", "output_changes"):
            if not isinstance(self.sections.get(name), dict | None):
                raise _malformed(name)

    def admitted(self) -> Plan:
        """Everything through the door, raw parts released on the way."""
        configuration = self.sections.pop("configuration", None) or {}
        _learn_configuration(self.door, configuration, self.sections.pop("variables", None) or {})
        outputs = self.sections.pop("output_changes", None) or {}
        for output in outputs.values():
            self._learn({"change": output})
        self.references.read_configuration(configuration)
        reader = ChangeReader(self.door)
        return Plan(
            terraform_version=self.door.text(self.sections.get("terraform_version")) or None,
            changes=reader.changes(self.resource_changes),
            unchanged=self.unchanged,
            drift=reader.changes(self.resource_drift),
            deferred=reader.deferred(self.deferred_changes),
            outputs=reader.outputs(outputs),
            checks=reader.checks(self.checks),
            dependencies=self.references.resolved(),
            known=reader.known(self.principals),
            names={(kind, identity): self.door.text(name) for (kind, identity), name in self.names.items()},
            undecided=self._undecided(),
            gaps=(*self._gaps(), *reader.gaps()),
            masked=self.door.count,
        )

    def _undecided(self) -> tuple[Undecided, ...]:
        for flag in ("errored", "complete"):
            if not isinstance(self.sections.get(flag, True), bool):
                raise _malformed(flag)
        found = []
        if self.sections.get("errored", False):
            found.append(Undecided(reason="Planning ended with an error: this plan is a part.", fix="Plan again."))
        if not self.sections.get("complete", True) or self.deferred_changes:
            found.append(
                Undecided(
                    reason="The plan is incomplete: Terraform left something out (-target, or deferred changes).",
                    fix="Plan without -target; apply what others wait for, then plan again.",
                )
            )
        if invoked := sorted(_NOT_REVIEWED & self.sections.keys()):
            found.append(
                Undecided(
                    reason=f"An apply would invoke actions ({', '.join(invoked)}), which this review does not read.",
                    fix="Read them in the text of `terraform show PLAN`, or plan them on their own.",
                )
            )
        return tuple(found)

    def _gaps(self) -> tuple[Gap, ...]:
        known = _KEEP.keys() | _NOT_NEEDED | _NOT_REVIEWED | {"values"}
        unknown = [name for name in self.sections if name not in known]
        return tuple(
            Gap(subject=self.door.text(name), message="A section of the plan that this review does not know.")
            for name in unknown
            if self.sections[name] is None
        )


_CONVERT = "Write it with `terraform show -json PLAN`."


def _check_version(version: Any) -> None:
    major = version.split(".")[0] if isinstance(version, str) else ""
    if major != "1":
        shown = version if isinstance(version, str) and len(version) < 12 and version.isascii() else "of another form"
        raise UnreadablePlan(
            f"The plan's format_version is {shown}; this review reads 1.x.",
            "Use Terraform 1.1 or newer, or a newer Brickyard for a newer format.",
        )


def _malformed(section: str) -> UnreadablePlan:
    return UnreadablePlan(f"The section {section} is not in the documented form.", _CONVERT)


def _learn_configuration(door: Door, configuration: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
    """Root variables carry no marks but those of their declarations; providers' settings hold credentials."""
    root = configuration.get("root_module")
    declared = root.get("variables") if isinstance(root, dict) else None
    for name, declaration in declared.items() if isinstance(declared, dict) else ():
        if isinstance(declaration, dict) and declaration.get("sensitive"):
            given = variables.get(name)
            door.learn([declaration.get("default"), given.get("value") if isinstance(given, dict) else given])
    for name, given in variables.items():
        if is_secret_name(name):
            door.learn(given)
    waiting = [("", configuration.get("provider_config"))]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((name if key == "constant_value" else key, inner) for key, inner in value.items())
        elif isinstance(value, str) and is_secret_name(name):
            door.learn(value)
