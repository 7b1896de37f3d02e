"""What a resource grants: securable or object, principal, privileges; for each Databricks type that grants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_review.analyses.titles import noun, object_name
from brickyard_review.model import Action
from brickyard_review.plan.model import ResourceChange
from brickyard_review.plan.values import UNKNOWN, Masked, blocks, text_of

_NOT_SECURABLES = {"id", "grant", "principal", "privileges", "access_control", "object_type", "authorization"}
_ROLES = ("group_name", "user_name", "service_principal_name")
AUTHORITATIVE = ("databricks_grants", "databricks_permissions")
OWNER = "OWNER"


@dataclass(frozen=True, kw_only=True, slots=True)
class Securable:
    """What access is to: a kind as people call it, and its full name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def parents(self) -> Iterator["Securable"]:
        """What access is inherited from: the schema and the catalog of a three-level name."""
        steps = self.name.split(".")
        if self.kind in ("table", "volume", "function", "model") and len(steps) == 3:
            yield Securable(kind="schema", name=".".join(steps[:2]))
        if self.kind in ("table", "volume", "function", "model", "schema") and len(steps) > 1:
            yield Securable(kind="catalog", name=steps[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Privileges of one principal on one securable."""

    principal: str
    securable: Securable
    privileges: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entries:
    """All that one resource grants; `open_ends` names what the plan does not know yet."""

    entries: tuple[Entry, ...] = ()
    open_ends: tuple[str, ...] = ()


def securable_key(values: Mapping[str, Any]) -> str | None:
    """The argument that says what the access is to: `catalog`, `job_id`."""
    return next((key for key, value in values.items() if key not in _NOT_SECURABLES and value not in (None, "")), None)


def securable_of(resource_type: str, values: Mapping[str, Any]) -> Securable | None:
    """What the access is to; None while it is unknown or hidden."""
    if resource_type == "databricks_secret_acl":
        return _named("secret scope", values.get("scope"))
    if resource_type in ("databricks_permission_assignment", "databricks_mws_permission_assignment"):
        return _named("workspace", values.get("workspace_id", "of the provider"))
    key = securable_key(values)
    if key is None:
        return None
    kind = key.removesuffix("_id").removesuffix("_name").removesuffix("_path")
    return _named(noun(f"databricks_{kind}"), values[key])


def _named(kind: str, value: Any) -> Securable | None:
    name = text_of(value)
    return Securable(kind=kind, name=name) if name else None


def access_title(change: ResourceChange) -> str | None:
    """`grants on catalog sales`; None for what is no grant or does not yet say on what."""
    if not list(_pairs(change.type, change.values)) and change.type not in AUTHORITATIVE:
        return None
    securable = securable_of(change.type, change.values)
    return f"{noun(change.type)} on {securable}" if securable else None


def read_entries(change: ResourceChange, values: Mapping[str, Any] | None) -> Entries:
    """What the resource grants with these values; nothing for a type that grants nothing."""
    if values is None:
        return Entries()
    pairs = list(_pairs(change.type, values))
    if not pairs:
        return _ownership(change, values)
    securable = securable_of(change.type, values)
    if securable is None:
        return Entries(open_ends=("what it is about",))
    found, open_ends = [], []
    for principal, privileges in pairs:
        name, words = text_of(principal), _words(privileges)
        if name is None or words is None:
            open_ends.append(f"who or what on {securable}")
        else:
            found.append(Entry(principal=name, securable=securable, privileges=words))
    return Entries(entries=tuple(found), open_ends=tuple(dict.fromkeys(open_ends)))


def _pairs(resource_type: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Principals with their privileges."""
    if resource_type == "databricks_grants":
        yield from _blocks_or_open(values, "grant", ("principal",), "privileges")
    elif resource_type == "databricks_permissions":
        yield from _blocks_or_open(values, "access_control", _ROLES, "permission_level")
    elif resource_type == "databricks_grant":
        yield values.get("principal"), values.get("privileges")
    elif resource_type == "databricks_secret_acl":
        yield values.get("principal"), values.get("permission")
    elif resource_type in ("databricks_permission_assignment", "databricks_mws_permission_assignment"):
        yield _principal_id(values), values.get("permissions")


def _blocks_or_open(
    values: Mapping[str, Any], name: str, principals: tuple[str, ...], privileges: str
) -> Iterator[tuple[Any, Any]]:
    inner = values.get(name)
    if inner is UNKNOWN or isinstance(inner, Masked):
        yield inner, inner
    for block in blocks(inner):
        yield next((block[key] for key in principals if block.get(key) not in (None, "")), None), block.get(privileges)


def _principal_id(values: Mapping[str, Any]) -> Any:
    named = next((values[key] for key in _ROLES if values.get(key)), None)
    return named or values.get("principal_id")


def _words(privileges: Any) -> frozenset[str] | None:
    """Privileges in one spelling; None while they are unknown or hidden."""
    words = privileges if isinstance(privileges, list) else [privileges]
    texts = [text_of(word) for word in words]
    if any(text is None for text in texts):
        return None
    return frozenset(text.upper().replace(" ", "_") for text in texts if text)


def _ownership(change: ResourceChange, values: Mapping[str, Any]) -> Entries:
    if change.action in (Action.DELETE, Action.REPLACE) or not isinstance(change.values.get("owner"), str):
        return Entries()  # the object goes, or its owner is known after apply
    owner = text_of(values.get("owner"))
    name = object_name(values)
    if owner is None or name is None or not change.type.startswith("databricks_"):
        return Entries()
    securable = Securable(kind=noun(change.type), name=name)
    return Entries(entries=(Entry(principal=owner, securable=securable, privileges=frozenset({OWNER})),))
