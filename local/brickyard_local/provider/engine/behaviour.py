"""What no schema carries, as data: one `Behaviour` per resource.

Paths are dotted and carry no index: `task.new_cluster.num_workers`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from brickyard_local.provider.wire.values import Value

Suppress = Callable[[Value, Value], bool]
"""(old, new) -> whether the difference is none: the prior value stays in the plan."""
Check = Callable[[Value], str | None]
"""A configured, known value -> what is wrong with it, or None."""
Canonical = Callable[[Value], Value]
"""A value -> the form in which elements of a set are compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OneOf:
    """How many of some arguments may be set."""

    names: tuple[str, ...]
    at_least: int = 0
    at_most: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """One row of the table."""

    schema_version: int = 0
    force_new: frozenset[str] = frozenset()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    computed_blocks: frozenset[str] = frozenset()
    """Blocks which the workspace fills in when the configuration has none. Schemas say so of attributes only."""
    suppress: Mapping[str, Suppress] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    one_of: tuple[OneOf, ...] = ()
    canonical: Mapping[str, Canonical] = field(default_factory=dict)
    local: frozenset[str] = frozenset({"id"})
    """Top-level arguments the workspace neither takes nor reports."""
    not_reported: frozenset[str] = frozenset()
    """Paths the workspace takes and, by its nature, does not report (secrets)."""
    reported: frozenset[str] = frozenset()
    """Arguments which are not computed, and yet the provider itself fills in."""
    framework: bool = False
    """Whether the genuine resource is built with Terraform's plugin framework: see `engine.framework`."""
    keeps: frozenset[str] = frozenset()
    """Of a framework resource: computed arguments which a change does not make unknown."""
    api_names: Mapping[str, str] = field(default_factory=dict)
    """Name in the REST API by path, where it is not Terraform's."""


def ignore_case(old: Value, new: Value) -> bool:
    """Names of Unity Catalog ignore case."""
    return isinstance(old, str) and isinstance(new, str) and old.casefold() == new.casefold()


def ignore_slash(old: Value, new: Value) -> bool:
    """A trailing slash makes no other folder."""
    return isinstance(old, str) and isinstance(new, str) and old.rstrip("/") == new.rstrip("/")


def ignore_slash_or_unset(old: Value, new: Value) -> bool:
    """As `ignore_slash`; unset in the configuration means what the workspace chose."""
    return ignore_slash(old, new) or (bool(old) and not new)


def ignore_whitespace(old: Value, new: Value) -> bool:
    """White space around a document means nothing."""
    return isinstance(old, str) and isinstance(new, str) and old.strip() == new.strip()


def ignore_unset(old: Value, new: Value) -> bool:
    """Unset in the configuration means what the workspace chose."""
    return bool(old) and not new


def ignore_unset_if(default: Value) -> Suppress:
    """Unset in the configuration means `default`, when the workspace reports just that."""

    def suppress(old: Value, new: Value) -> bool:
        return not new and old == default

    return suppress


def one_of(*allowed: str) -> Check:
    """The value is one of `allowed`."""

    def check(value: Value) -> str | None:
        return None if value in allowed else f"expected one of {', '.join(allowed)}, got {value}"

    return check


def between(least: int, most: int) -> Check:
    """The number is in a range, its ends included."""

    def check(value: Value) -> str | None:
        return None if least <= value <= most else f"expected {least} to {most}, got {value}"

    return check


def none_of(*refused: str) -> Check:
    """The value is none of `refused`."""

    def check(value: Value) -> str | None:
        return f"expected none of {', '.join(refused)}, got {value}" if value in refused else None

    return check


def at_least(minimum: int) -> Check:
    """The number is `minimum` or more."""

    def check(value: Value) -> str | None:
        return f"expected at least {minimum}, got {value}" if value < minimum else None

    return check


def not_empty(value: Value) -> str | None:
    """The value is not the empty string."""
    return None if value else "must not be empty"
