"""The gate: closed unless everything is there and good enough."""

import math
from dataclasses import replace

import pytest

from brickyard_pipelines.ml.evaluation.bootstrap import Gain
from brickyard_pipelines.ml.evaluation.gate import Evidence, Verdict, judge
from brickyard_pipelines.ml.project import Bound, Gate

GATE = Gate(
    min_rows=100,
    thresholds={"roc_auc": Bound(min=0.7), "brier": Bound(max=0.2)},
    baseline_min_gain=0.05,
    champion_margin=0.01,
)


def gain(low: float) -> Gain:
    return Gain(mean=low + 0.02, low=low, high=low + 0.04, confidence=0.95, clusters=60)


GOOD = Evidence(
    metrics={"rows": 500, "roc_auc": 0.72, "brier": 0.15},
    baseline_gains={"base_rate": gain(0.1), "group_rate": gain(0.06)},
    champion_gain=None,
)


def test_the_first_model_passes_on_thresholds_and_baselines() -> None:
    verdict = judge(GATE, GOOD)
    assert verdict.passed
    assert "champion none yet" in verdict.reason


@pytest.mark.parametrize("name", ["rows", "roc_auc", "brier"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_metric_that_is_missing_or_no_number_refuses(name: str, value: float | None) -> None:
    metrics = {key: number for key, number in GOOD.metrics.items() if key != name}
    verdict = judge(GATE, replace(GOOD, metrics=metrics if value is None else metrics | {name: value}))
    assert not verdict.passed
    assert name in verdict.reason


@pytest.mark.parametrize(("name", "value"), [("rows", 99), ("roc_auc", 0.69), ("brier", 0.21)])
def test_a_metric_on_the_wrong_side_refuses_whatever_its_direction(name: str, value: float) -> None:
    verdict = judge(GATE, replace(GOOD, metrics={**GOOD.metrics, name: value}))
    assert not verdict.passed
    assert verdict.reason.startswith(name)


def test_a_threshold_met_exactly_passes() -> None:
    assert judge(GATE, replace(GOOD, metrics={"rows": 100, "roc_auc": 0.7, "brier": 0.2})).passed


def test_every_baseline_must_be_beaten_even_at_the_intervals_lower_end() -> None:
    verdict = judge(GATE, replace(GOOD, baseline_gains={"base_rate": gain(0.1), "group_rate": gain(0.04)}))
    assert not verdict.passed
    assert "group_rate" in verdict.reason
    assert "base_rate" not in verdict.reason


def test_without_a_baseline_nothing_passes() -> None:
    assert not judge(GATE, replace(GOOD, baseline_gains={})).passed


@pytest.mark.parametrize(("low", "passed"), [(0.0, True), (-0.01, True), (-0.011, False), (math.nan, False)])
def test_the_champion_must_not_be_much_better(low: float, passed: bool) -> None:
    assert judge(GATE, replace(GOOD, champion_gain=gain(low))).passed is passed


def test_a_verdict_without_conditions_is_a_refusal() -> None:
    assert not Verdict(conditions=()).passed
    assert Verdict(conditions=()).reason == "nothing was shown"
