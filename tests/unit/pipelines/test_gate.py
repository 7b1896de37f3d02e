"""The gate: closed unless everything is there and good enough."""

import math
from dataclasses import replace

import pytest

from brickyard_pipelines.ml.evaluation.bootstrap import Gain
from brickyard_pipelines.ml.evaluation.gate import Evidence, judge, within_budgets
from brickyard_pipelines.ml.evaluation.slices import Group
from brickyard_pipelines.ml.evaluation.verdict import Condition, Verdict
from brickyard_pipelines.ml.project import Bound, Budgets, Gate, SliceGuard

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


def group(standing: str, rows: int = 1000) -> Group:
    return Group(column="carrier", value="UA", rows=rows, loss=0.4, gain=None, standing=standing, why="so")  # type: ignore[arg-type]


SLICED = replace(GATE, slices={"carrier": SliceGuard(min_rows=500)})


@pytest.mark.parametrize(("standing", "passed"), [("holds", True), ("undecided", True), ("worse", False)])
def test_a_group_that_is_worse_refuses_and_an_undecided_one_is_told(standing: str, passed: bool) -> None:
    verdict = judge(SLICED, replace(GOOD, groups=(group(standing),)))
    assert verdict.passed is passed
    assert verdict.undecided == (("carrier UA",) if standing == "undecided" else ())
    if standing == "undecided":
        assert verdict.reason.startswith("1 undecided, rows")


@pytest.mark.parametrize(
    ("groups", "said"), [((), "not looked at"), ((group("undecided", rows=499),), "no group of 500 rows")]
)
def test_a_guarded_column_of_which_nothing_can_be_judged_refuses(groups: tuple[Group, ...], said: str) -> None:
    verdict = judge(SLICED, replace(GOOD, groups=groups))
    assert not verdict.passed
    assert f"slices of carrier {said}" in verdict.reason


@pytest.mark.parametrize(
    ("costs", "passed"),
    [({"load_s": 9.9}, True), ({"load_s": 10.1}, False), ({}, False), ({"load_s": math.nan}, False)],
)
def test_a_budget_holds_only_when_it_was_measured(costs: dict[str, float], passed: bool) -> None:
    (condition,) = within_budgets(Budgets(load_s=10), costs)
    assert condition.passed is passed


def test_a_verdict_of_undecided_lines_only_is_a_refusal() -> None:
    unclear = Condition(name="a", passed=True, said="?", needed="", decided=False)
    assert not Verdict(conditions=(unclear,)).passed
