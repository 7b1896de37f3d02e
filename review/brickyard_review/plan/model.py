"""A plan inside the door: typed, without secrets. Values are JSON, `Masked` or `UNKNOWN`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brickyard_review.model import Action, Check, Gap, Undecided


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceChange:
    """One resource instance: what it is now, what it will be, and why."""

    address: str
    type: str
    name: str
    provider: str
    action: Action
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    mode: str = "managed"
    previous_address: str | None = None
    import_id: str | None = None
    reason: str | None = None
    """Terraform's own word: `replace_because_tainted`."""
    replace_paths: tuple[tuple[str | int, ...], ...] = ()
    create_before_destroy: bool = False
    deposed: bool = False
    hidden: bool = False
    """The plan carries no marks for it, so every value is hidden."""

    @property
    def values(self) -> Mapping[str, Any]:
        """What it will be, or what it was when it goes."""
        return self.after if self.after is not None else self.before or {}

    @property
    def moved(self) -> bool:
        return self.previous_address is not None and self.previous_address != self.address


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputValue:
    """A change of an output."""

    name: str
    action: Action
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class DeferredChange:
    """A change that waits for a later plan."""

    address: str
    action: Action
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependencies:
    """Who refers to whom, by addresses without instance keys, modules resolved."""

    dependents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Origin to the addresses that refer to it directly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One plan; `undecided` says why it may not be judged as a whole."""

    terraform_version: str | None = None
    changes: tuple[ResourceChange, ...] = ()
    """Every change, and what stays as it is where access depends on it."""
    unchanged: int = 0
    drift: tuple[ResourceChange, ...] = ()
    deferred: tuple[DeferredChange, ...] = ()
    outputs: tuple[OutputValue, ...] = ()
    checks: tuple[Check, ...] = ()
    dependencies: Dependencies = field(default_factory=Dependencies)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Values of data sources about principals, by address."""
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Names of Databricks objects by type and id, unchanged ones included."""
    undecided: tuple[Undecided, ...] = ()
    gaps: tuple[Gap, ...] = ()
    masked: int = 0
