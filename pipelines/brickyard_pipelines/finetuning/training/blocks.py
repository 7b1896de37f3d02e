"""A split of a frozen version as the blocks that are trained on: an Arrow file, read by memory mapping.

*Shapes*: a row per block: `input_ids`, `labels` (-100 where nothing is learnt), `position_ids` (from 0 in every piece).
Memory holds a number per row of the data, and one batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from brickyard_pipelines.finetuning.errors import Problem, UnusableData
from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.preparation.version import Version
from brickyard_pipelines.finetuning.training.packing import Packing, best_fit, cut_text, one_each

IGNORED = -100
_Ids = NDArray[np.int32]
_SCHEMA = pa.schema([(name, pa.list_(pa.int32())) for name in ("input_ids", "labels", "position_ids")])
_BATCH = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocks:
    """Where the blocks of a split are, how many, and what they hold. *Units*: tokens."""

    file: Path
    count: int
    tokens: int
    learnt: int
    packed: bool


def write_blocks(version: Version, split: str, folder: Path, plan: Plan, *, vocabulary: int) -> Blocks:
    """The blocks of a split, into `folder`.

    Errors: UnusableData when a token is none of the model's.
    """
    flat = _Flat(folder, split)
    for batch in version.batches(split):
        flat.add(batch)
    ids, labels = flat.read()
    if len(ids) and int(ids.max()) >= vocabulary:
        got, rule = f"token {int(ids.max())}", f"the model knows {vocabulary}"
        fix = "Prepare the data with this model's tokenizer."
        raise UnusableData([Problem(where=f"{version.folder}: {split}", got=got, rule=rule, fix=fix)])
    packing = _packing(flat.lengths, plan)
    file = folder / f"{split}.arrow"
    learnt = _write(file, ids, labels, packing)
    flat.remove()
    return Blocks(file=file, count=len(packing), tokens=len(ids), learnt=learnt, packed=plan.packs)


def _packing(lengths: "NDArray[np.int64]", plan: Plan) -> Packing:
    if plan.approach == "continued_pretraining":
        return cut_text(lengths, length=plan.data.context_length)  # documents are longer than a context
    return best_fit(lengths, length=plan.data.context_length) if plan.packs else one_each(lengths)


class _Flat:
    """The tokens and labels of all rows, behind each other on disk."""

    def __init__(self, folder: Path, split: str) -> None:
        self._ids, self._labels = folder / f"{split}.ids", folder / f"{split}.labels"
        self.remove()
        self._lengths: list[NDArray[np.int64]] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Some rows."""
        offsets = batch["ids"].offsets.to_numpy().astype(np.int64)
        ids: _Ids = batch["ids"].values.to_numpy()[offsets[0] : offsets[-1]]
        offsets -= offsets[0]
        labels = _labels(ids, offsets, batch)
        for path, numbers in ((self._ids, ids), (self._labels, labels)):
            with path.open("ab") as file:
                file.write(np.ascontiguousarray(numbers, dtype="<i4").tobytes())
        self._lengths.append(np.diff(offsets))

    @property
    def lengths(self) -> "NDArray[np.int64]":
        """Tokens per row."""
        return np.concatenate(self._lengths) if self._lengths else np.zeros(0, dtype=np.int64)

    def read(self) -> tuple[_Ids, _Ids]:
        """Tokens and labels, not held in memory."""
        if not self.lengths.sum():
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        ids, labels = (np.memmap(path, dtype="<i4", mode="r") for path in (self._ids, self._labels))
        return ids, labels

    def remove(self) -> None:
        """Nothing is left on disk."""
        for path in (self._ids, self._labels):
            path.unlink(missing_ok=True)


def _labels(ids: _Ids, offsets: "NDArray[np.int64]", batch: pa.RecordBatch) -> _Ids:
    """The ids where they are learnt; never a row's first, which nothing foretells."""
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(batch["begins"].offsets.to_numpy()))
    changes = np.zeros(len(ids) + 1, dtype=np.int32)
    for name, step in (("begins", 1), ("ends", -1)):
        column = batch[name]
        first, last = column.offsets[0].as_py(), column.offsets[-1].as_py()
        np.add.at(changes, offsets[rows] + column.values.to_numpy()[first:last], step)
    labels = np.where(np.cumsum(changes[:-1]) > 0, ids, IGNORED).astype(np.int32)
    labels[offsets[:-1]] = IGNORED
    return labels


def _write(file: Path, ids: _Ids, labels: _Ids, packing: Packing) -> int:
    """The blocks into an Arrow stream; how many of their tokens are learnt."""
    learnt, partial = 0, file.with_name(f".{file.name}.partial")
    with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_stream(sink, _SCHEMA) as writer:
        for batch in _batches(ids, labels, packing):
            learnt += int((batch["labels"].values.to_numpy() != IGNORED).sum())
            writer.write_batch(batch)
    partial.replace(file)
    return learnt


def _batches(ids: _Ids, labels: _Ids, packing: Packing) -> Iterator[Any]:
    for start in range(0, len(packing), _BATCH):
        stop = min(start + _BATCH, len(packing))
        low, high = packing.first[start], packing.first[stop]
        begins, ends = packing.begin[low:high], packing.end[low:high]
        sizes = ends - begins
        starts = np.cumsum(sizes) - sizes  # where each piece begins in this batch
        positions = np.arange(int(sizes.sum()), dtype=np.int64) - np.repeat(starts, sizes)
        chosen = np.repeat(begins, sizes) + positions
        marked = labels[chosen]
        marked[starts] = IGNORED
        edges = np.append(starts, sizes.sum())[packing.first[start : stop + 1] - low].astype(np.int32)
        columns = (ids[chosen], marked, positions.astype(np.int32))
        yield pa.record_batch([pa.ListArray.from_arrays(edges, each) for each in columns], schema=_SCHEMA)
