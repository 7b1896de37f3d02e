"""Keys of rows on disk, and which rows share one: memory holds one part at a time, however many rows there are.

*Gaps*: rows of one key lie in one part; where very many rows are equal, that part is as large as they are many.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_BITS = 6
_PARTS = 1 << _BITS
_RECORD = np.dtype([("key", "<u8"), ("check", "<u8"), ("row", "<i8")])
_HELD = 16_384
_AT_ONCE = 131_072  # records; a part with more is parted again


class DiskIndex:
    """Takes (key, check, row) and later gives the rows of equal key and check, the earliest first."""

    def __init__(self, folder: Path, name: str) -> None:
        self._paths = [folder / f"{name}-{part:02d}.bin" for part in range(_PARTS)]
        self._held: list[NDArray[np.void]] = []
        self._count = 0

    def add(self, keys: NDArray[np.uint64], checks: NDArray[np.uint64], rows: NDArray[np.int64]) -> None:
        """Some records, kept on disk once there are many."""
        records = np.empty(len(keys), dtype=_RECORD)
        records["key"], records["check"], records["row"] = keys, checks, rows
        self._held.append(records)
        self._count += len(records)
        if self._count >= _HELD:
            self._flush()

    def pairs(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Later rows beside the earliest of their group and beside the one before them, part by part."""
        self._flush()
        for path in self._paths:
            yield from _of_file(path, _BITS)

    def _flush(self) -> None:
        if self._held:
            _scatter(np.concatenate(self._held), self._paths, 0)
            self._held, self._count = [], 0


def _scatter(records: NDArray[np.void], paths: Sequence[Path], used: int) -> None:
    """Records onto the ends of files, by the bits of their keys that follow the `used` ones."""
    parts = ((records["key"] >> np.uint64(64 - _BITS - used)) & np.uint64(_PARTS - 1)).astype(np.int64)
    order = np.argsort(parts, kind="stable")
    edges = np.searchsorted(parts[order], np.arange(_PARTS + 1))
    for part, path in enumerate(paths):
        if edges[part] < edges[part + 1]:
            with path.open("ab") as file:
                file.write(records[order[edges[part] : edges[part + 1]]].tobytes())


def _of_file(path: Path, used: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The pairs of a part, which is removed."""
    if not path.exists():
        return
    count = path.stat().st_size // _RECORD.itemsize
    if count <= _AT_ONCE or used + _BITS > 64:
        yield from _pairs(np.fromfile(path, dtype=_RECORD))
        path.unlink()
        return
    smaller = [path.with_name(f"{path.name}-{part:02d}") for part in range(_PARTS)]
    for first in range(0, count, _AT_ONCE):
        some = np.fromfile(path, dtype=_RECORD, count=_AT_ONCE, offset=first * _RECORD.itemsize)
        _scatter(some, smaller, used)
    path.unlink()
    for each in smaller:
        yield from _of_file(each, used + _BITS)


def _pairs(records: NDArray[np.void]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    records = records[np.lexsort((records["row"], records["check"], records["key"]))]
    rows = records["row"]
    same = np.zeros(len(records), dtype=bool)
    same[1:] = (records["key"][1:] == records["key"][:-1]) & (records["check"][1:] == records["check"][:-1])
    if not same.any():
        return
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(records))))
    later = np.flatnonzero(same)
    yield rows[later], rows[first[later]]
    yield rows[later], rows[later - 1]
