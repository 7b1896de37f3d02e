"""How sure a comparison is: a paired bootstrap over days, since flights of one day share their weather. Pure."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """By how much of the reference's mean loss the candidate is better (0.05 is 5 %), with its interval."""

    mean: float
    low: float
    high: float
    confidence: float
    clusters: int

    def __str__(self) -> str:
        return f"{self.mean:+.1%} ({self.low:+.1%} to {self.high:+.1%})"

    def as_metrics(self, prefix: str) -> dict[str, float]:
        """The numbers under MLflow metric names."""
        return {f"{prefix}_{name}": float(value) for name, value in asdict(self).items() if name in _NUMBERS}


_NUMBERS = ("mean", "low", "high")


def paired_gain(
    reference: NDArray[np.float64],
    candidate: NDArray[np.float64],
    clusters: NDArray[np.int64],
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> Gain:
    """The relative reduction of the mean loss, on the same rows, resampled cluster by cluster.

    The seed is fixed: the same rows give the same verdict.

    >>> gain = paired_gain(np.array([1.0, 1, 1, 1]), np.array([0.5, 0.5, 0.5, 0.5]), np.array([1, 1, 2, 2]))
    >>> (gain.mean, gain.low, gain.high)
    (0.5, 0.5, 0.5)
    """
    _, cluster = np.unique(clusters, return_inverse=True)
    count = int(cluster.max()) + 1
    before = np.bincount(cluster, weights=reference, minlength=count)
    after = np.bincount(cluster, weights=candidate, minlength=count)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=resamples)
    gains = 1 - (drawn @ after) / (drawn @ before)
    tail = (1 - confidence) / 2
    low, high = np.quantile(gains, [tail, 1 - tail])
    return Gain(
        mean=float(1 - after.sum() / before.sum()),
        low=float(low),
        high=float(high),
        confidence=confidence,
        clusters=count,
    )
