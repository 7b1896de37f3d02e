"""What a model must beat: the base rate, and the rate of groups such as carrier by hour. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_PRIOR_ROWS = 50.0  # a group's rate counts as much as its rows say, against this many rows at the base rate
_NUMERIC_STEP = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Baselines:
    """Rates learnt from the training period only."""

    base_rate: float
    groups: tuple[str, ...]
    group_rates: "pd.Series[float]"

    def predict(self, features: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """The prediction of each baseline, by its name."""
        grouped = {}
        if self.groups:
            keys = _keys(features, self.groups)
            grouped["group_rate"] = keys.map(self.group_rates).fillna(self.base_rate).to_numpy(float)
        return {"base_rate": np.full(len(features), self.base_rate), **grouped}

    def as_document(self) -> dict[str, Any]:
        """The rates as JSON, for the run's artifacts."""
        rates = {str(key): float(rate) for key, rate in self.group_rates.items()}
        return {"base_rate": self.base_rate, "groups": list(self.groups), "group_rates": rates}


def from_document(document: Mapping[str, Any]) -> Baselines:
    """Baselines that another step learnt and wrote down."""
    rates = pd.Series(document["group_rates"], dtype=float)
    return Baselines(base_rate=float(document["base_rate"]), groups=tuple(document["groups"]), group_rates=rates)


def learn(features: pd.DataFrame, labels: "pd.Series[int]", groups: Sequence[str]) -> Baselines:
    """Baselines of a training period; small groups are pulled towards the base rate.

    >>> frame = pd.DataFrame({"carrier": ["UA", "UA", "B6"]})
    >>> learned = learn(frame, pd.Series([1, 1, 0]), ["carrier"])
    >>> learned.predict(pd.DataFrame({"carrier": ["XX"]}))["group_rate"].round(3).tolist()
    [0.667]
    """
    base_rate = float(labels.mean())
    if not groups:
        return Baselines(base_rate=base_rate, groups=(), group_rates=pd.Series(dtype=float))
    by_group = labels.groupby(_keys(features, groups)).agg(["sum", "count"])
    rates = (by_group["sum"] + _PRIOR_ROWS * base_rate) / (by_group["count"] + _PRIOR_ROWS)
    return Baselines(base_rate=base_rate, groups=tuple(groups), group_rates=rates)


def _keys(features: pd.DataFrame, groups: Sequence[str]) -> "pd.Series[str]":
    """Text as it is, numbers in steps (of an hour, for minutes of the day)."""
    keys = pd.Series("", index=features.index)
    for name in groups:
        column = features[name]
        if pd.api.types.is_numeric_dtype(column):
            column = column // _NUMERIC_STEP
        keys = keys + "|" + column.astype(str)
    return keys
