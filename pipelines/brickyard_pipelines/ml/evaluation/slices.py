"""Is the version bad for some of the rows, while it is good for all together? Pure.

A group is *worse* when its loss is too high, or when the data show that the champion is better there; with many
groups each interval is wider (Bonferroni), so that chance alone refuses nothing. It *holds* when harm is ruled out,
and is *undecided* when the rows cannot tell, which is said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.evaluation.bootstrap import Gain, paired_gain
from brickyard_pipelines.ml.project import Gate, SliceGuard

_LEAST_CLUSTERS = 8  # days; of fewer, an interval says little
_MOST_RESAMPLES = 20_000
_LEAST_IN_A_TAIL = 10

Losses = NDArray[np.float64]
Stand = tuple[Literal["holds", "worse", "undecided"], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One value of one column: its rows, its mean loss, and how it stands."""

    column: str
    value: str
    rows: int
    loss: float
    gain: Gain | None
    standing: Literal["holds", "worse", "undecided"]
    why: str


def guard(
    gate: Gate, features: pd.DataFrame, own: Losses, champion: Losses | None, clusters: NDArray[np.int64]
) -> tuple[Group, ...]:
    """Every group of every guarded column.

    Errors: InvalidProject for a column that the features do not have.
    """
    parts = [
        (column, limits, value, rows)
        for column, limits in gate.slices.items()
        for value, rows in _groups(features, column, limits)
    ]
    large = sum(int(rows.sum()) >= limits.min_rows for _, limits, _, rows in parts)
    confidence = 1 - (1 - gate.confidence) / max(large, 1)
    judged = []
    for column, limits, value, rows in parts:
        compared = None if champion is None else (own[rows], champion[rows], clusters[rows])
        gain = _gain(gate, limits, compared, confidence)
        loss = float(own[rows].mean())
        standing, why = stand(limits, int(rows.sum()), loss, gain, has_champion=champion is not None)
        judged.append(
            Group(column=column, value=value, rows=int(rows.sum()), loss=loss, gain=gain, standing=standing, why=why)
        )
    return tuple(judged)


def stand(limits: SliceGuard, rows: int, loss: float, gain: Gain | None, *, has_champion: bool) -> Stand:
    """How a group of rows stands, and why.

    >>> stand(SliceGuard(min_rows=500), 20, 0.4, None, has_champion=False)
    ('undecided', '20 rows, 500 are needed to tell')
    """
    if rows < limits.min_rows:
        return "undecided", f"{rows} rows, {limits.min_rows} are needed to tell"
    if not np.isfinite(loss):
        return "worse", f"its loss is {loss}"
    if limits.max_loss is not None and loss > limits.max_loss:
        return "worse", f"loss {loss:.4f}, at most {limits.max_loss:g} is allowed"
    if has_champion:
        return _beside_champion(limits, gain)
    return ("undecided", "nothing to compare with") if limits.max_loss is None else ("holds", f"loss {loss:.4f}")


def _beside_champion(limits: SliceGuard, gain: Gain | None) -> Stand:
    if gain is None:
        return "undecided", f"rows of fewer than {_LEAST_CLUSTERS} days"
    if not np.isfinite([gain.low, gain.high]).all() or gain.high < -limits.champion_margin:
        return "worse", f"gain over champion {gain}"
    if gain.low >= -limits.champion_margin:
        return "holds", f"gain over champion {gain}"
    return "undecided", f"gain over champion {gain}: the rows do not rule out a loss of {limits.champion_margin:.0%}"


def _groups(features: pd.DataFrame, column: str, limits: SliceGuard) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    if column not in features:
        known = ", ".join(map(str, features.columns))
        raise InvalidProject(f"workflow.gate.slices.{column}: no such feature. There are: {known}.")
    values = features[column]
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > 2 * limits.bins:
        values = pd.qcut(values, limits.bins, duplicates="drop")
    named = values.astype(object).where(values.notna(), "no value").astype(str)
    for value in sorted(named.unique()):
        yield str(value), (named == value).to_numpy()


def _gain(
    gate: Gate,
    limits: SliceGuard,
    compared: tuple[Losses, Losses, NDArray[np.int64]] | None,
    confidence: float,
) -> Gain | None:
    if compared is None:
        return None
    own, champion, clusters = compared
    if len(own) < limits.min_rows or len(np.unique(clusters)) < _LEAST_CLUSTERS:
        return None
    tail = (1 - confidence) / 2
    resamples = min(_MOST_RESAMPLES, max(gate.resamples, int(_LEAST_IN_A_TAIL / tail)))
    return paired_gain(champion, own, clusters, confidence=confidence, resamples=resamples)


def undecided_shares(groups: tuple[Group, ...]) -> Mapping[str, float]:
    """By column, the share of the rows that lie in undecided groups."""
    shares: dict[str, float] = {}
    for column in dict.fromkeys(group.column for group in groups):
        of_column = [group for group in groups if group.column == column]
        unclear = sum(group.rows for group in of_column if group.standing == "undecided")
        shares[column] = unclear / max(sum(group.rows for group in of_column), 1)
    return shares
