"""What is measured of predictions: scores against scikit-learn, estimates, drift, which windows, and the page."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.monitoring import estimate, importance, measure, report, scores
from brickyard_pipelines.ml.monitoring.drift import ColumnDrift, feature_drift
from brickyard_pipelines.ml.monitoring.endpoint import Requests
from brickyard_pipelines.ml.monitoring.known_metrics import DESCRIPTIVE, METRICS
from brickyard_pipelines.ml.monitoring.measure import Seen
from brickyard_pipelines.ml.monitoring.metrics_table import MetricRow
from brickyard_pipelines.ml.monitoring.predictions import Counted, Group
from brickyard_pipelines.ml.monitoring.scores import BINS, Bins
from brickyard_pipelines.ml.project.monitoring import Monitoring
from brickyard_pipelines.ml.project.retraining import Limit

JANUARY, FEBRUARY, MARCH = (dt.datetime(2013, month, 1) for month in (1, 2, 3))  # noqa: DTZ001 - UTC, as windows are


def binned(predictions: np.ndarray, labels: np.ndarray, known: np.ndarray | None = None) -> Bins:
    """As Spark counts them."""
    known = np.ones(len(labels), dtype=bool) if known is None else known
    place = np.minimum((predictions * BINS).astype(int), BINS - 1)
    rows = np.bincount(place, minlength=BINS).astype(float)
    mean = np.bincount(place, predictions, BINS)[rows > 0] / rows[rows > 0]
    labelled = np.bincount(place, known.astype(float), BINS)[rows > 0]
    positives = np.bincount(place, (known * labels).astype(float), BINS)[rows > 0]
    return Bins.of(mean, rows[rows > 0], np.asarray(labelled, dtype=float), np.asarray(positives, dtype=float))


def world(rows: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated predictions and what happened."""
    random = np.random.default_rng(seed)
    chance = random.beta(2, 5, rows)
    return chance, (random.random(rows) < chance).astype(int)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(20, 3000))
def test_scores_of_bins_are_those_that_scikit_learn_computes_of_rows(seed: int, rows: int) -> None:
    predictions, labels = world(rows, seed)
    found = scores.realised(binned(predictions, labels))
    if 0 < labels.sum() < rows:
        ranks = np.minimum((predictions * BINS).astype(int), BINS - 1)  # two rows of one bin tie
        assert found["roc_auc"] == pytest.approx(sklearn_metrics.roc_auc_score(labels, ranks))
        assert found["log_loss"] == pytest.approx(sklearn_metrics.log_loss(labels, predictions), abs=1e-4)
    assert found["brier"] == pytest.approx(sklearn_metrics.brier_score_loss(labels, predictions), abs=1e-4)
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(labels, predictions >= 0.5), abs=1e-9)


def test_only_rows_whose_label_is_known_are_scored() -> None:
    predictions, labels = world(4000)
    known = np.arange(4000) % 3 == 0
    found = scores.realised(binned(predictions, labels, known))
    assert found["brier"] == pytest.approx(np.mean((predictions - labels)[known] ** 2), abs=1e-5)
    assert scores.realised(binned(predictions, labels, np.zeros(4000, dtype=bool))) == {}


def test_labels_of_one_class_give_no_auc_and_every_loss() -> None:
    found = scores.realised(binned(np.array([0.1, 0.4]), np.array([0, 0])))
    assert "roc_auc" not in found
    assert found["log_loss"] > 0


def test_an_estimate_without_labels_is_what_labels_show_later() -> None:
    predictions, labels = world(20_000)
    none = np.zeros(len(labels), dtype=bool)
    guessed = estimate.expected(binned(predictions, labels, none))
    shown = scores.realised(binned(predictions, labels))
    for metric in ("log_loss", "brier", "accuracy", "roc_auc"):
        guess = guessed[f"expected_{metric}"]
        assert guess.low < guess.value < guess.high
        assert guess.low <= shown[metric] <= guess.high


def test_the_bounds_hold_what_chance_shows_nearly_always() -> None:
    inside = 0
    for seed in range(60):
        predictions, labels = world(300, seed)
        guess = estimate.expected(binned(predictions, labels))["expected_log_loss"]
        inside += guess.low <= scores.realised(binned(predictions, labels))["log_loss"] <= guess.high
    assert inside >= 50  # 57 are expected, less four standard deviations of sixty tries


