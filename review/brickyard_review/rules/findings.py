"""Findings of a stack: every rule on every fact, severities and waivers of the team applied."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from brickyard_review.errors import InvalidPolicy
from brickyard_review.facts import Fact
from brickyard_review.model import Finding, Severity, Waived
from brickyard_review.rules.matching import matching
from brickyard_review.rules.model import Rule
from brickyard_review.rules.policy import Policy, Waiver
from brickyard_review.sources import Sources

_FIELD_MISSING = "?"


class _Fields(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return _FIELD_MISSING


def check_policy(policy: Policy, rules: Iterable[Rule]) -> None:
    """A severity or a waiver for a rule that does not exist does nothing, silently: refused. Errors: InvalidPolicy."""
    known = {rule.id for rule in rules}
    for name in (*policy.severities, *(waiver.rule for waiver in policy.waivers)):
        if name not in known:
            raise InvalidPolicy(f"The policy names the rule {name}, which does not exist.")


def find(
    facts: Iterable[Fact], rules: Iterable[Rule], policy: Policy, stack: str, sources: Sources, today: dt.date
) -> tuple[Finding, ...]:
    """Worst first; waived ones last, expired waivers as findings of their own."""
    by_kind: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_kind[fact.kind].append(fact)
    found: dict[Finding, Rule] = {}
    for rule in rules:
        severity = policy.severities.get(rule.id, rule.severity)
        if isinstance(severity, Severity):
            for fact in matching(rule, by_kind[rule.kind]):
                found.setdefault(_finding(rule, severity, fact, stack, sources), rule)
    said = {(finding.rule, finding.address) for finding in found}
    kept = [f for f, rule in found.items() if not any((other, f.address) in said for other in rule.unless)]
    waived = [_waived(finding, policy.waivers, today) for finding in kept]
    return tuple(sorted([*waived, *_expired(policy.waivers, waived, today)], key=_order))


def _finding(rule: Rule, severity: Severity, fact: Fact, stack: str, sources: Sources) -> Finding:
    message = rule.message.format_map(_Fields(fact.fields)).strip()
    return Finding(
        id=_id(stack, rule.id, fact.address or "", message),
        rule=rule.id,
        severity=severity,
        title=rule.title,
        message=message,
        why=rule.why.strip(),
        fix=rule.fix.strip(),
        address=fact.address,
        construct=sources.construct(fact.address) if fact.address else None,
        source=sources.line(fact.address) if fact.address else None,
        source_url=sources.page(fact.address) if fact.address else None,
    )


def _waived(finding: Finding, waivers: Iterable[Waiver], today: dt.date) -> Finding:
    for waiver in waivers:
        if _is_of(waiver, finding) and today <= waiver.expires:
            waived = Waived(reason=waiver.reason, expires=waiver.expires.isoformat())
            return replace(finding, waived=waived)
    return finding


def _is_of(waiver: Waiver, finding: Finding) -> bool:
    named = (waiver.finding, waiver.rule, waiver.address)
    return named == (finding.id, finding.rule, finding.address)


def _expired(waivers: Iterable[Waiver], found: Iterable[Finding], today: dt.date) -> Iterator[Finding]:
    """A waiver that ended while its finding is still there is a finding itself, as grave as what it waived."""
    for waiver in waivers:
        for finding in found:
            if _is_of(waiver, finding) and waiver.expires < today:
                message = f"The waiver of {waiver.rule} ended on {waiver.expires.isoformat()}: {waiver.reason}"
                yield replace(
                    finding,
                    id=_id(finding.id, message),
                    rule="waiver-expired",
                    title="A waiver has expired",
                    message=message,
                    why="A waiver is an exception for a time; past it, the finding counts again.",
                    fix="Mend what it waived, or decide anew: a new reason and a new date, reviewed.",
                )


def _id(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=5).hexdigest()


def _order(finding: Finding) -> tuple[bool, int, str, str]:
    return finding.waived is not None, -finding.severity.rank, finding.rule, finding.address or ""
