"""May this version become champion? Pure, and closed unless everything is there and good enough."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_pipelines.ml.evaluation.bootstrap import Gain
from brickyard_pipelines.ml.project import Bound, Gate


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the hold-out said. `champion_gain` is None only when the model has no champion yet."""

    metrics: Mapping[str, float]
    baseline_gains: Mapping[str, Gain]
    champion_gain: Gain | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One line of the verdict: what was seen, and what is needed."""

    name: str
    passed: bool
    said: str
    needed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Every condition with its answer; passed when all of them are."""

    conditions: tuple[Condition, ...]

    @property
    def passed(self) -> bool:
        """Whether there are conditions, and all of them hold."""
        return bool(self.conditions) and all(condition.passed for condition in self.conditions)

    @property
    def reason(self) -> str:
        """Why, in one line: what failed, or what was shown."""
        if self.passed:
            return ", ".join(f"{item.name} {item.said}" for item in self.conditions)
        failed = [item for item in self.conditions if not item.passed]
        return "; ".join(f"{item.name} {item.said} (needed: {item.needed})" for item in failed) or "nothing was shown"


def judge(gate: Gate, evidence: Evidence) -> Verdict:
    """All conditions of the gate. The first model of all answers to thresholds and baselines alone.

    >>> gate = Gate(min_rows=100, thresholds={"roc_auc": Bound(min=0.7)}, baseline_min_gain=0.0)
    >>> judge(gate, Evidence(metrics={"rows": 500}, baseline_gains={}, champion_gain=None)).reason
    'roc_auc missing (needed: at least 0.7); baseline not compared (needed: one at least)'
    """
    conditions = [_within("rows", Bound(min=gate.min_rows), evidence.metrics)]
    conditions += [_within(name, bound, evidence.metrics) for name, bound in gate.thresholds.items()]
    conditions += _baselines(gate, evidence.baseline_gains)
    conditions.append(_champion(gate, evidence.champion_gain))
    return Verdict(conditions=tuple(conditions))


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


def _short(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.0f}"


def _finite(gain: Gain) -> bool:
    return all(math.isfinite(value) for value in (gain.mean, gain.low, gain.high))
