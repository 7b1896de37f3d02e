"""Blocks into batches of tensors: filled up on the right, where causal attention never looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from brickyard_pipelines.finetuning.training.blocks import IGNORED


@dataclass(frozen=True, kw_only=True, slots=True)
class Collator:
    """*Shapes*: `input_ids`, `labels`, `position_ids` of (blocks, longest block), `tokens` the count without padding.

    There is no attention mask: transformers reads from positions that begin anew where documents end, and only then
    (`masking_utils.find_packed_sequence_indices`). Unpacked, positions run on through the padding, so that it keeps
    its fast causal path.
    """

    pad: int
    packed: bool

    def __call__(self, blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        import torch

        sizes = [len(block["input_ids"]) for block in blocks]
        shape = (len(blocks), max(sizes))
        ids = np.full(shape, self.pad, dtype=np.int64)
        labels = np.full(shape, IGNORED, dtype=np.int64)
        positions = np.tile(np.arange(shape[1], dtype=np.int64), (len(blocks), 1))
        for row, (block, size) in enumerate(zip(blocks, sizes, strict=True)):
            ids[row, :size] = block["input_ids"]
            labels[row, :size] = block["labels"]
            if self.packed:
                positions[row, :size] = block["position_ids"]
                positions[row, size:] = np.arange(shape[1] - size)
        arrays = {"input_ids": ids, "labels": labels, "position_ids": positions, "tokens": np.array(sum(sizes))}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}
