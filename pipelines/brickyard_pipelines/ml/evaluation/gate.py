"""May this version become champion? Pure, and closed unless everything is there and good enough."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_pipelines.ml.evaluation.bootstrap import Gain
from brickyard_pipelines.ml.evaluation.slices import Group, undecided_shares
from brickyard_pipelines.ml.evaluation.verdict import Condition, Verdict
from brickyard_pipelines.ml.project import Bound, Budgets, Gate


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the hold-out said. `champion_gain` is None only when the model has no champion yet.

    `groups` are those of the guarded columns. Other conditions are judged where their facts are.
    """

    metrics: Mapping[str, float]
    baseline_gains: Mapping[str, Gain]
    champion_gain: Gain | None
    groups: tuple[Group, ...] = ()


def judge(gate: Gate, evidence: Evidence) -> Verdict:
    """All conditions of the gate on the hold-out. The first model of all answers to thresholds and baselines alone.

    >>> gate = Gate(min_rows=100, thresholds={"roc_auc": Bound(min=0.7)}, baseline_min_gain=0.0)
    >>> judge(gate, Evidence(metrics={"rows": 500}, baseline_gains={}, champion_gain=None)).reason
    'roc_auc missing (needed: at least 0.7); baseline not compared (needed: one at least)'
    """
    conditions = [_within("rows", Bound(min=gate.min_rows), evidence.metrics)]
    conditions += [_within(name, bound, evidence.metrics) for name, bound in gate.thresholds.items()]
    conditions += _baselines(gate, evidence.baseline_gains)
    conditions.append(_champion(gate, evidence.champion_gain))
    conditions += _slices(gate, evidence.groups)
    return Verdict(conditions=tuple(conditions))


def judge_reported(thresholds: Mapping[str, Bound], metrics: Mapping[str, float]) -> Verdict:
    """Conditions on what a team's own training reported of its model; one that is missing does not hold."""
    return Verdict(conditions=tuple(_within(name, bound, metrics) for name, bound in thresholds.items()))


def within_budgets(budgets: Budgets, costs: Mapping[str, float]) -> list[Condition]:
    """A condition for each budget that is set; a cost that was not measured does not hold.

    >>> [item.said for item in within_budgets(Budgets(load_s=30), {})]
    ['missing']
    """
    limits = budgets.as_limits()
    return [_within(name, Bound(max=limit), costs) for name, limit in limits.items() if limit is not None]


def _within(name: str, bound: Bound, metrics: Mapping[str, float]) -> Condition:
    limits = [
        *([f"at least {bound.min:g}"] if bound.min is not None else []),
        *([f"at most {bound.max:g}"] if bound.max is not None else []),
    ]
    needed = " and ".join(limits)
    value = metrics.get(name)
    if value is None or not math.isfinite(value):
        return Condition(name=name, passed=False, said="missing" if value is None else str(value), needed=needed)
    inside = (bound.min is None or value >= bound.min) and (bound.max is None or value <= bound.max)
    return Condition(name=name, passed=inside, said=_short(value), needed=needed)


def _baselines(gate: Gate, gains: Mapping[str, Gain]) -> list[Condition]:
    if not gains:
        return [Condition(name="baseline", passed=False, said="not compared", needed="one at least")]
    least = gate.baseline_min_gain
    return [
        Condition(
            name=f"gain over {name}",
            passed=_finite(gain) and gain.low >= least,
            said=str(gain),
            needed=f"a low end of at least {least:+.1%}",
        )
        for name, gain in gains.items()
    ]


def _champion(gate: Gate, gain: Gain | None) -> Condition:
    if gain is None:
        said = "none yet: thresholds and baselines decide"
        return Condition(name="champion", passed=True, said=said, needed="nothing")
    return Condition(
        name="gain over champion",
        passed=_finite(gain) and gain.low >= -gate.champion_margin,
        said=str(gain),
        needed=f"a low end of at least {-gate.champion_margin:+.1%}",
    )


def _slices(gate: Gate, groups: tuple[Group, ...]) -> list[Condition]:
    """A line for each group, and one for a guarded column that was not looked at, or of which no group is large."""
    conditions = [
        Condition(
            name=f"{group.column} {group.value}",
            passed=group.standing != "worse",
            said=group.why,
            needed="not worse",
            decided=group.standing != "undecided",
        )
        for group in groups
    ]
    shares = undecided_shares(groups)
    for column, limits in gate.slices.items():
        large = [group for group in groups if group.column == column and group.rows >= limits.min_rows]
        if not large:
            said = f"no group of {limits.min_rows} rows" if column in shares else "not looked at"
            conditions.append(
                Condition(name=f"slices of {column}", passed=False, said=said, needed="one that can be judged")
            )
    return conditions


def _short(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.0f}"


def _finite(gain: Gain) -> bool:
    return all(math.isfinite(value) for value in (gain.mean, gain.low, gain.high))
