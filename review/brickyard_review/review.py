"""Reviews plans: read, masked, analysed, judged by rules; one `Review` of all stacks."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from brickyard_review.analyses.access.changes import access_changes
from brickyard_review.analyses.access.overwrites import LiveAccess, overwrites
from brickyard_review.analyses.access.principals import Principals
from brickyard_review.analyses.blast import blast, dependents_counter
from brickyard_review.analyses.changes import Found, compared, described
from brickyard_review.analyses.cost import cost_of
from brickyard_review.analyses.counting import counts_of, total
from brickyard_review.analyses.differences import shown
from brickyard_review.analyses.prices import Prices
from brickyard_review.errors import UnreadablePlan
from brickyard_review.facts import facts_of
from brickyard_review.model import Deferred, OutputChange, Review, Severity, StackReview, Undecided, Verdict
from brickyard_review.plan.model import Plan
from brickyard_review.plan.reader import read_plan
from brickyard_review.rules.findings import find
from brickyard_review.rules.matching import wanted_paths
from brickyard_review.rules.model import Rule
from brickyard_review.rules.policy import Policy
from brickyard_review.sources import Sources
from brickyard_review.verdicts import exit_code_of, headline_of, headline_of_all, verdict_of


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanFile:
    """A plan to review: its stack's name, how to open it, and what is known of its code."""

    stack: str
    name: str
    open: Callable[[], BinaryIO]
    sources: Sources = field(default_factory=Sources)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a review goes by. `today` decides which waivers hold."""

    rules: tuple[Rule, ...]
    policy: Policy = field(default_factory=Policy)
    prices: Prices | None = None
    live: LiveAccess | None = None
    threshold: Severity = Severity.DANGER
    today: dt.date


def plan_file(path: Path, stack: str, sources: Sources | None = None) -> PlanFile:
    """A plan in a file."""
    return PlanFile(stack=stack, name=str(path), open=lambda: path.open("rb"), sources=sources or Sources())


def review_plans(plans: Iterable[PlanFile], settings: Settings) -> Review:
    """Every stack, worst first. What cannot be read is a stack that is not decided, no error."""
    stacks = sorted((review_plan(plan, settings) for plan in plans), key=lambda s: (-s.verdict.rank, s.name))
    verdict = max((stack.verdict for stack in stacks), key=lambda verdict: verdict.rank, default=Verdict.BLOCKED)
    return Review(
        verdict=verdict,
        headline=headline_of_all(stacks),
        threshold=settings.threshold,
        exit_code=exit_code_of(stacks, settings.threshold),
        counts=total(stack.counts for stack in stacks),
        stacks=tuple(stacks),
    )


def review_plan(file: PlanFile, settings: Settings) -> StackReview:
    """One stack."""
    try:
        with file.open() as source:
            plan = read_plan(source)
    except UnreadablePlan as refused:
        return _refused(file, Undecided(reason=refused.reason, fix=refused.fix))
    except OSError as error:
        reason = f"The file cannot be read: {error.strerror or type(error).__name__}."
        return _refused(file, Undecided(reason=reason, fix="Name the JSON of a plan."))
    return judged(*analysed(plan, file, settings), file, settings)


def _refused(file: PlanFile, undecided: Undecided) -> StackReview:
    stack = StackReview(name=file.stack, plan=file.name, verdict=Verdict.BLOCKED, headline="", undecided=(undecided,))
    return replace(stack, headline=headline_of(stack))


def analysed(plan: Plan, file: PlanFile, settings: Settings) -> tuple[StackReview, Found]:
    """Everything but the judgement, and the differences that rules look at."""
    dependents = dependents_counter(plan.dependencies)
    label = Principals(plan).label
    found, drifted = compared(plan.changes, label), compared(plan.drift, label)
    access, costs = access_changes(plan), cost_of(plan, settings.prices)
    stack = StackReview(
        name=file.stack,
        plan=file.name,
        verdict=Verdict.BLOCKED,
        headline="",
        terraform_version=plan.terraform_version,
        counts=counts_of(plan),
        undecided=plan.undecided,
        changes=described(found, file.sources, dependents),
        access=access.changes,
        overwrites=overwrites(plan, settings.live),
        drift=described(drifted, file.sources, dependents),
        outputs=tuple(_output(plan)),
        deferred=tuple(Deferred(address=d.address, action=d.action, reason=d.reason) for d in plan.deferred),
        checks=plan.checks,
        cost=costs.cost,
        blast=blast(plan),
        gaps=(*plan.gaps, *access.gaps, *costs.gaps),
        masked=plan.masked,
    )
    return stack, found


def _output(plan: Plan) -> Iterable[OutputChange]:
    for output in plan.outputs:
        before, after = shown(output.before), shown(output.after)
        yield OutputChange(name=output.name, action=output.action, before=before, after=after)


def judged(stack: StackReview, found: Found, file: PlanFile, settings: Settings) -> StackReview:
    """The stack with its findings, its verdict and its headline."""
    facts = facts_of(stack, found, wanted_paths(settings.rules))
    findings = find(facts, settings.rules, settings.policy, file.stack, file.sources, settings.today)
    stack = replace(stack, findings=findings)
    stack = replace(stack, verdict=verdict_of(stack))
    return replace(stack, headline=headline_of(stack))
