"""Distances and tests between two distributions. Pure: no I/O.

A numeric distribution is its distinct values, rising, and how often each occurs; a categorical one counts by item.
Source: docs.databricks.com/data-governance/unity-catalog/data-quality-monitoring/data-profiling/monitor-output;
the p-value of the KS test reproduces rows of a real workspace to 1e-6.
Gaps: Databricks does not say how it bins for the population stability index; here the bins are the deciles of what
is compared with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats  # type: ignore[import-untyped]
from scipy.spatial.distance import jensenshannon  # type: ignore[import-untyped]

_DECILES = np.arange(0.1, 1.0, 0.1)
_LEAST_SHARE = 1e-4  # an empty bin's share: the index would be infinite


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """`values` rise; `counts` of the same length are above 0. `size` rows stand behind them."""

    values: Any
    counts: Any
    size: int

    def quantiles(self, probabilities: Any) -> Any:
        """Values below which that share of the rows lies: values that occur, nothing between them."""
        shares = np.cumsum(self.counts) / np.sum(self.counts)
        return self.values[np.minimum(np.searchsorted(shares, probabilities - 1e-12), len(self.values) - 1)]

    def median(self) -> float:
        """The mean of the two middle rows where their number is even."""
        ends = np.cumsum(self.counts)
        total = int(ends[-1])
        low, high = np.searchsorted(ends, [(total - 1) // 2, total // 2], side="right")
        return float((self.values[low] + self.values[high]) / 2)

    def below(self, points: Any) -> Any:
        """The share of rows that are at most each of these points."""
        shares = np.concatenate([[0.0], np.cumsum(self.counts) / np.sum(self.counts)])
        return shares[np.searchsorted(self.values, points, side="right")]


def numeric(now: Numbers, before: Numbers) -> dict[str, Any]:
    """`ks_test`, `wasserstein_distance` and `population_stability_index` of two numeric distributions."""
    return {
        "ks_test": ks_test(now, before),
        "wasserstein_distance": float(stats.wasserstein_distance(now.values, before.values, now.counts, before.counts)),
        "population_stability_index": population_stability_index(now, before),
    }


def ks_test(now: Numbers, before: Numbers) -> dict[str, float]:
    """The two-sample Kolmogorov-Smirnov test."""
    points = np.union1d(now.values, before.values)
    statistic = float(np.max(np.abs(now.below(points) - before.below(points))))
    effective = max(1, round(now.size * before.size / (now.size + before.size)))
    return {"statistic": statistic, "pvalue": float(np.clip(stats.kstwo.sf(statistic, effective), 0.0, 1.0))}


def population_stability_index(now: Numbers, before: Numbers) -> float:
    """Over the deciles of what is compared with; a bin that is empty counts as 0.01 %."""
    edges = np.unique(before.quantiles(_DECILES))
    shares = [
        np.maximum(np.diff(np.concatenate([[0.0], each.below(edges), [1.0]])), _LEAST_SHARE) for each in (now, before)
    ]
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def categorical(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, Any]:
    """`chi_squared_test`, `tv_distance`, `l_infinity_distance` and `js_distance` of two counts by item."""
    items = sorted(now.keys() | before.keys())
    counts = np.array([[each.get(item, 0) for item in items] for each in (now, before)], dtype=float)
    shares = counts / counts.sum(axis=1, keepdims=True)
    apart = np.abs(shares[0] - shares[1])
    return {
        "chi_squared_test": _chi_squared(counts),
        "tv_distance": float(apart.sum() / 2),
        "l_infinity_distance": float(apart.max()),
        "js_distance": float(np.nan_to_num(jensenshannon(shares[0], shares[1], base=2))),
    }


def _chi_squared(counts: Any) -> dict[str, float]:
    """Of homogeneity; two distributions of the same single item do not differ."""
    if counts.shape[1] < 2:
        return {"statistic": 0.0, "pvalue": 1.0}
    found = stats.chi2_contingency(counts, correction=False)
    return {"statistic": float(found.statistic), "pvalue": float(found.pvalue)}
