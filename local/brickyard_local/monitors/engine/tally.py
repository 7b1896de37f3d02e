"""Counts every column of every group of rows in one pass, by parts of the rows that are joined afterwards.

A column with at most 10,000 distinct values in a part is counted value by value. Of one with more, numbers are told by
a sample that keeps their ranks, and items by 1,000 buckets of their hash, which is enough to compare two groups.
Runs in Spark's Python workers. Pure: no I/O.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brickyard_local.monitors.engine.sketches import hashes
from brickyard_local.monitors.engine.wide import Part, WideItems, WideNumbers

MOST_EXACT = 10_000
ROWS = -1  # the position of what is counted of whole rows
PART_COLUMNS = {
    "grouping": pa.int32(),
    "start": pa.int64(),
    "end": pa.int64(),
    "model": pa.string(),
    "slice": pa.string(),
    "column": pa.int32(),
    "rows": pa.int64(),  # that have a value, NaN among them
    "nan": pa.int64(),
    "wide": pa.bool_(),
    "numbers": pa.list_(pa.float64()),
    "items": pa.list_(pa.string()),
    "counts": pa.list_(pa.int64()),  # of `numbers`, of `items`, or of each bucket
    "spread": pa.list_(pa.float64()),
    "hashes": pa.list_(pa.int64()),
}
_MOST_PENDING = 1_000_000
Group = tuple[int | None, int | None, str | None, str | None]  # start and end in microseconds, model, slice
Codes = Sequence[Any]  # by grouping, of each row the number of its group; -1 where it is in none


@dataclass(frozen=True, kw_only=True, slots=True)
class Grouping:
    """Positions of the columns that tell the group of a row; `slices` are the values of a slice that are kept."""

    start: int | None
    end: int | None
    model: int | None
    slice_: int | None
    slices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """A column: numbers are floats, items texts, and of others it is only known whether there is a value."""

    position: int
    kind: Literal["number", "item", "other"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What the rows have."""

    groupings: tuple[Grouping, ...]
    columns: tuple[Counted, ...]


