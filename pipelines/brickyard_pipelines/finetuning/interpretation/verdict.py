"""Does the tuned model meet the plan's criteria? Pure, and closed: what was not decided is not met."""

from collections.abc import Sequence

from brickyard_pipelines.finetuning.evaluation.judgement import Difference, Outcome
from brickyard_pipelines.finetuning.plan.criteria import Criteria
from brickyard_pipelines.ml.evaluation.verdict import Condition, Verdict


def verdict(
    criteria: Criteria,
    outcomes: Sequence[Outcome],
    over_base: Sequence[Difference],
    over_champion: Sequence[Difference],
    general: Sequence[Difference],
) -> Verdict:
    """Every criterion met, gains as large as asked for, not worse than the champion, nothing general lost.

    Criteria that are not required decide nothing: what a judge says, unless the customer wants it to.
    """
    deciding = {item.name for item in criteria.criteria if item.decides}
    conditions = [_met(outcome) for outcome in outcomes if outcome.criterion in deciding]
    gains = {found.criterion: found for found in over_base}
    conditions += [
        _gained(item.name, item.min_gain, gains.get(item.name))
        for item in criteria.criteria
        if item.min_gain is not None and item.decides
    ]
    conditions += [
        _not_worse(f"{found.criterion} beside the champion", found)
        for found in over_champion
        if found.criterion in deciding
    ]
    conditions += [_not_worse(f"general {found.criterion}", found) for found in general]
    return Verdict(conditions=tuple(conditions))


def _met(outcome: Outcome) -> Condition:
    mean = outcome.mean
    said = f"{outcome.verdict}: {mean.mean:.4g} ({mean.low:.4g} to {mean.high:.4g})"
    return Condition(
        name=outcome.criterion,
        passed=outcome.verdict == "met",
        said=said,
        needed=f"met, at {outcome.threshold:g}",
    )


def _gained(name: str, least: float, found: Difference | None) -> Condition:
    """The low end of the gain, since a mean alone may be luck."""
    needed = f"a low end of at least {least:+g}"
    if found is None:
        return Condition(name=f"{name} over the base", passed=False, said="not compared", needed=needed)
    said = f"{found.mean.mean:+.4g} ({found.mean.low:+.4g} to {found.mean.high:+.4g})"
    return Condition(name=f"{name} over the base", passed=found.mean.low >= least, said=said, needed=needed)


def _not_worse(name: str, found: Difference) -> Condition:
    said = f"{found.verdict}: {found.mean.mean:+.4g} ({found.mean.low:+.4g} to {found.mean.high:+.4g})"
    return Condition(name=name, passed=found.verdict != "worse", said=said, needed="not worse")
