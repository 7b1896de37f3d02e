"""Words and signs that all renderers share."""

from brickyard_review.model import Action, Cost, Severity, Shown, ShownKind, Verdict

SIGNS = {
    Verdict.BLOCKED: "⛔",
    Verdict.DANGEROUS: "🔴",
    Verdict.CARE: "🟡",
    Verdict.ROUTINE: "🟢",
    Verdict.NO_CHANGE: "⚪",
}
SEVERITY_SIGNS = {Severity.BLOCK: "⛔", Severity.DANGER: "🔴", Severity.CARE: "🟡", Severity.NOTE: "🔵"}
DONE = {
    Action.DELETE: "destroyed",
    Action.REPLACE: "replaced",
    Action.FORGET: "forgotten",
    Action.UPDATE: "changed",
    Action.CREATE: "created",
    Action.READ: "read",
    Action.NO_OP: "unchanged",
}


def value(shown: Shown) -> str:
    """A shown value, or words for what has none."""
    return {ShownKind.ABSENT: "nothing", ShownKind.UNKNOWN: "(known after apply)"}.get(shown.kind, shown.text)


def money(cost: Cost) -> str:
    """`+120 USD a month`."""
    return f"{cost.after - cost.before:+,.0f} {cost.currency} a month"
