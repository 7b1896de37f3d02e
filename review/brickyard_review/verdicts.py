"""The verdict of a stack and of all, in a word and in a line."""

from collections import Counter
from collections.abc import Sequence

from brickyard_review.model import Counts, Finding, Severity, StackReview, Verdict

_BY_SEVERITY = {
    Severity.BLOCK: Verdict.BLOCKED,
    Severity.DANGER: Verdict.DANGEROUS,
    Severity.CARE: Verdict.CARE,
    Severity.NOTE: Verdict.ROUTINE,
}
_MAX_TITLES = 6
_COUNTED = (
    ("delete", "destroyed"),
    ("replace", "replaced"),
    ("forget", "forgotten"),
    ("update", "changed"),
    ("create", "created"),
    ("imported", "imported"),
    ("moved", "moved"),
    ("deferred", "deferred"),
    ("drifted", "drifted"),
)


def open_findings(stack: StackReview) -> tuple[Finding, ...]:
    """Findings that nobody waived."""
    return tuple(finding for finding in stack.findings if finding.waived is None)


def verdict_of(stack: StackReview) -> Verdict:
    """What is not decided is blocked; else the gravest finding says it; else whether anything changes."""
    if stack.undecided:
        return Verdict.BLOCKED
    severities = [finding.severity for finding in open_findings(stack)]
    if severities:
        return _BY_SEVERITY[max(severities, key=lambda severity: severity.rank)]
    changes = [getattr(stack.counts, name) for name, _ in _COUNTED]
    return Verdict.ROUTINE if any(changes) or stack.outputs or stack.checks else Verdict.NO_CHANGE


def exit_code_of(stacks: Sequence[StackReview], threshold: Severity) -> int:
    """0 nothing at the threshold, 2 findings at or above it, 3 not decided (nothing reviewed included)."""
    if not stacks or any(stack.undecided for stack in stacks):
        return 3
    severities = [finding.severity for stack in stacks for finding in open_findings(stack)]
    return 2 if any(severity.rank >= threshold.rank for severity in severities) else 0


def headline_of(stack: StackReview) -> str:
    """One line: what happens, and the worst of it."""
    if stack.undecided:
        return f"No verdict: {stack.undecided[0].reason} {stack.undecided[0].fix}"
    counted = counted_words(stack.counts) or ("outputs change" if stack.outputs else "nothing changes")
    worst = _titles([finding for finding in open_findings(stack) if finding.severity is not Severity.NOTE])
    return f"{counted}. {worst}".strip() if worst else f"{counted}."


def _titles(findings: Sequence[Finding]) -> str:
    """What the gravest findings are about, each once with its number; the lesser ones only as a number."""
    grave = [f for f in findings if f.severity.rank >= Severity.DANGER.rank]
    named = Counter(finding.title for finding in (grave or findings))
    words = [title if number == 1 else f"{title} ({number} times)" for title, number in named.items()]
    if len(words) > _MAX_TITLES:
        words = [*words[:_MAX_TITLES], f"{len(words) - _MAX_TITLES} more dangers"]
    rest = len(findings) - len(grave)
    return ". ".join([*words, f"{rest} more to look at"] if grave and rest else words) + ("." if words else "")


def headline_of_all(stacks: Sequence[StackReview]) -> str:
    """One line over all stacks: that of the only one, else how many of each verdict."""
    if not stacks:
        return "No plan was reviewed."
    if len(stacks) == 1:
        return stacks[0].headline
    counted = [(one, sum(stack.verdict is one for stack in stacks)) for one in reversed(Verdict)]
    words = ", ".join(f"{count} {one}" for one, count in counted if count)
    undecided = sum(bool(stack.undecided) for stack in stacks)
    return f"{len(stacks)} stacks: {words}." + (f" {undecided} could not be decided." if undecided else "")


def counted_words(counts: Counts) -> str:
    """`2 destroyed, 1 created`; empty when nothing happens."""
    return ", ".join(f"{number} {word}" for name, word in _COUNTED if (number := getattr(counts, name)))
