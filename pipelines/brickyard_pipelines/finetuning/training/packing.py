"""Rows into blocks of the context's length, documents kept apart, no token lost. Pure.

*Shapes*: the tokens of all rows stand behind each other; a piece is a range of them, a block some pieces. A piece has
positions of its own, from 0, so that attention and loss stay inside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Numbers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Packing:
    """Block `b` is the pieces `first[b]` to `first[b + 1]`; piece `p` is the tokens `begin[p]` to `end[p]`."""

    begin: _Numbers
    end: _Numbers
    first: _Numbers

    def __len__(self) -> int:
        return len(self.first) - 1

    def lengths(self) -> _Numbers:
        """Tokens per block."""
        return np.add.reduceat(self.end - self.begin, self.first[:-1]) if len(self) else np.zeros(0, dtype=np.int64)


def one_each(lengths: _Numbers) -> Packing:
    """A block per row: batches are filled up to their longest row."""
    ends = np.cumsum(lengths, dtype=np.int64)
    return Packing(begin=ends - lengths, end=ends, first=np.arange(len(lengths) + 1, dtype=np.int64))


def cut_text(lengths: _Numbers, *, length: int) -> Packing:
    """Rows in their order, cut where a block is full; they go on in the next one, so that every token stays, once.

    A last place is left free rather than given to a row's first token alone, of which nothing could be learnt.
    """
    begins, ends, first = list[int](), list[int](), [0]
    at, room = 0, length
    for row_end in np.cumsum(lengths, dtype=np.int64).tolist():
        while at < row_end:
            if row_end - at > room == 1:
                first.append(len(begins))
                room = length
            taken = min(row_end - at, room)
            begins.append(at)
            ends.append(at + taken)
            at, room = at + taken, room - taken
            if room == 0:
                first.append(len(begins))
                room = length
    return _packing(begins, ends, first)


def best_fit(lengths: _Numbers, *, length: int) -> Packing:
    """Whole rows, the longest first, each into the fullest block that still takes it.

    Errors: ValueError for a row above `length`; preparation has quarantined such rows.
    """
    if len(lengths) and int(lengths.max()) > length:
        raise ValueError(f"a row of {int(lengths.max())} tokens in blocks of {length}")
    blocks: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(length + 1)]  # blocks by the room that they have
    rooms = 0  # bit r is set where `with_room[r]` is not empty: the least room that suffices is found in one step
    sizes = lengths.tolist()
    for row in np.argsort(-lengths, kind="stable").tolist():
        size = sizes[row]
        fitting = rooms >> size
        room = size + (fitting & -fitting).bit_length() - 1 if fitting else length
        if fitting:
            block = with_room[room].pop()
            rooms &= ~(1 << room) if not with_room[room] else ~0
            blocks[block].append(row)
        else:
            block = len(blocks)
            blocks.append([row])
        with_room[room - size].append(block)
        rooms |= 1 << (room - size)
    return _of_rows(lengths, blocks)


def _of_rows(lengths: _Numbers, blocks: Iterable[list[int]]) -> Packing:
    ends = np.cumsum(lengths, dtype=np.int64)
    rows, first = list[int](), [0]
    for block in blocks:
        rows += block
        first.append(len(rows))
    chosen = np.array(rows, dtype=np.int64)
    begins = ends - lengths
    return Packing(begin=begins[chosen], end=ends[chosen], first=np.array(first, dtype=np.int64))


def _packing(begins: list[int], ends: list[int], first: list[int]) -> Packing:
    if first[-1] != len(begins):
        first.append(len(begins))
    begin, end, edges = (np.array(each, dtype=np.int64) for each in (begins, ends, first))
    return Packing(begin=begin, end=end, first=edges)
