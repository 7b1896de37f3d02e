"""Two models' decisions on the same rows: where only one of them is right (McNemar, exact). Pure.

It takes rows as independent, which those of one day are not: beside the bootstrap over days it is a second look, and
no condition of the gate.
Source: doi.org/10.1007/BF02295996
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DECIDES_AT = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """How many rows only the candidate, or only the champion, decides rightly, and how likely that is by chance."""

    only_candidate: int
    only_champion: int
    p_value: float

    def as_metrics(self) -> dict[str, float]:
        """The numbers under MLflow metric names."""
        return {
            "holdout_right_only_candidate": float(self.only_candidate),
            "holdout_right_only_champion": float(self.only_champion),
            "holdout_mcnemar_p": self.p_value,
        }


def compare(labels: NDArray[np.int64], candidate: NDArray[np.float64], champion: NDArray[np.float64]) -> Decisions:
    """Decisions at a probability of one half.

    >>> found = compare(np.array([1, 1, 0]), np.array([0.9, 0.8, 0.1]), np.array([0.1, 0.2, 0.1]))
    >>> (found.only_candidate, found.only_champion, found.p_value)
    (2, 0, 0.5)
    """
    from scipy.stats import binomtest  # type: ignore[import-untyped]  # scikit-learn brings it; tests without both skip it

    ours = (candidate >= _DECIDES_AT) == (labels == 1)
    theirs = (champion >= _DECIDES_AT) == (labels == 1)
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    differing = only_ours + only_theirs
    p_value = float(binomtest(only_ours, differing).pvalue) if differing else 1.0
    return Decisions(only_candidate=only_ours, only_champion=only_theirs, p_value=p_value)
