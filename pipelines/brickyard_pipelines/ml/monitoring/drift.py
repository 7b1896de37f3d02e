"""How far features moved, as one number: by how much the model leans on each. Pure: no Spark.

A column's drift is from 0 to 1: the largest difference between two distributions' probabilities. Of numbers that is
the statistic of the Kolmogorov-Smirnov test, of items the total variation distance; a column that became empty counts
as moved by the share that is missing now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnDrift:
    """A row of the drift table, of one column; None where the platform computed nothing."""

    column: str
    ks_statistic: float | None = None
    tv_distance: float | None = None
    percent_null_delta: float | None = None

    @property
    def moved(self) -> float | None:
        """The drift from 0 to 1, None when nothing was comparable.

        >>> ColumnDrift(column="a", ks_statistic=0.25, percent_null_delta=-40.0).moved
        0.4
        """
        parts = [self.ks_statistic, self.tv_distance]
        nulls = self.percent_null_delta
        known = [part for part in [*parts, None if nulls is None else abs(nulls) / 100] if part is not None]
        return min(1.0, max(known)) if known else None


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureDrift:
    """The drift of all features: weighted by importance, and of the one that moved most."""

    weighted: float
    worst: float
    worst_feature: str
    measured: Mapping[str, float]


def feature_drift(rows: Sequence[ColumnDrift], importance: Mapping[str, float]) -> FeatureDrift | None:
    """Of the features that `importance` names; shares of those that were not measured go to the others.

    >>> seen = [ColumnDrift(column="a", ks_statistic=0.5), ColumnDrift(column="b", tv_distance=0.1)]
    >>> feature_drift(seen, {"a": 0.25, "b": 0.75}).weighted
    0.2
    """
    measured = {row.column: row.moved for row in rows if row.column in importance}
    known = {name: moved for name, moved in measured.items() if moved is not None}
    if not known:
        return None
    shares = {name: importance[name] for name in known}
    total = sum(shares.values())
    if not total > 0:  # no measured feature matters to the model: each counts the same
        shares, total = dict.fromkeys(known, 1.0), float(len(known))
    worst = max(known, key=lambda name: (known[name], name))
    return FeatureDrift(
        weighted=sum(shares[name] / total * moved for name, moved in known.items()),  # a share may be next to nothing
        worst=known[worst],
        worst_feature=worst,
        measured=known,
    )
