"""When a project is trained again: limits, k of n windows, and everything that holds a start back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.monitoring.known_metrics import METRICS
from brickyard_pipelines.ml.monitoring.metrics_table import MetricRow
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.project.retraining import Limit, Retraining
from brickyard_pipelines.ml.retraining.decision import Decision, Measured, Situation, Start, decide
from brickyard_pipelines.ml.steps.trigger_retraining import situation

MONTHS = [dt.datetime(2013, month, 1) for month in range(1, 13)]  # noqa: DTZ001 - UTC, as windows are
WORSE = Limit(metric="log_loss", threshold=0.5, breaches=2, windows=3)
POLICY = Retraining(limits=(WORSE,), cooldown_windows=1, max_starts=2, budget_windows=6)


def losses(*values: float, rows: int = 1000, metric: str = "log_loss") -> list[Measured]:
    return [
        Measured(metric=metric, window_start=month, value=value, rows=rows)
        for month, value in zip(MONTHS, values, strict=False)
    ]


def at(measured: Sequence[Measured], *starts: Start, under_way: int | None = None) -> Situation:
    return Situation(
        granularity="1 month", min_rows=500, champion="1", measured=measured, starts=starts, under_way=under_way
    )


def started(month: int, same: Decision | None = None) -> Start:
    return Start(window_start=MONTHS[month - 1], token=same.token if same else "another")


def refused(decision: Decision, why: str) -> bool:
    return not decision.retrain and why in decision.reason


def test_two_of_the_newest_three_windows_start_a_run_and_the_reason_says_which() -> None:
    decision = decide(POLICY, at(losses(0.4, 0.6, 0.4, 0.7)))
    assert decision.retrain
    assert decision.reason == "log_loss 0.7 is above 0.5 in 2 of 3 windows, last 2013-04-01 with 1000 rows"
    assert decision.window_start == MONTHS[3]


def test_breaches_before_the_newest_windows_are_history() -> None:
    assert refused(decide(POLICY, at(losses(0.9, 0.9, 0.4, 0.4, 0.6))), "every limit is kept")


def test_a_window_of_too_few_rows_decides_nothing() -> None:
    small = losses(0.9, 0.9, 0.9, rows=499)
    assert refused(decide(POLICY, at(small)), "no window of 500 rows or more is measured yet")


@pytest.mark.parametrize(("metric", "bad", "good"), [("accuracy", 0.4, 0.6), ("feature_drift", 0.6, 0.4)])
def test_each_metric_breaks_on_its_own_side(metric: str, bad: float, good: float) -> None:
    policy = replace(POLICY, limits=(Limit(metric=metric, threshold=0.5),))
    assert decide(policy, at(losses(bad, metric=metric))).retrain
    assert not decide(policy, at(losses(good, metric=metric))).retrain
    assert not decide(policy, at(losses(0.5, metric=metric))).retrain


def test_a_metric_that_is_no_number_breaks_its_limit() -> None:
    assert decide(POLICY, at(losses(float("nan"), float("nan")))).retrain


def test_what_is_not_measured_starts_nothing_and_is_said() -> None:
    decision = decide(POLICY, at(losses(0.9, 0.9, metric="brier")))
    assert refused(decision, "every limit is kept; not measured: log_loss")
    assert decision.unmeasured == ("log_loss",)


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        (replace(at(losses(0.6, 0.6)), champion=None), "no version is champion"),
        (at(losses(0.6, 0.6), under_way=7), "run 7 of the training job is under way"),
        (at(losses(0.6, 0.6), started(2)), "the cool-down lasts until a window ends at 2013-04-01"),
        (at(losses(0.6, 0.6), started(1)), ""),
        (at(losses(*[0.6] * 8), started(3), started(5)), "the budget of 2 starts in 6 windows is spent"),
        (at(losses(*[0.6] * 9), started(3), started(5)), ""),
    ],
)
def test_a_breach_is_held_back_and_the_reason_stays(situation: Situation, why: str) -> None:
    decision = decide(POLICY, situation)
    assert decision.retrain is not bool(why)
    assert why in decision.reason
    assert "log_loss 0.6 is above 0.5" in decision.reason


def test_the_same_breach_starts_one_run_however_often_it_is_seen() -> None:
    once = decide(replace(POLICY, cooldown_windows=0), at(losses(0.6, 0.6)))
    again = decide(replace(POLICY, cooldown_windows=0), at(losses(0.6, 0.6), started(2, once)))
    assert refused(again, "this breach has started a run already")
    assert len(once.token) <= 64


def test_another_champion_or_another_window_is_another_breach() -> None:
    first = decide(POLICY, at(losses(0.6, 0.6)))
    assert first.token != decide(POLICY, replace(at(losses(0.6, 0.6)), champion="2")).token
    assert first.token != decide(POLICY, at(losses(0.6, 0.6, 0.6))).token


def test_a_new_champion_is_not_blamed_for_what_the_one_before_it_did() -> None:
    def row(metric: str, version: str, value: float) -> MetricRow:
        return MetricRow(
            window_start=MONTHS[0],
            window_end=MONTHS[1],
            granularity="1 month",
            metric=metric,
            value=value,
            rows=1000,
            model_version=version,
        )

    rows = [row("log_loss", "1", 0.9), row("log_loss", "*", 0.7), row("log_loss", "2", 0.4), row("rows", "*", 1000)]
    project = load_project("flight_delays")
    seen = {
        champion: {each.metric: each.value for each in situation(project, rows, champion, [], None).measured}
        for champion in ("1", "2", None)
    }
    assert seen["1"] == {"log_loss": 0.9, "rows": 1000}
    assert seen["2"] == {"log_loss": 0.4, "rows": 1000}
    assert seen[None] == {"log_loss": 0.7, "rows": 1000}


def test_without_limits_nothing_starts() -> None:
    assert refused(decide(Retraining(), at(losses(9.0))), "names no limit")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"metric": "logloss"}, "got the metric 'logloss', whose worse side is not known. Did you mean 'log_loss'?"),
        ({"metric": "rows"}, "whose worse side is not known"),
        ({"threshold": float("nan")}, "must be a finite number"),
        ({"breaches": 4, "windows": 3}, "breaches at most windows"),
        ({"breaches": 0}, "must be at least 1"),
    ],
)
def test_a_limit_that_could_break_for_the_wrong_reason_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidProject) as told:
        Limit(**{"metric": "log_loss", "threshold": 0.5} | changes)  # type: ignore[arg-type]
    assert why in str(told.value)


def test_a_metric_stands_once_among_the_limits() -> None:
    with pytest.raises(InvalidProject, match="a metric stands twice"):
        Retraining(limits=(WORSE, WORSE))


@given(
    values=st.lists(st.floats(0, 1), min_size=1, max_size=12),
    starts=st.lists(st.integers(1, 12), max_size=4),
    rows=st.integers(0, 2000),
    metric=st.sampled_from(sorted(METRICS)),
    breaches=st.integers(1, 4),
    cooldown=st.integers(0, 3),
)
def test_a_start_always_has_enough_broken_windows_and_nothing_that_holds_it_back(
    values: list[float], starts: list[int], rows: int, metric: str, breaches: int, cooldown: int
) -> None:
    limit = Limit(metric=metric, threshold=0.5, breaches=breaches, windows=4)
    policy = Retraining(limits=(limit,), cooldown_windows=cooldown, max_starts=2, budget_windows=6)
    situation = at(losses(*values, rows=rows, metric=metric), *(started(month) for month in starts))
    decision = decide(policy, situation)
    assert decision.reason
    newest = len(values)
    broken = [v for v in values[-4:] if (v > 0.5) == METRICS[metric].more_is_worse and v != 0.5]
    due = rows >= 500 and len(broken) >= breaches
    free = all(newest > month + cooldown - 1 for month in starts)
    spent = sum(month + 6 > newest for month in starts) >= 2
    assert decision.retrain == (due and free and not spent)
