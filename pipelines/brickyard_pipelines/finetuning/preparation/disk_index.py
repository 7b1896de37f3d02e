"""Keys of rows on disk, and which rows share one: memory holds one part at a time, however many rows there are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PARTS = 64
_RECORD = np.dtype([("key", "<u8"), ("check", "<u8"), ("row", "<i8")])
_HELD = 16_384


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
            if path.exists():
                yield from _pairs(np.fromfile(path, dtype=_RECORD))
                path.unlink()

    def _flush(self) -> None:
        if not self._held:
            return
        records = np.concatenate(self._held)
        self._held, self._count = [], 0
        parts = (records["key"] >> np.uint64(58)).astype(np.int64)
        order = np.argsort(parts, kind="stable")
        edges = np.searchsorted(parts[order], np.arange(_PARTS + 1))
        for part, path in enumerate(self._paths):
            if edges[part] < edges[part + 1]:
                with path.open("ab") as file:
                    file.write(records[order[edges[part] : edges[part + 1]]].tobytes())


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
