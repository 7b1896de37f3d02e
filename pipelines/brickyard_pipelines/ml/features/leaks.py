"""Leak guard: whatever happens after a moment, the features of rows asked about until then must stay the same. Pandas.

Say for each table when its values become known; the guard invents another future and builds the features again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brickyard_pipelines.errors import LookAhead

Tables = Mapping[str, pd.DataFrame]
_INVENTED = 1000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Knowledge:
    """Columns whose values become known `delay_s` after the time in `at` (numbers in seconds, as moments are).

    Where `at` is itself what happens then (a departure), say `at_moves`: in another future it happens later.
    """

    at: str
    columns: tuple[str, ...]
    delay_s: float = 0.0
    at_moves: bool = False


def check(
    build: Callable[[Tables], pd.DataFrame],
    tables: Tables,
    known: Mapping[str, Sequence[Knowledge]],
    *,
    key: str,
    time_key: str,
    moments: Sequence[float],
) -> int:
    """Build the features in the real future and in an invented one of each moment. Returns the rows compared.

    Errors: LookAhead with the features that moved, how many rows and the first of them; or when there was nothing to
    compare: no value was unknown at any moment, or no row was asked about until then.
    """
    before, random = build(tables).set_index(key), np.random.default_rng(0)
    compared = 0
    for moment in moments:
        other, changed = another_future(tables, known, moment, random)
        asked = before.index[(before[time_key] <= moment).to_numpy()]
        if not changed or asked.empty:
            continue
        after = build(other).set_index(key)
        _compare(before.loc[asked], after.reindex(asked), moment)
        compared += len(asked)
    if compared == 0:
        raise LookAhead("Nothing was compared: at no moment was a row asked about and something still unknown.")
    return compared


def another_future(
    tables: Tables, known: Mapping[str, Sequence[Knowledge]], moment: float, random: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], int]:
    """The tables with other values wherever a value is not known at the moment, and how many rows that touched."""
    other, changed = dict(tables), 0
    for name, rules in known.items():
        frame = tables[name]
        for rule in rules:
            later = (frame[rule.at] + rule.delay_s > moment).to_numpy()
            changed += int(later.sum())
            replaced: dict[str, Any] = {value: _invented(other[name][value], later, random) for value in rule.columns}
            if rule.at_moves:
                replaced[rule.at] = frame[rule.at] + np.where(later, random.integers(0, 36_000, len(frame)), 0)
            other[name] = other[name].assign(**replaced)
    return other, changed


def _invented(values: pd.Series, later: NDArray[np.bool_], random: np.random.Generator) -> "pd.Series[Any]":
    """Later values shuffled among themselves and, where they are numbers, far from what they were."""
    shuffled = values.to_numpy().copy()
    shuffled[later] = random.permutation(shuffled[later])
    if pd.api.types.is_numeric_dtype(values):
        shuffled = np.where(later, np.nan_to_num(shuffled.astype(float)) + _INVENTED, shuffled.astype(float))
    return pd.Series(shuffled, index=values.index)


def _compare(before: pd.DataFrame, after: pd.DataFrame, moment: float) -> None:
    differ = (before != after) & ~(before.isna() & after.isna())
    moved = {str(name): int(count) for name, count in differ.sum().items() if count}
    if moved:
        first = differ.index[differ.any(axis=1)][0]
        raise LookAhead(
            f"Features know what happens after their moment: with another future from {moment:g} on, {moved} rows"
            f" asked about until then have other values; the first is {first}."
        )
