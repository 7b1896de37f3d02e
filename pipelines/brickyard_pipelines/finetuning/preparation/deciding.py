"""Which rows stay: of equal or nearly equal ones the earliest read, so that what is held out is not learnt from.

A file per question lies on disk, with a number per row; memory holds one of them while it is made, then a part of each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brickyard_pipelines.finetuning.preparation.keeping import Indices
from brickyard_pipelines.finetuning.preparation.spool import Spool

_Rows = NDArray[np.int64]
_Pairs = Iterator[tuple[_Rows, _Rows]]
_NONE = np.iinfo(np.int64).max
_AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Twins:
    """Files with the earliest row that each row equals in some way; a number above all rows where there is none."""

    same: Path
    near: Path
    ids: Path
    asked: Path

    def of(self, first: int) -> list[tuple[int, int, int, int]]:
        """Those of some rows: same, near, by id, by what is asked."""
        files = (self.same, self.near, self.ids, self.asked)
        parts = [np.fromfile(each, dtype=np.int64, count=_AT_ONCE, offset=8 * first).tolist() for each in files]
        return list(zip(*parts, strict=True))


def twins_of(folder: Path, spool: Spool, found: Indices, *, threshold: float) -> Twins:
    """The twins by digest, by overlap of at least `threshold`, by id, and by what is asked."""
    near = ((later[alike], earlier[alike]) for later, earlier, alike in _measured(spool, found, threshold))
    return Twins(
        same=_written(folder / "same-twins.bin", spool.rows, found.same.pairs()),
        near=_written(folder / "near-twins.bin", spool.rows, near),
        ids=_written(folder / "ids-twins.bin", spool.rows, found.ids.pairs()),
        asked=_written(folder / "asked-twins.bin", spool.rows, found.asked.pairs()),
    )


def _measured(spool: Spool, found: Indices, threshold: float) -> Iterator[tuple[_Rows, _Rows, NDArray[np.bool_]]]:
    """Pairs that may be alike, and which of them overlap enough."""
    for later, earlier in found.near.pairs():
        measured: Iterator[float] = spool.similarities(later.tolist(), earlier.tolist())
        yield later, earlier, np.fromiter((value >= threshold for value in measured), dtype=bool, count=len(later))


def _written(path: Path, rows: int, pairs: _Pairs) -> Path:
    """The least earlier row of every row, on disk."""
    with path.open("wb") as file:
        for first in range(0, max(rows, 1), _AT_ONCE):
            file.write(np.full(min(_AT_ONCE, max(rows, 1) - first), _NONE).tobytes())
    least: _Rows = np.memmap(path, dtype=np.int64, mode="r+")
    for later, earlier in pairs:
        np.minimum.at(least, later, earlier)
    return path


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What becomes of a row: kept, or `reason` and the row that it equals."""

    reason: str | None = None
    same_as: int = -1


class Decider:
    """Asked row by row in their order; remembers the split of every row, and whether it stays."""

    def __init__(self, folder: Path, twins: Twins, rows: int) -> None:
        self._files = twins
        self._twins: list[tuple[int, int, int, int]] = []
        self._kept = np.asarray(np.memmap(folder / "kept.bin", dtype=np.int8, mode="w+", shape=(max(rows, 1),)))

    def fate(self, row: int, split: int) -> Fate:
        """Of the row with this number, in the split with this number (from 1)."""
        fate = self._fate(row, split)
        self._kept[row] = split if fate.reason is None else -split
        return fate

    def _fate(self, row: int, split: int) -> Fate:
        if row % _AT_ONCE == 0:
            self._twins = self._files.of(row)
        same, near, named, asked = self._twins[row % _AT_ONCE]
        if same != _NONE:
            return Fate(reason=self._across("duplicate", same, split), same_as=same)
        if named != _NONE and self._kept[named] > 0:
            return Fate(reason="duplicate_id", same_as=named)
        if near != _NONE and self._kept[near] > 0:
            return Fate(reason=self._across("near_duplicate", near, split), same_as=near)
        if asked != _NONE and self._kept[asked] > 0 and self._kept[asked] != split:
            return Fate(reason="leaked_prompt", same_as=asked)
        return Fate()

    def _across(self, reason: str, other: int, split: int) -> str:
        return reason if abs(int(self._kept[other])) == split else f"leaked_{reason}"
