"""What stays of a validation: numbers, and a document of everything. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from brickyard_pipelines.ml.evaluation.holdout import Comparison
from brickyard_pipelines.ml.evaluation.verdict import Verdict


def numbers(comparison: Comparison, costs: Mapping[str, float]) -> dict[str, float]:
    """Every number of the comparison under one name each, for MLflow's metrics."""
    found = {
        f"holdout_{metric}" if rival == "candidate" else f"holdout_{rival}_{metric}": value
        for rival, scores in comparison.rivals.items()
        for metric, value in scores.items()
    }
    gains = dict(comparison.evidence.baseline_gains)
    if comparison.evidence.champion_gain is not None:
        gains["champion"] = comparison.evidence.champion_gain
    for name, gain in gains.items():
        found |= gain.as_metrics(f"holdout_gain_over_{name}")
    if comparison.decisions is not None:
        found |= comparison.decisions.as_metrics()
    groups = comparison.evidence.groups
    for standing in ("holds", "worse", "undecided") if groups else ():
        found[f"slices_{standing}"] = float(sum(group.standing == standing for group in groups))
    return found | {f"serving_{name}": value for name, value in costs.items()}


def document(
    comparison: Comparison, verdict: Verdict, costs: Mapping[str, float], facts: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that the verdict stands on, as JSON."""
    return {
        "passed": verdict.passed,
        "conditions": [asdict(condition) for condition in verdict.conditions],
        "undecided": list(verdict.undecided),
        "holdout": comparison.rivals,
        "calibration": [asdict(part) for part in comparison.calibration],
        "slices": [asdict(group) for group in comparison.evidence.groups],
        "decisions": None if comparison.decisions is None else asdict(comparison.decisions),
        "serving": dict(costs),
        "facts": dict(facts),
    }