def tallied(layout: Layout, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A part of the rows in; out a row per grouping, group and column that has values, and one per group of all."""
    groups = [_Groups(grouping) for grouping in layout.groupings]
    tallies = [_tally(column, len(groups)) for column in layout.columns]
    for batch in batches:
        codes = [each.codes(batch) for each in groups]
        for column, tally in zip(layout.columns, tallies, strict=True):
            tally.add(batch.column(column.position), codes)
    for n, own in enumerate(groups):
        for number, group in enumerate(own.known):
            key = {"grouping": n, **dict(zip(("start", "end", "model", "slice"), group, strict=True))}
            rows = [{**key, "column": ROWS, "rows": own.rows[number]}]
            parts = [tally.part(n, number) for tally in tallies]
            rows += [{**key, "column": at, **part} for at, part in enumerate(parts) if part["rows"]]
            yield pa.RecordBatch.from_pylist(rows, schema=pa.schema(PART_COLUMNS))


class _Groups:
    """Numbers the groups of a grouping as they come."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self._numbers: dict[Group, int] = {}
        self.rows: list[int] = []

    @property
    def known(self) -> list[Group]:
        return list(self._numbers)

    def codes(self, batch: pa.RecordBatch) -> Any:
        """The number of each row's group."""
        of = self._grouping
        told = [None if at is None else batch.column(at) for at in (of.start, of.end, of.model, of.slice_)]
        combined = np.zeros(batch.num_rows, dtype=np.int64)
        for column in (told[0], *told[2:]):  # the end follows from the start
            if column is not None:
                encoded = column.dictionary_encode(null_encoding="encode")
                combined = combined * len(encoded.dictionary) + encoded.indices.to_numpy(zero_copy_only=False)
        _, firsts, inverse, counts = np.unique(combined, return_index=True, return_inverse=True, return_counts=True)
        numbers = [
            self._number(tuple(None if column is None else column[int(row)].as_py() for column in told), int(n))
            for row, n in zip(firsts, counts, strict=True)
        ]
        return np.array(numbers, dtype=np.int64)[inverse]

    def _number(self, group: Any, rows: int) -> int:
        start, _, _, slice_ = group
        of = self._grouping
        if (of.start is not None and start is None) or (of.slice_ is not None and slice_ not in of.slices):
            return -1
        number = self._numbers.setdefault(group, len(self._numbers))
        self.rows += [0] * (number + 1 - len(self.rows))
        self.rows[number] += rows
        return number


class _Tally(Protocol):
    """Counts one column."""

    def add(self, column: pa.Array, codes: Codes) -> None:
        """Some rows more."""

    def part(self, grouping: int, group: int) -> Part:
        """What was counted in a group."""


def _tally(column: Counted, groupings: int) -> _Tally:
    if column.kind == "other":
        return _Presence(groupings)
    return _Numbers(groupings) if column.kind == "number" else _Items(groupings)


class _Pairs:
    """How often each code occurs in each group."""

    def __init__(self) -> None:
        self._keys, self._counts = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        self._pending = 0

    def add(self, groups: Any, codes: Any) -> None:
        """Of each row. Rows that are in no group are left out."""
        keys, counts = counted(groups, codes)
        self._keys.append(keys)
        self._counts.append(counts)
        self._pending += len(keys)
        if self._pending > _MOST_PENDING:
            self._sum()

    def of(self, group: int) -> tuple[Any, Any]:
        """Codes and their counts."""
        if len(self._keys) > 1:
            self._sum()
        keys = self._keys[0]
        begin, end = np.searchsorted(keys, [group << 32, (group + 1) << 32])
        return keys[begin:end] & 0xFFFFFFFF, self._counts[0][begin:end]

    def groups(self) -> list[int]:
        """Those that have any."""
        self._sum()
        return [int(group) for group in np.unique(self._keys[0] >> 32)]

    def _sum(self) -> None:
        keys, inverse = np.unique(np.concatenate(self._keys), return_inverse=True)
        counts = np.bincount(inverse, weights=np.concatenate(self._counts), minlength=len(keys))
        self._keys, self._counts, self._pending = [keys], [counts.astype(np.int64)], 0


def counted(groups: Any, codes: Any) -> tuple[Any, Any]:
    """Each pair of group and code, as one number, rising, and how often it occurs. Rows of group -1 are left out."""
    inside = groups >= 0
    if not inside.all():
        groups, codes = groups[inside], codes[inside]
    if not len(codes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    most, width = int(groups.max()) + 1, int(codes.max()) + 1
    if most * width > 4 * len(codes):
        keys, counts = np.unique(groups << 32 | codes, return_counts=True)
        return keys, counts
    counts = np.bincount(groups * width + codes, minlength=most * width)
    found = np.flatnonzero(counts)
    return (found // width) << 32 | found % width, counts[found]


class _Presence:
    """Counts values, whatever they are."""

    def __init__(self, groupings: int) -> None:
        self._pairs = [_Pairs() for _ in range(groupings)]

    def add(self, column: pa.Array, codes: Codes) -> None:
        there = column.is_valid().to_numpy(zero_copy_only=False).astype(np.int64)
        for pairs, groups in zip(self._pairs, codes, strict=True):
            pairs.add(groups, there)

    def part(self, grouping: int, group: int) -> Part:
        there, counts = self._pairs[grouping].of(group)
        return {"rows": int(counts[there == 1].sum())}


class _Numbers:
    """Counts numbers, each value or a sample of them; NaN apart."""

    def __init__(self, groupings: int) -> None:
        self._exact: _Exact | None = _Exact(groupings, pa.float64())
        self._nan = [_Pairs() for _ in range(groupings)]
        self._wide: list[dict[int, WideNumbers]] = [{} for _ in range(groupings)]

    def add(self, column: pa.Array, codes: Codes) -> None:
        values = column.to_numpy(zero_copy_only=False) + 0.0  # so that there is one zero
        nan = np.isnan(values)
        if nan.any():
            is_nan = nan & column.is_valid().to_numpy(zero_copy_only=False)
            for pairs, groups in zip(self._nan, codes, strict=True):
                pairs.add(groups[is_nan], np.zeros(int(is_nan.sum()), dtype=np.int64))
            values, codes = values[~nan], [groups[~nan] for groups in codes]
        if self._exact is not None:
            if self._exact.add(pa.array(values).dictionary_encode(), codes):
                return
            self._widen(self._exact)
        ones = np.ones(len(values), dtype=np.int64)
        for wide, groups in zip(self._wide, codes, strict=True):
            for group, rows in split(groups):
                wide.setdefault(group, WideNumbers()).add(values[rows], ones[rows])

    def part(self, grouping: int, group: int) -> Part:
        nan = int(self._nan[grouping].of(group)[1].sum())
        if self._exact is not None:
            values, counts = self._exact.of(grouping, group)
            return {"rows": int(counts.sum()) + nan, "nan": nan, "wide": False, "numbers": values, "counts": counts}
        wide = self._wide[grouping].get(group)
        if wide is None:
            return {"rows": nan, "nan": nan, "wide": False, "numbers": [], "counts": []}
        return {"rows": wide.spread.size + nan, "nan": nan, "wide": True, **wide.part()}

    def _widen(self, exact: "_Exact") -> None:
        for grouping, group in exact.groups():
            self._wide[grouping][group] = WideNumbers()
            self._wide[grouping][group].add(*exact.of(grouping, group))
        self._exact = None


class _Items:
    """Counts texts, each value or buckets of them."""

    def __init__(self, groupings: int) -> None:
        self._exact: _Exact | None = _Exact(groupings, pa.string())
        self._wide: list[dict[int, WideItems]] = [{} for _ in range(groupings)]

    def add(self, column: pa.Array, codes: Codes) -> None:
        if column.null_count:
            there = column.is_valid().to_numpy(zero_copy_only=False)
            column, codes = column.drop_null(), [groups[there] for groups in codes]
        encoded = column.dictionary_encode()
        if self._exact is not None:
            if self._exact.add(encoded, codes):
                return
            self._widen(self._exact)
        hashed, lengths = described(encoded.dictionary)
        places = encoded.indices.to_numpy(zero_copy_only=False)
        for wide, groups in zip(self._wide, codes, strict=True):
            keys, counts = counted(groups, places)
            for group, pairs in split(keys >> 32):
                values = keys[pairs] & 0xFFFFFFFF
                wide.setdefault(group, WideItems()).add(hashed[values], lengths[values], counts[pairs])

    def part(self, grouping: int, group: int) -> Part:
        if self._exact is not None:
            values, counts = self._exact.of(grouping, group)
            return {"rows": int(counts.sum()), "wide": False, "items": values, "counts": counts}
        wide = self._wide[grouping].get(group)
        return {"rows": 0} if wide is None else {"rows": wide.lengths.size, "wide": True, **wide.part()}

    def _widen(self, exact: "_Exact") -> None:
        for grouping, group in exact.groups():
            values, counts = exact.of(grouping, group)
            self._wide[grouping][group] = WideItems()
            self._wide[grouping][group].add(*described(pa.array(values, pa.string())), counts)
        self._exact = None


def described(values: pa.Array) -> tuple[Any, Any]:
    """The hash and the length in characters of texts."""
    return hashes(values.to_numpy(zero_copy_only=False)), pc.utf8_length(values).to_numpy(zero_copy_only=False)


def split(groups: Any) -> Iterator[tuple[int, Any]]:
    """Each group of rows but -1, and where its rows are."""
    if not len(groups):
        return
    if groups.min() == groups.max():
        if groups[0] >= 0:
            yield int(groups[0]), slice(None)
        return
    order = np.argsort(groups, kind="stable")
    found, begins = np.unique(groups[order], return_index=True)
    for group, rows in zip(found, np.split(order, begins[1:]), strict=True):
        if group >= 0:
            yield int(group), rows


class _Exact:
    """Counts each value of a column that has at most 10,000."""

    def __init__(self, groupings: int, kind: pa.DataType) -> None:
        self._values = pa.array([], kind)
        self._pairs = [_Pairs() for _ in range(groupings)]

    def add(self, encoded: pa.DictionaryArray, codes: Codes) -> bool:
        """Whether there is room for all its values; if not, nothing is added."""
        found = pc.index_in(encoded.dictionary, value_set=self._values)
        new = found.is_null()
        size = len(self._values)
        self_and_new = size + int(pc.sum(new).as_py() or 0)
        if self_and_new > MOST_EXACT:
            return False
        places = found.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        places[new.to_numpy(zero_copy_only=False)] = np.arange(size, self_and_new)
        self._values = pa.concat_arrays([self._values, encoded.dictionary.filter(new)])
        values = places[encoded.indices.to_numpy(zero_copy_only=False)]
        for pairs, groups in zip(self._pairs, codes, strict=True):
            pairs.add(groups, values)
        return True

    def groups(self) -> Iterator[tuple[int, int]]:
        """Each grouping and group that has values."""
        for grouping, pairs in enumerate(self._pairs):
            for group in pairs.groups():
                yield grouping, group

    def of(self, grouping: int, group: int) -> tuple[Any, Any]:
        """Values and their counts."""
        places, counts = self._pairs[grouping].of(group)
        return self._values.take(pa.array(places)).to_numpy(zero_copy_only=False), counts
