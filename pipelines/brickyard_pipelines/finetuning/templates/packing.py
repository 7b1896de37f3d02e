"""Rows into blocks of the context's length, documents kept apart, no token lost. Pure.

*Shapes*: a block is pieces; each piece begins its own positions at 0, so that attention and loss stay inside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Some tokens of one row, and which of them are learnt (ranges, the last not included)."""

    ids: Sequence[int]
    learnt: Sequence[tuple[int, int]]


def blocks_of(rows: Iterable[Piece], *, length: int, divisible: bool) -> Iterator[tuple[Piece, ...]]:
    """Blocks of at most `length` tokens, in the order of the rows; the last may be shorter.

    `divisible` rows (plain text) are cut where a block is full, and go on in the next; others begin a new block.
    """
    held: list[Piece] = []
    room = length
    for row in rows:
        rest = row
        while len(rest.ids) > room:
            if divisible and room > 1:
                piece, rest = _cut(rest, room)
                held.append(piece)
            if held:
                yield tuple(held)
            elif not divisible:
                raise ValueError(f"a row of {len(rest.ids)} tokens in blocks of {length}")
            held, room = [], length
        held.append(rest)
        room -= len(rest.ids)
    if held:
        yield tuple(held)


def _cut(piece: Piece, at: int) -> tuple[Piece, Piece]:
    before = [(begin, min(end, at)) for begin, end in piece.learnt if begin < at]
    after = [(max(begin - at, 0), end - at) for begin, end in piece.learnt if end > at]
    return Piece(ids=piece.ids[:at], learnt=before), Piece(ids=piece.ids[at:], learnt=after)


def labels_of(piece: Piece, *, ignored: int = -100) -> list[int]:
    """The ids where they are learnt, `ignored` elsewhere and at the first place, which nothing foretells.

    >>> labels_of(Piece(ids=[5, 6, 7, 8], learnt=[(0, 2), (3, 4)]))
    [-100, 6, -100, 8]
    """
    labels = [ignored] * len(piece.ids)
    for begin, end in piece.learnt:
        labels[begin:end] = piece.ids[begin:end]
    if labels:
        labels[0] = ignored
    return labels
