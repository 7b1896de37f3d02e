"""What a refresh knows of one column in one group of rows, joined from the parts of a pass. Pure: no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from brickyard_local.monitors.engine.sketches import hashes
from brickyard_local.monitors.engine.statistics import Numbers
from brickyard_local.monitors.engine.wide import Part, Spread, WideItems, WideNumbers, in_buckets


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberShape:
    """`numbers` has each value, of a wide column a sample of them; neither has what is not a number."""

    nan: int
    spread: Spread
    distinct: int
    numbers: Numbers

    @property
    def count(self) -> int:
        return self.spread.size + self.nan


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemShape:
    """`counts` has each value, unless the column is `wide`: then there are only `buckets` of hashes."""

    lengths: Spread
    distinct: int
    counts: Mapping[str, int]
    wide: Any = None

    @property
    def count(self) -> int:
        return self.lengths.size

    def comparable(self, other: "ItemShape") -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Both by value, or by bucket where one of them has no more."""
        if self.wide is None and other.wide is None:
            return self.counts, other.counts
        return self.by_bucket(), other.by_bucket()

    def by_bucket(self) -> Mapping[str, int]:
        """How many rows each bucket has that has any."""
        counts = self.wide
        if counts is None:
            items = np.array(list(self.counts), dtype=object)
            counts = in_buckets(hashes(items), np.array(list(self.counts.values())))
        return {str(n): int(count) for n, count in enumerate(counts) if count}


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """How many rows have a value."""

    count: int


Shape = NumberShape | ItemShape | Presence


def joined(kind: str, parts: Sequence[Part]) -> Shape:
    """What was counted of a column in each part of a group's rows: of them all. `kind` as of `tally.Counted`."""
    if kind == "other":
        return Presence(count=sum(part["rows"] for part in parts))
    return _numbers(parts) if kind == "number" else _items(parts)


def _numbers(parts: Sequence[Part]) -> NumberShape:
    nan = sum(part["nan"] for part in parts)
    if not any(part["wide"] for part in parts):
        values, counts = _summed(*([part[name] for part in parts] for name in ("numbers", "counts")))
        spread = Spread.of(values, counts) if len(values) else Spread()
        numbers = Numbers(values=values, counts=counts.astype(float), size=spread.size)
        return NumberShape(nan=nan, spread=spread, distinct=len(values), numbers=numbers)
    wide = WideNumbers()
    for part in parts:
        if part["wide"]:
            wide.join(part)
        elif len(part["numbers"]):
            wide.add(part["numbers"], part["counts"])
    values, counts = _summed(*([each] for each in wide.quantiles.weighted()))
    numbers = Numbers(values=values, counts=counts.astype(float), size=wide.spread.size)
    return NumberShape(nan=nan, spread=wide.spread, distinct=wide.distinct.estimate(), numbers=numbers)


def _summed(values: Sequence[Any], counts: Sequence[Any]) -> tuple[Any, Any]:
    """Values, rising, and how often each occurs in all."""
    found, places = np.unique(np.concatenate(values), return_inverse=True)
    return found, np.bincount(places, weights=np.concatenate(counts), minlength=len(found)).astype(np.int64)


def _items(parts: Sequence[Part]) -> ItemShape:
    if not any(part["wide"] for part in parts):
        counts: dict[str, int] = {}
        for part in parts:
            for item, count in zip(part["items"], part["counts"].tolist(), strict=True):
                counts[item] = counts.get(item, 0) + count
        lengths = np.array([len(item) for item in counts])
        return ItemShape(
            lengths=Spread.of(lengths, np.array(list(counts.values()))), distinct=len(counts), counts=counts
        )
    wide = WideItems()
    for part in parts:
        if part["wide"]:
            wide.join(part)
        else:
            items = np.array(part["items"], dtype=object)
            wide.add(hashes(items), np.array([len(item) for item in items]), part["counts"])
    return ItemShape(lengths=wide.lengths, distinct=wide.distinct.estimate(), counts={}, wide=wide.buckets)
