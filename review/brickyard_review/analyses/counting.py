"""How many resources a plan creates, changes, destroys."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from brickyard_review.model import Action, Counts
from brickyard_review.plan.model import Plan


def counts_of(plan: Plan) -> Counts:
    """Counts of one plan. What is moved or imported is counted beside what else happens to it."""
    actions = Counter(change.action for change in plan.changes)
    return Counts(
        create=actions[Action.CREATE],
        update=actions[Action.UPDATE],
        replace=actions[Action.REPLACE],
        delete=actions[Action.DELETE],
        forget=actions[Action.FORGET],
        read=actions[Action.READ],
        moved=sum(change.moved for change in plan.changes),
        imported=sum(change.import_id is not None for change in plan.changes),
        unchanged=plan.unchanged,
        drifted=sum(change.action is not Action.NO_OP for change in plan.drift),
        deferred=len(plan.deferred),
        outputs=len(plan.outputs),
    )


def total(counts: Iterable[Counts]) -> Counts:
    """Sums of several plans."""
    summed: Counter[str] = Counter()
    for one in counts:
        summed.update(asdict(one))
    return Counts(**summed)
