"""How sure a mean or a difference is: a bootstrap over clusters, Holm's correction, what could have been found. Pure.

Source: Efron and Tibshirani 1993 (bootstrap); Holm 1979 (step-down correction); Davison and Hinkley 1997, 4.2 (a
p-value of resamples counts the sample itself: never 0)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_Key = TypeVar("_Key")
_RESAMPLES = 4000


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """A mean with its interval; `error` is its standard error, both over clusters. `clusters` of 1 say nothing."""

    mean: float
    low: float
    high: float
    error: float
    clusters: int
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampled:
    """A mean and where it would have come out in other samples of clusters."""

    mean: float
    drawn: Values
    clusters: int
    rows: int

    def interval(self, confidence: float) -> Mean:
        """The percentile interval."""
        tail = (1 - confidence) / 2
        low, high = np.quantile(self.drawn, [tail, 1 - tail])
        return Mean(
            mean=self.mean,
            low=float(low),
            high=float(high),
            error=float(self.drawn.std(ddof=1)),
            clusters=self.clusters,
            rows=self.rows,
        )

    def p_above(self, bar: float) -> float:
        """How likely a mean as far above the bar is when the true one is at the bar or below (one-sided)."""
        excess = self.mean - bar
        return float((1 + np.count_nonzero(self.drawn - self.mean >= excess - 1e-12)) / (len(self.drawn) + 1))

    def p_below(self, bar: float) -> float:
        """As `p_above`, for a mean below the bar."""
        excess = bar - self.mean
        return float((1 + np.count_nonzero(self.mean - self.drawn >= excess - 1e-12)) / (len(self.drawn) + 1))


def sampled(
    values: Sequence[float], clusters: Sequence[str] | None = None, weights: Sequence[float] | None = None
) -> Sampled:
    """The mean of rows, resampled by cluster: rows of one conversation are no independent witnesses.

    With weights (such as tokens) it is the sum of values over the sum of weights. The seed is fixed: the same rows
    give the same verdict.

    >>> sampled([1.0, 1.0, 0.0, 0.0], ["a", "a", "b", "b"]).clusters
    2
    """
    array = np.asarray(values, dtype=np.float64)
    labels = np.arange(len(array)) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    count = int(labels.max()) + 1
    weighing = np.ones(len(array)) if weights is None else np.asarray(weights, dtype=np.float64)
    sums, sizes = (np.bincount(labels, weights=each, minlength=count) for each in (array, weighing))
    generator = np.random.default_rng(0)
    drawn = np.empty(_RESAMPLES)
    for at in range(0, _RESAMPLES, 100):  # bounded memory for many rows
        picked = generator.integers(0, count, size=(100, count))
        drawn[at : at + 100] = sums[picked].sum(axis=1) / sizes[picked].sum(axis=1)
    return Sampled(mean=float(array.sum() / weighing.sum()), drawn=drawn, clusters=count, rows=len(array))


def holm(p_values: Mapping[_Key, float]) -> dict[_Key, float]:
    """Each p-value as it stands when so many questions were asked.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted: dict[_Key, float] = {}
    highest = 0.0
    for rank, (name, value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * value))
        adjusted[name] = highest
    return adjusted


def smallest_effect(error: float, *, confidence: float, power: float) -> float:
    """The difference that this many rows would find with this power; a smaller one stays undecided.

    >>> round(smallest_effect(0.01, confidence=0.95, power=0.8), 4)
    0.028
    """
    normal = NormalDist()
    return (normal.inv_cdf(1 - (1 - confidence) / 2) + normal.inv_cdf(power)) * error


def rows_needed(error: float, rows: int, effect: float, *, confidence: float, power: float) -> int:
    """How many rows would find this effect, as these rows scatter; 0 for an effect of 0, which none finds."""
    if effect == 0:
        return 0
    return math.ceil(rows * (smallest_effect(error, confidence=confidence, power=power) / abs(effect)) ** 2)
