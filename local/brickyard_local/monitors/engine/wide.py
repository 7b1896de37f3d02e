"""What is kept of one group's values in a column that has too many to count each. Pure: no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from brickyard_local.monitors.engine.sketches import Distinct, Quantiles, hashes

BUCKETS = 1_000
Part = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How numbers lie: `squares` is the sum of the squared distances from the mean."""

    size: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = np.inf
    high: float = -np.inf
    zeros: int = 0

    @classmethod
    def of(cls, values: Any, counts: Any) -> Self:
        """Of values and how often each occurs; at least one."""
        size = int(counts.sum())
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite ones there is no deviation
            mean = float((values * counts).sum() / size)
            squares = float((np.square(values - mean) * counts).sum())
        return cls(
            size=size,
            mean=mean,
            squares=squares,
            low=float(values.min()),
            high=float(values.max()),
            zeros=int(counts[values == 0].sum()),
        )

    def joined(self, other: Self) -> Self:
        """Of both. Source: Chan, Golub, LeVeque 1979."""
        size = self.size + other.size
        if not (self.size and other.size):
            return self if self.size else other
        apart, share = other.mean - self.mean, other.size / size
        return type(self)(
            size=size,
            mean=self.mean + apart * share,
            squares=self.squares + other.squares + apart * apart * self.size * share,
            low=min(self.low, other.low),
            high=max(self.high, other.high),
            zeros=self.zeros + other.zeros,
        )

    def deviation(self) -> float | None:
        """Of the sample; None of less than two numbers."""
        return float(np.sqrt(self.squares / (self.size - 1))) if self.size > 1 else None


class WideNumbers:
    """Numbers of one group."""

    def __init__(self) -> None:
        self.quantiles, self.distinct, self.spread = Quantiles(), Distinct(), Spread()

    def add(self, values: Any, counts: Any) -> None:
        """Values and how often each occurs; at least one."""
        self.quantiles.add(values, counts)
        self.distinct.add(hashes(values))
        self.spread = self.spread.joined(Spread.of(values, counts))

    def join(self, part: Part) -> None:
        """What `part` gave of other rows."""
        self.quantiles.add(part["numbers"], part["counts"])
        self.distinct.add(part["hashes"].view(np.uint64))
        size, mean, squares, low, high, zeros = part["spread"].tolist()
        other = Spread(size=int(size), mean=mean, squares=squares, low=low, high=high, zeros=int(zeros))
        self.spread = self.spread.joined(other)

    def part(self) -> Part:
        values, counts = self.quantiles.weighted()
        own = self.spread
        return {
            "numbers": values,
            "counts": counts,
            "spread": [own.size, own.mean, own.squares, own.low, own.high, own.zeros],
            "hashes": self.distinct.kept.view(np.int64),
        }


class WideItems:
    """Texts of one group: how many are in each bucket, and how long they are."""

    def __init__(self) -> None:
        self.distinct, self.lengths = Distinct(), Spread()
        self.buckets: Any = np.zeros(BUCKETS, dtype=np.int64)

    def add(self, hashed: Any, lengths: Any, counts: Any) -> None:
        """Values by their hash and length, and how often each occurs; at least one."""
        self.buckets += in_buckets(hashed, counts)
        self.distinct.add(hashed)
        self.lengths = self.lengths.joined(Spread.of(lengths, counts))

    def join(self, part: Part) -> None:
        """What `part` gave of other rows."""
        self.buckets += part["counts"]
        self.distinct.add(part["hashes"].view(np.uint64))
        size, mean, low, high = part["spread"].tolist()
        self.lengths = self.lengths.joined(Spread(size=int(size), mean=mean, low=low, high=high))

    def part(self) -> Part:
        own = self.lengths
        return {
            "counts": self.buckets,
            "spread": [own.size, own.mean, own.low, own.high],
            "hashes": self.distinct.kept.view(np.int64),
        }


def in_buckets(hashed: Any, counts: Any) -> Any:
    """How many rows are in each bucket."""
    places = (hashed % np.uint64(BUCKETS)).astype(np.int64)
    return np.bincount(places, weights=counts, minlength=BUCKETS).astype(np.int64)
