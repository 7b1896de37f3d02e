"""What quality will turn out to be, before labels come: confidence-based performance estimation. Pure: no Spark.

A calibrated probability says how often its row is positive, so the expected confusion, and with it each metric, follows
from the predictions alone. `low` and `high` bound what labels drawn from those probabilities would show in 95 of
100 windows.

Gaps: it sees that rows became harder or easier. It cannot see that the world answers them differently than before
(concept drift): labels show that.
Source: nannyml.readthedocs.io, "How it works: performance estimation" (CBPE)
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from brickyard_pipelines.ml.monitoring.scores import Bins, Floats, auc, losses

_DRAWS = 200
_SEED = 20130101  # the same rows give the same bounds
_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """An expected value, and the bounds that labels would fall in by chance alone."""

    value: float
    low: float
    high: float


def expected(bins: Bins, reference: Bins | None = None) -> Mapping[str, Estimate]:
    """The expected log loss, Brier score, accuracy and AUC of all rows of a window, labelled or not.

    `reference` are labelled rows of earlier windows: what they say of the predictions calibrates them (isotonic
    regression); without them the predictions are taken at their word.
    """
    if not bins.total:
        return {}
    chance = bins.probability if reference is None else calibrated(bins.probability, reference)
    positives = chance * bins.rows
    values = losses(bins.probability, positives, bins.rows - positives)
    if "roc_auc" in values:
        values["roc_auc"] = _expected_auc(chance, bins.rows) or values["roc_auc"]
    drawn = _drawn(bins, chance, tuple(values))
    found = {}
    for name, value in values.items():
        low, high = np.nanpercentile(drawn[name], [_LOW, _HIGH])
        found[f"expected_{name}"] = Estimate(value=value, low=float(low), high=float(high))
    return found


def calibrated(probability: Floats, reference: Bins) -> Floats:
    """What the labels of the reference say that each probability is worth."""
    from sklearn.isotonic import IsotonicRegression  # seconds of imports that tests of the rest do not need

    known = reference.labelled > 0
    rates = reference.positives[known] / reference.labelled[known]
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
        reference.probability[known], rates, sample_weight=reference.labelled[known]
    )
    worth: Floats = np.asarray(fitted.predict(probability), dtype=float)
    return worth


def _expected_auc(chance: Floats, rows: Floats) -> float | None:
    """As `auc`, of pairs of two different rows: one row cannot be positive and negative at once.

    Within a bin pairs count half, but a row paired with itself is taken out of both sums.
    """
    positives, negatives = chance * rows, (1 - chance) * rows
    itself = chance * (1 - chance) * rows
    pairs = float(positives.sum() * negatives.sum() - itself.sum())
    with_itself = auc(positives, negatives)
    if with_itself is None or not pairs > 0:
        return None
    area = with_itself * float(positives.sum() * negatives.sum()) - float(itself.sum()) / 2
    return float(np.clip(area / pairs, 0.0, 1.0))


def _drawn(bins: Bins, chance: Floats, names: tuple[str, ...]) -> Mapping[str, list[float]]:
    """Each metric of windows whose labels are drawn from the chances."""
    random = np.random.default_rng(_SEED)
    drawn: dict[str, list[float]] = {name: [] for name in names}
    for positives in random.binomial(bins.rows.astype(np.int64), np.clip(chance, 0, 1), (_DRAWS, len(bins.rows))):
        values = losses(bins.probability, positives.astype(float), bins.rows - positives)
        for name in names:
            drawn[name].append(values.get(name, np.nan))
    return drawn
