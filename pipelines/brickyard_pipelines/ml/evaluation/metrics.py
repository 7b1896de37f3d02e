"""How good probabilities are: ranking, sharpness and calibration. Pure.

Source: scikit-learn.org/stable/modules/model_evaluation.html
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brickyard_pipelines.errors import UnusablePredictions

_BINS = 10
_EPSILON = 1e-15


@dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationBin:
    """A tenth of the rows, by prediction: what was said, what happened."""

    rows: int
    mean_prediction: float
    observed_rate: float


def checked(predictions: object, rows: int) -> NDArray[np.float64]:
    """Predictions as an array of one finite probability per row.

    Errors: UnusablePredictions.
    """
    try:
        values = np.asarray(predictions, dtype=float)
    except (TypeError, ValueError) as error:
        raise UnusablePredictions(f"The model must answer numbers: {error}") from error
    if values.shape != (rows,):
        raise UnusablePredictions(
            f"The model answered the shape {values.shape} for {rows} rows; it must answer one probability per row."
        )
    unusable = ~((values >= 0) & (values <= 1))
    if unusable.any():
        raise UnusablePredictions(
            f"{int(unusable.sum())} of {rows} answers are no probability, such as {values[unusable][0]!r}."
        )
    return values


def scores(labels: NDArray[np.int64], predictions: NDArray[np.float64]) -> dict[str, float]:
    """ROC AUC, average precision, log loss, Brier score, calibration error and the two means.

    >>> scored = scores(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
    >>> scored["roc_auc"], round(scored["brier"], 3), scored["positive_rate"]
    (1.0, 0.025, 0.5)
    """
    from sklearn.metrics import average_precision_score, roc_auc_score  # heavy; tests skip it

    return {
        "roc_auc": float(roc_auc_score(labels, predictions)),
        "average_precision": float(average_precision_score(labels, predictions)),
        "log_loss": float(row_losses("log_loss", labels, predictions).mean()),
        "brier": float(row_losses("brier", labels, predictions).mean()),
        "calibration_error": calibration_error(calibration(labels, predictions)),
        "positive_rate": float(labels.mean()),
        "mean_prediction": float(predictions.mean()),
        "rows": float(len(labels)),
    }


def row_losses(metric: str, labels: NDArray[np.int64], predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The loss of each row, whose mean is the metric.

    >>> row_losses("brier", np.array([0, 1]), np.array([0.5, 1.0])).tolist()
    [0.25, 0.0]
    """
    if metric == "brier":
        return np.square(predictions - labels)
    said = np.where(labels == 1, predictions, 1 - predictions)
    losses: NDArray[np.float64] = -np.log(np.clip(said, _EPSILON, 1))
    return losses


def calibration(labels: NDArray[np.int64], predictions: NDArray[np.float64]) -> tuple[CalibrationBin, ...]:
    """Ten bins of equally many rows in the order of the predictions; equal predictions share a bin.

    >>> [part.rows for part in calibration(np.array([0, 1, 1, 0]), np.full(4, 0.5))]
    [4]
    """
    edges = np.quantile(predictions, np.linspace(0, 1, _BINS + 1)[1:-1])
    places = np.searchsorted(edges, predictions, side="right")
    return tuple(
        CalibrationBin(
            rows=int(inside.sum()),
            mean_prediction=float(predictions[inside].mean()),
            observed_rate=float(labels[inside].mean()),
        )
        for inside in (places == place for place in np.unique(places))
    )


def calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """The mean distance between what was said and what happened (expected calibration error).

    >>> calibration_error((CalibrationBin(rows=10, mean_prediction=0.3, observed_rate=0.2),))
    0.09999999999999998
    """
    total = sum(part.rows for part in bins)
    return sum(part.rows * abs(part.mean_prediction - part.observed_rate) for part in bins) / total
