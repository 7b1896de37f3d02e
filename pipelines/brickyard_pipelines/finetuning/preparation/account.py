"""How many rows were read, and what became of each: the sums must agree, or preparation stops. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from brickyard_pipelines.finetuning.errors import UnusableData
from brickyard_pipelines.finetuning.preparation.pii import KINDS

SPLITS = ("test", "eval", "train")  # as they are read: of equal rows the one held out stays


@dataclass(kw_only=True, slots=True)
class Account:
    """Counts of one split."""

    read: int = 0
    bytes: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    tokens: int = 0
    loss_tokens: int = 0
    longest: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    pii: Counter[str] = field(default_factory=Counter)

    def keep(self, tokens: int, loss_tokens: int) -> None:
        """One row that stays."""
        self.kept += 1
        self.tokens += tokens
        self.loss_tokens += loss_tokens
        self.longest = max(self.longest, tokens)
        self.lengths[(max(tokens, 1) - 1).bit_length()] += 1

    def check(self, split: str) -> None:
        """Nothing where every row that was read is accounted for.

        Errors: UnusableData when the sums differ: a defect of ours, not of the data.
        """
        known = self.kept + self.refused.total() + self.removed.total()
        if known != self.read:
            raise UnusableData(
                f"{split}: {self.read} rows read, {known} accounted for ({self.kept} kept, {self.refused.total()}"
                f" quarantined, {self.removed.total()} removed). Nothing is written; report this."
            )

    def as_json(self) -> dict[str, Any]:
        """The counts as they are kept; lengths are counted up to powers of two."""
        return {
            "read": self.read,
            "bytes": self.bytes,
            "kept": self.kept,
            "quarantined": dict(sorted(self.refused.items())),
            "removed": dict(sorted(self.removed.items())),
            "tokens": self.tokens,
            "loss_tokens": self.loss_tokens,
            "longest": self.longest,
            "lengths": {str(2**power): count for power, count in sorted(self.lengths.items())},
            "pii": {kind: self.pii[kind] for kind in KINDS if self.pii[kind]},
        }
