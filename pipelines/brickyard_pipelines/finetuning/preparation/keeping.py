"""Where rows that may be learnt from wait until it is decided which of equal ones stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from brickyard_pipelines.finetuning.plan.document import Data
from brickyard_pipelines.finetuning.preparation import digests
from brickyard_pipelines.finetuning.preparation.disk_index import DiskIndex
from brickyard_pipelines.finetuning.preparation.documents import Waiting, sample
from brickyard_pipelines.finetuning.preparation.spool import Prepared, Spool
from brickyard_pipelines.finetuning.rows.canonical import compared_parts
from brickyard_pipelines.finetuning.templates.masks import Tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class Indices:
    """What rows are compared by: all of them, nearly all, their ids, what they ask."""

    same: DiskIndex
    near: DiskIndex
    ids: DiskIndex
    asked: DiskIndex


def indices(folder: Path) -> Indices:
    """Empty ones."""
    names = ("same", "near", "ids", "asked")
    return Indices(**{name: DiskIndex(folder, name) for name in names})


@dataclass(kw_only=True, slots=True)
class Keeper:
    """Writes rows into the spool and the indices; the first 20 are samples for the report."""

    data: Data
    spool: Spool
    indices: Indices
    samples: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, fitting: Sequence[tuple[Waiting, Tokens]]) -> None:
        """Some rows with their tokens, each fit to be learnt from."""
        first = self.spool.rows
        signed = digests.signatures([compared_parts(waiting.row) for waiting, _ in fitting])
        self.spool.write([self._prepared(*each) for each in fitting], signed)
        rows = np.arange(first, first + len(fitting), dtype=np.int64)
        _add(self.indices.same, [waiting.kept for waiting, _ in fitting], rows)
        _add(self.indices.asked, [waiting.asked for waiting, _ in fitting], rows)
        named = [(str(i), row) for (w, _), row in zip(fitting, rows, strict=True) if (i := self._id(w)) is not None]
        if named:
            _add(self.indices.ids, [name for name, _ in named], np.array([row for _, row in named], dtype=np.int64))
        if self.data.near_duplicates.remove:
            keys = digests.band_keys(signed)
            self.indices.near.add(keys, np.zeros_like(keys), np.repeat(rows, digests.BANDS))
        if len(self.samples) < 20:
            self.samples += [sample(*each) for each in fitting[: 20 - len(self.samples)]]

    def _id(self, waiting: Waiting) -> Any:
        document = waiting.found.document
        return document.get(self.data.id_column) if isinstance(document, Mapping) else None

    def _prepared(self, waiting: Waiting, tokens: Tokens) -> Prepared:
        document = waiting.found.document
        slices = {name: str(document[name]) for name in self.data.slices if name in document}
        return Prepared(
            split=waiting.split,
            file=waiting.found.file,
            line=waiting.found.line,
            row=waiting.kept,
            ids=tokens.ids,
            learnt=tokens.learnt,
            slices=slices,
        )


def _add(index: DiskIndex, texts: Sequence[str], rows: Any) -> None:
    words = np.frombuffer(b"".join(digests.digest(text) for text in texts), dtype="<u8").reshape(-1, 2)
    index.add(words[:, 0], words[:, 1], rows)
