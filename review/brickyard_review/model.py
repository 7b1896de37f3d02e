"""The result of a review: versioned, without secrets, ready for JSON. Renderers read this and nothing else.

Shapes: one `Review` holds a `StackReview` per plan. Every text has passed the door (`plan.masking`): values that are
sensitive, or look it, are gone. Every text stems from a plan or a file all the same: renderers escape it.
Gaps: what a plan cannot tell stands in `gaps`, what it could not decide in `undecided`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

SCHEMA_VERSION = "1.1"


class Severity(StrEnum):
    """How much a finding matters, least first."""

    NOTE = "note"
    CARE = "care"
    DANGER = "danger"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Verdict(StrEnum):
    """One word for a stack and for all of them, best first."""

    NO_CHANGE = "no change"
    ROUTINE = "routine"
    CARE = "needs care"
    DANGEROUS = "dangerous"
    BLOCKED = "blocked"

    @property
    def rank(self) -> int:
        return list(Verdict).index(self)


class Action(StrEnum):
    """What happens to an object, worst first; `forget` removes it from the state and leaves it in place."""

    DELETE = "delete"
    REPLACE = "replace"
    FORGET = "forget"
    UPDATE = "update"
    CREATE = "create"
    READ = "read"
    NO_OP = "no-op"


class ShownKind(StrEnum):
    """What a shown value is; only `value` has a text of the plan."""

    VALUE = "value"
    ABSENT = "absent"
    UNKNOWN = "known after apply"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A value as a person may see it; `text` is shortened JSON, or words where it cannot be shown."""

    kind: ShownKind
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeChange:
    """One attribute that differs, by its path: `task[train].timeout_seconds`."""

    path: str
    before: Shown
    after: Shown
    forces_replacement: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One resource that the plan touches: action, move, import or both."""

    address: str
    type: str
    action: Action
    title: str  # as people call it: `catalog sales_prod`
    construct: str | None = None  # where the code made it: `prod-platform/catalog`
    source: str | None = None  # `file:line`, where known
    source_url: str | None = None  # the page that shows this line, where the repository and its commit are known
    previous_address: str | None = None
    import_id: str | None = None
    reason: str | None = None  # why Terraform plans this, in words
    forced_by: tuple[str, ...] = ()  # paths of attributes that force the replacement
    create_before_destroy: bool = False
    sentences: tuple[str, ...] = ()  # what changes, in words that a person understands
    attributes: tuple[AttributeChange, ...] = ()
    attributes_left_out: int = 0
    dependents: int = 0  # resources built on what is destroyed, replaced or forgotten, directly and further on


@dataclass(frozen=True, kw_only=True, slots=True)
class Waived:
    """A finding that a reviewed file lets pass until a day."""

    reason: str
    expires: str  # ISO date, the last day on which the waiver holds


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a rule says of one place."""

    id: str  # of this rule, stack, place and message: what a waiver names
    rule: str
    severity: Severity
    title: str
    message: str
    why: str
    fix: str
    address: str | None = None
    construct: str | None = None
    source: str | None = None
    source_url: str | None = None
    waived: Waived | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessChange:
    """What one principal may do less and more on one securable or object."""

    principal: str
    securable: str  # kind and name: `catalog sales_prod`
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    via: str | None = None  # None when granted to the principal itself, else the route: `member of data-readers`
    address: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Overwrite:
    """A create of an authoritative set: what stands there now and is not listed goes, and the plan does not say so."""

    address: str
    securable: str
    listed: tuple[str, ...]  # `principal: PRIVILEGE, …` that the set grants
    live: tuple[str, ...] | None  # what is lost of the live state, in the same form; None when it was not read


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputChange:
    """An output value that other stacks or people may read."""

    name: str
    action: Action
    before: Shown
    after: Shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Deferred:
    """A change that Terraform puts off to a later plan."""

    address: str
    action: Action
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A check, condition or validation that does not pass, or is not known to."""

    address: str
    status: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CostChange:
    """The monthly run rate of one resource, if it ran all the time that `basis` says."""

    address: str
    title: str
    before: float
    after: float
    basis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Run-rate change by a price file. Units: `currency` per month of 730 hours."""

    currency: str
    prices: str  # the name and the date of the price file
    before: float
    after: float
    changes: tuple[CostChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphNode:
    """A resource in the picture; `depth` 0 is destroyed, replaced or loses access, others are built on it."""

    address: str
    action: Action
    depth: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphEdge:
    """`dependent` refers to `origin`."""

    origin: str
    dependent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Blast:
    """What depends on what is destroyed, replaced or forgotten."""

    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = ()
    left_out: int = 0  # nodes that are not in this picture


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Resources by what happens to them."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    forget: int = 0
    read: int = 0
    moved: int = 0
    imported: int = 0
    unchanged: int = 0
    drifted: int = 0
    deferred: int = 0
    outputs: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """What this review cannot see, said aloud."""

    subject: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Undecided:
    """Why no verdict is possible, and what to do."""

    reason: str
    fix: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StackReview:
    """One plan. Lists are sorted worst first."""

    name: str
    plan: str  # its file as it was named
    verdict: Verdict
    headline: str
    terraform_version: str | None = None
    counts: Counts = field(default_factory=Counts)
    undecided: tuple[Undecided, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Waived ones included."""
    changes: tuple[Change, ...] = ()
    access: tuple[AccessChange, ...] = ()
    overwrites: tuple[Overwrite, ...] = ()
    drift: tuple[Change, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    checks: tuple[Check, ...] = ()
    cost: Cost | None = None
    blast: Blast = field(default_factory=Blast)
    gaps: tuple[Gap, ...] = ()
    masked: int = 0
    """How many values were withheld."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """All stacks, worst first. `exit_code`: 0 nothing at the threshold, 2 findings at or above it, 3 not decided."""

    schema_version: str = SCHEMA_VERSION
    verdict: Verdict
    headline: str
    threshold: Severity
    exit_code: int
    counts: Counts
    stacks: tuple[StackReview, ...]
