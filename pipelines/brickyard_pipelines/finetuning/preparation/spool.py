"""Rows between reading and deciding, on disk: tokens and text in an Arrow stream, places and signatures by number."""

import io
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from brickyard_pipelines.finetuning.preparation.digests import BINS, Signatures

SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("row", pa.string()),
        ("ids", pa.list_(pa.int32())),
        ("begins", pa.list_(pa.int32())),
        ("ends", pa.list_(pa.int32())),
        ("slices", pa.string()),
    ]
)
_BYTES = BINS * 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A row with its tokens, as it waits for the decision. *Shapes*: `learnt` are ranges of tokens."""

    split: str
    file: str
    line: int
    row: str
    ids: Sequence[int]
    learnt: Sequence[tuple[int, int]]
    slices: Mapping[str, str]


def _lists(rows: Sequence[Sequence[int]]) -> pa.ListArray:
    """Lists of numbers as Arrow has them, without a Python object per number on the way."""
    ends = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    flat = np.fromiter(itertools.chain.from_iterable(rows), dtype=np.int32, count=int(ends[-1]))
    return pa.ListArray.from_arrays(ends, flat)


class Spool:
    """Written once, then read in the same order."""

    def __init__(self, folder: Path) -> None:
        self._path, self._signed = folder / "rows.arrow", folder / "signatures.bin"
        self._places = folder / "places.bin"
        self._writer = pa.ipc.new_stream(str(self._path), SCHEMA)
        self._signatures: io.BufferedWriter = self._signed.open("wb")
        self._files: dict[str, int] = {}
        self._place_file: io.BufferedWriter = self._places.open("wb")
        self.rows = 0

    def write(self, prepared: Sequence[Prepared], signed: Signatures) -> None:
        """Some rows and their signatures."""
        columns = {
            "split": [each.split for each in prepared],
            "file": [each.file for each in prepared],
            "line": [each.line for each in prepared],
            "row": [each.row for each in prepared],
            "ids": _lists([each.ids for each in prepared]),
            "begins": [[begin for begin, _ in each.learnt] for each in prepared],
            "ends": [[end for _, end in each.learnt] for each in prepared],
            "slices": [json.dumps(each.slices, sort_keys=True) for each in prepared],
        }
        self._writer.write_batch(pa.record_batch(columns, schema=SCHEMA))
        self._signatures.write(signed.tobytes())
        places = [(self._files.setdefault(each.file, len(self._files)), each.line) for each in prepared]
        self._place_file.write(np.array(places, dtype="<i8").tobytes())
        self.rows += len(prepared)

    def close(self) -> None:
        """Ends writing."""
        self._writer.close()
        self._signatures.close()
        self._place_file.close()

    def batches(self) -> Iterator[Any]:
        """The rows again, a record batch at a time."""
        with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as reader:
            yield from reader

    def similarities(self, left: Sequence[int], right: Sequence[int]) -> Iterator[float]:
        """How much pairs of rows overlap, as their signatures estimate it."""
        with self._signed.open("rb") as file:
            for one, other in zip(left, right, strict=True):
                first, second = (self._signature(file, row) for row in (one, other))
                yield float(np.count_nonzero(first == second)) / BINS

    def place(self, row: int) -> str:
        """`file:line` of a row."""
        with self._places.open("rb") as file:
            file.seek(row * 16)
            number, line = np.frombuffer(file.read(16), dtype="<i8")
        return f"{list(self._files)[number]}:{line}"

    @staticmethod
    def _signature(file: io.BufferedReader, row: int) -> Signatures:
        file.seek(row * _BYTES)
        return np.frombuffer(file.read(_BYTES), dtype=np.uint32)
