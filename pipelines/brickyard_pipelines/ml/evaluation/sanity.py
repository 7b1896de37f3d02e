"""Are the hold-out and the answers fit to judge by? Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brickyard_pipelines.ml.evaluation.verdict import Condition
from brickyard_pipelines.ml.project import Sanity

_LEAST_SPREAD = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What the training period looked like, and how many keys the hold-out has. Shares are of rows."""

    null_shares: Mapping[str, float]
    categories: Mapping[str, frozenset[str]]
    label_rate: float
    holdout_keys: int


def of_holdout(
    limits: Sanity, profile: Profile, features: pd.DataFrame, labels: "pd.Series[int]", rows: int
) -> list[Condition]:
    """Keys, label rate, missing values and categories; `rows` counts those without a label too."""
    shift = abs(float(labels.mean()) - profile.label_rate)
    rate = f"{labels.mean():.1%}, {profile.label_rate:.1%} in training"
    return [
        Condition(
            name="hold-out keys",
            passed=rows == profile.holdout_keys,
            said=f"{rows} rows of {profile.holdout_keys} keys",
            needed="one row of each",
        ),
        Condition(
            name="hold-out label rate",
            passed=shift <= limits.max_label_rate_shift,
            said=rate,
            needed=f"at most {limits.max_label_rate_shift:.0%} apart",
        ),
        _nulls(limits, profile, features),
        _unseen(limits, profile, features),
    ]


def of_answers(answers: NDArray[np.float64]) -> list[Condition]:
    """That the answers differ; that they are finite and probabilities is checked before they are scored.

    >>> [item.passed for item in of_answers(np.array([0.2, 0.2]))]
    [False]
    """
    spread = float(answers.max() - answers.min()) if len(answers) else 0.0
    said = f"{answers.min():.3f} to {answers.max():.3f}" if len(answers) else "none"
    return [Condition(name="answers differ", passed=spread > _LEAST_SPREAD, said=said, needed="more than one answer")]


def _nulls(limits: Sanity, profile: Profile, features: pd.DataFrame) -> Condition:
    now = {str(name): float(features[name].isna().mean()) for name in features}
    more = {name: share - profile.null_shares.get(name, 0.0) for name, share in now.items()}
    worst = max(more, key=lambda name: more[name], default=None)
    said = "no features" if worst is None else f"{worst} {now[worst]:.1%}, {now[worst] - more[worst]:.1%} in training"
    return Condition(
        name="hold-out missing values",
        passed=worst is not None and more[worst] <= limits.max_null_increase,
        said=said,
        needed=f"at most {limits.max_null_increase:.0%} more than in training",
    )


def _unseen(limits: Sanity, profile: Profile, features: pd.DataFrame) -> Condition:
    shares = {}
    for name, known in profile.categories.items():
        values = features[name].dropna().astype(str)
        shares[name] = float((~values.isin(known)).mean()) if len(values) else 0.0
    worst = max(shares, key=lambda name: shares[name], default=None)
    return Condition(
        name="hold-out unseen categories",
        passed=worst is None or shares[worst] <= limits.max_unseen_share,
        said="none" if worst is None or not shares[worst] else f"{worst}: {shares[worst]:.1%} of the rows",
        needed=f"at most {limits.max_unseen_share:.0%} of the rows",
    )