def test_rows_that_became_harder_are_seen_before_their_labels() -> None:
    random = np.random.default_rng(1)
    easy, hard = random.choice([0.02, 0.98], 5000), random.uniform(0.4, 0.6, 5000)
    unknown = np.zeros(5000, dtype=bool)
    guess = [estimate.expected(binned(p, p, unknown))["expected_log_loss"].value for p in (easy, hard)]
    assert guess[0] < 0.15
    assert guess[1] > 0.6


def test_labels_of_earlier_windows_correct_a_model_that_is_too_sure() -> None:
    chance, labels = world(200_000)
    sure = np.clip(chance**2 / (chance**2 + (1 - chance) ** 2), 0.001, 0.999)
    half = np.arange(len(labels)) < 100_000
    reference, now = binned(sure[half], labels[half]), binned(sure[~half], labels[~half])
    shown = scores.realised(now)["log_loss"]
    assert abs(estimate.expected(now, reference)["expected_log_loss"].value - shown) < 0.01
    assert abs(estimate.expected(now)["expected_log_loss"].value - shown) > 0.03


def test_drift_is_weighted_by_what_the_model_leans_on() -> None:
    moved = [ColumnDrift(column="idle", ks_statistic=0.9), ColumnDrift(column="key", tv_distance=0.1)]
    found = feature_drift(moved, {"idle": 0.01, "key": 0.99})
    assert found is not None
    assert found.weighted == pytest.approx(0.108)
    assert (found.worst, found.worst_feature) == (0.9, "idle")


def test_a_feature_that_became_empty_has_drifted_although_no_distance_can_be_computed() -> None:
    found = feature_drift([ColumnDrift(column="a", percent_null_delta=100.0)], {"a": 1.0})
    assert found is not None
    assert found.weighted == 1.0


def test_columns_that_are_no_features_do_not_count_and_nothing_measured_is_nothing() -> None:
    assert feature_drift([ColumnDrift(column="key", ks_statistic=1.0)], {"a": 1.0}) is None
    assert feature_drift([ColumnDrift(column="a")], {"a": 1.0}) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
@example([(0.5, 5e-324)])
def test_weighted_drift_lies_between_the_least_and_the_most_that_a_feature_moved(
    pairs: list[tuple[float, float]],
) -> None:
    rows = [ColumnDrift(column=str(n), ks_statistic=moved) for n, (moved, _) in enumerate(pairs)]
    found = feature_drift(rows, {str(n): share for n, (_, share) in enumerate(pairs)})
    assert found is not None
    moved = [each for each, _ in pairs]
    assert min(moved) - 1e-9 <= found.weighted <= max(moved) + 1e-9


@pytest.mark.parametrize("document", [None, [], {}, {"a": -1}, {"a": float("nan")}, {"a": "much"}, {"gone": 1}])
def test_importance_that_cannot_be_used_is_equal_weights_and_says_so(document: object) -> None:
    found = importance.read(document, "3", ["a", "b"])
    assert found.shares == {"a": 0.5, "b": 0.5}
    assert found.said.startswith("equal weights: ")


COUNTED = {
    JANUARY: Counted(rows=10, labelled=10),
    FEBRUARY: Counted(rows=20, labelled=5),
    MARCH: Counted(rows=5, labelled=0),
}


def known(**changes: float) -> list[MetricRow]:
    """The rows of an earlier measuring of COUNTED, with drift."""
    rows = []
    for start, count in COUNTED.items():
        facts = {"rows": count.rows, "labelled_rows": count.labelled, "prediction_drift": 0.1} | changes
        common = {"window_start": start, "window_end": MARCH, "granularity": "1 month", "rows": count.rows}
        rows += [MetricRow(metric=metric, value=float(value), **common) for metric, value in facts.items()]  # type: ignore[arg-type]
    return rows


def test_only_windows_that_changed_are_measured_again_and_the_newest() -> None:
    assert measure.changed(COUNTED, known(), drifts=True) == [MARCH]


