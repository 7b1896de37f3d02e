"""Which rows stay: of equal or nearly equal ones the earliest read, so that what is held out is not learnt from.

An array per question lies on disk, with a number per row; nothing else grows with the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brickyard_pipelines.finetuning.preparation.keeping import Indices
from brickyard_pipelines.finetuning.preparation.spool import Spool

_Twins = NDArray[np.int64]
_NONE = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True, slots=True)
class Twins:
    """The earliest row that each row equals in some way; a number above all rows where there is none."""

    same: _Twins
    near: _Twins
    ids: _Twins
    asked: _Twins


def twins_of(folder: Path, spool: Spool, found: Indices, *, threshold: float) -> Twins:
    """The twins by digest, by overlap of at least `threshold`, by id, and by what is asked."""
    arrays = {name: _array(folder / f"{name}-twins.bin", spool.rows) for name in ("same", "near", "ids", "asked")}
    for name, index in (("same", found.same), ("ids", found.ids), ("asked", found.asked)):
        for later, earlier in index.pairs():
            np.minimum.at(arrays[name], later, earlier)
    for later, earlier in found.near.pairs():
        alike = _alike(spool, later, earlier, threshold)
        np.minimum.at(arrays["near"], later[alike], earlier[alike])
    return Twins(**arrays)


def _alike(spool: Spool, later: _Twins, earlier: _Twins, threshold: float) -> NDArray[np.bool_]:
    """Which pairs overlap enough."""
    measured: Iterator[float] = spool.similarities(later.tolist(), earlier.tolist())
    return np.fromiter((value >= threshold for value in measured), dtype=bool, count=len(later))


def _array(path: Path, rows: int) -> _Twins:
    array: _Twins = np.memmap(path, dtype=np.int64, mode="w+", shape=(max(rows, 1),))
    array[:] = _NONE
    return array


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What becomes of a row: kept, or `reason` and the row that it equals."""

    reason: str | None = None
    same_as: int = -1


class Decider:
    """Asked row by row in their order; remembers the split of every row, and whether it stays."""

    def __init__(self, folder: Path, twins: Twins, rows: int) -> None:
        self._twins = twins
        self._kept: NDArray[np.int8] = np.memmap(folder / "kept.bin", dtype=np.int8, mode="w+", shape=(max(rows, 1),))

    def fate(self, row: int, split: int) -> Fate:
        """Of the row with this number, in the split with this number (from 1)."""
        fate = self._fate(row, split)
        self._kept[row] = split if fate.reason is None else -split
        return fate

    def _fate(self, row: int, split: int) -> Fate:
        same = int(self._twins.same[row])
        if same != _NONE:
            return Fate(reason=self._across("duplicate", same, split), same_as=same)
        named = int(self._twins.ids[row])
        if named != _NONE and self._kept[named] > 0:
            return Fate(reason="duplicate_id", same_as=named)
        near = int(self._twins.near[row])
        if near != _NONE and self._kept[near] > 0:
            return Fate(reason=self._across("near_duplicate", near, split), same_as=near)
        asked = int(self._twins.asked[row])
        if asked != _NONE and self._kept[asked] > 0 and self._kept[asked] != split:
            return Fate(reason="leaked_prompt", same_as=asked)
        return Fate()

    def _across(self, reason: str, other: int, split: int) -> str:
        return reason if abs(int(self._kept[other])) == split else f"leaked_{reason}"
