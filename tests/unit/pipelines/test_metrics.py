import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss

from brickyard_pipelines.errors import UnusablePredictions
from brickyard_pipelines.ml.evaluation import metrics


def rows(seed: int, count: int = 500) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    predictions = random.uniform(size=count)
    return (random.uniform(size=count) < predictions).astype(np.int64), predictions


@given(seed=st.integers(0, 1000))
def test_log_loss_and_brier_are_scikit_learns(seed: int) -> None:
    labels, predictions = rows(seed)
    scored = metrics.scores(labels, predictions)
    assert scored["log_loss"] == pytest.approx(log_loss(labels, predictions))
    assert scored["brier"] == pytest.approx(brier_score_loss(labels, predictions))


def test_a_sure_and_wrong_prediction_costs_much_but_not_infinity() -> None:
    losses = metrics.row_losses("log_loss", np.array([1, 0]), np.array([0.0, 1.0]))
    assert np.isfinite(losses).all()
    assert (losses > 30).all()


def test_honest_probabilities_are_calibrated_and_doubled_ones_are_not() -> None:
    labels, predictions = rows(0, count=20_000)
    honest = metrics.calibration_error(metrics.calibration(labels, predictions))
    halved = metrics.calibration_error(metrics.calibration(labels, predictions / 2))
    assert honest < 0.02
    assert halved == pytest.approx(0.25, abs=0.02)


def test_one_prediction_for_all_is_as_wrong_as_its_mean_whatever_the_order() -> None:
    labels = np.array([1] * 300 + [0] * 700)
    for order in (labels, labels[::-1].copy()):
        assert metrics.calibration_error(metrics.calibration(order, np.full(1000, 0.25))) == pytest.approx(0.05)


def test_bins_hold_all_rows_in_equal_parts() -> None:
    labels, predictions = rows(0, count=1003)
    sizes = [part.rows for part in metrics.calibration(labels, predictions)]
    assert sum(sizes) == 1003
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ([0.1, float("nan")], "1 of 2 answers are no probability, such as"),
        ([0.1, 1.2], r"no probability, such as .*1\.2"),
        ([0.1, -0.1], "no probability"),
        ([0.1], r"the shape \(1,\) for 2 rows"),
        ([[0.1, 0.9], [0.2, 0.8]], r"the shape \(2, 2\)"),
        (["late", "on time"], "must answer numbers"),
    ],
)
def test_what_is_no_probability_per_row_is_refused(answered: object, said: str) -> None:
    with pytest.raises(UnusablePredictions, match=said):
        metrics.checked(answered, 2)