def test_labels_that_came_late_bring_their_window_back_with_the_one_after_it() -> None:
    late = COUNTED | {JANUARY: Counted(rows=10, labelled=10), FEBRUARY: Counted(rows=20, labelled=20)}
    assert measure.changed(late, known(), drifts=True) == [FEBRUARY, MARCH]
    assert measure.changed(COUNTED | {JANUARY: Counted(rows=11, labelled=10)}, known(), drifts=True) == [
        JANUARY,
        FEBRUARY,
        MARCH,
    ]


def test_a_monitor_that_was_made_later_gives_earlier_windows_their_drift() -> None:
    before = [row for row in known() if row.metric != "prediction_drift"]
    assert measure.changed(COUNTED, before, drifts=False) == [MARCH]
    assert measure.changed(COUNTED, before, drifts=True) == [FEBRUARY, MARCH]  # January has none before it


def seen(**changes: object) -> Seen:
    predictions, labels = world(500)
    group = Group(window_start=FEBRUARY, model_version="*")
    facts: dict[str, object] = {
        "granularity": "1 month",
        "starts": [FEBRUARY],
        "counted": {JANUARY: Counted(rows=1000, labelled=0), FEBRUARY: Counted(rows=500, labelled=500)},
        "bins": {
            group: binned(predictions, labels),
            replace(group, slice_key="a", slice_value="x"): binned(predictions, labels),
        },
        "drift": {
            FEBRUARY: [ColumnDrift(column="a", ks_statistic=0.25), ColumnDrift(column="prediction", ks_statistic=0.5)]
        },
        "importance": {"a": 1.0},
        "requests": {},
        "newest_row": FEBRUARY,
        "min_rows": 50,
        "now": FEBRUARY + dt.timedelta(hours=6),
    }
    return Seen(**facts | changes)  # type: ignore[arg-type]


def values(rows: list[MetricRow]) -> Mapping[str, float]:
    return {row.metric: row.value for row in rows if row.of_the_whole}


def test_a_window_has_every_metric_that_a_limit_can_name() -> None:
    requests = {FEBRUARY: Requests(count=4, failed=1, p50_ms=5.0, p99_ms=9.0)}
    found = values(measure.rows(seen(requests=requests)))
    assert set(METRICS) <= set(found)
    assert set(found) <= set(METRICS) | set(DESCRIPTIVE)
    assert found["volume_ratio"] == 0.5
    assert found["label_coverage"] == 1.0
    assert found["newest_row_age_hours"] == 6.0
    assert found["endpoint_error_rate"] == 0.25
    assert (found["feature_drift"], found["prediction_drift"]) == (0.25, 0.5)


def test_slices_have_quality_of_their_own_and_never_that_of_the_whole() -> None:
    rows = [row for row in measure.rows(seen()) if row.slice_key == "a"]
    assert {row.slice_value for row in rows} == {"x"}
    assert "log_loss" in {row.metric for row in rows}
    assert not any(row.of_the_whole for row in rows)


def test_without_labels_there_is_no_quality_and_still_an_estimate() -> None:
    predictions, labels = world(500)
    unknown = binned(predictions, labels, np.zeros(500, dtype=bool))
    found = values(measure.rows(seen(bins={Group(window_start=FEBRUARY, model_version="*"): unknown})))
    assert "log_loss" not in found
    assert "expected_log_loss" in found


def test_the_page_shows_what_is_broken_and_escapes_what_it_is_told() -> None:
    limits = (Limit(metric="feature_drift", threshold=0.2), Limit(metric="accuracy", threshold=0.1))
    page = report.page("<b>", measure.rows(seen()), limits=limits, features={"<i>": (0.25, 1.0)}, drift_said="<u>")
    assert page.count("broken") == 1
    assert page.count(">kept<") == 1
    assert all(f"&lt;{letter}&gt;" in page for letter in "biu")
    assert "<script" not in page
    assert "http" not in page


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"granularity": "2 months"}, "granularity: got '2 months'; must be one of 1 hour, 1 day, 1 week, 1 month"),
        ({"against": "yesterday"}, "against: got 'yesterday'"),
        ({"min_rows": 3}, "min_rows: got 3; must be at least 50"),
        ({"slices": ("a", "a")}, "each once"),
    ],
)
def test_settings_that_would_measure_nothing_are_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidProject) as told:
        Monitoring(**changes)  # type: ignore[arg-type]
    assert why in str(told.value)
