"""Fits blocks into a size: the most important first, tables cut only between rows, and what is left out counted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_RESERVED = 400  # for the closing line that counts what is left out


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A table, a list, or a folded part: rows between a head and a foot. Lower `priority` is kept longer."""

    priority: int
    head: str
    rows: tuple[str, ...]
    what: str
    """What the rows are, in plural: `findings`."""
    foot: str = ""
    fixed: bool = False
    """Kept whatever the size: the verdict."""


def fit(blocks: Sequence[Block], limit: int, rest: str) -> str:
    """The blocks in their order, at most `limit` characters long; a limit below that of the verdict is a mistake.

    `rest` says where all of them stand.
    """
    room = limit - _RESERVED - len(rest) - sum(len(_text(block, len(block.rows))) for block in blocks if block.fixed)
    kept = {id(block): len(block.rows) for block in blocks if block.fixed}
    for block in sorted((block for block in blocks if not block.fixed), key=lambda block: block.priority):
        rows = _rows_that_fit(block, room)
        if rows:
            kept[id(block)] = rows
            room -= len(_text(block, rows))
    texts = (_text(block, kept[id(block)]) for block in blocks if id(block) in kept)
    written = re.sub(r"\n{3,}", "\n\n", "".join(texts))
    return written + _left_out(blocks, kept, rest)


def _rows_that_fit(block: Block, room: int) -> int:
    """How many rows fit; with the line that counts the rest, unless all do."""
    if len(_text(block, len(block.rows))) <= room:
        return len(block.rows)
    used = len(block.head) + len(block.foot) + len(_more(block, 0)) + 8
    rows = 0
    for row in block.rows:
        used += len(row) + 1
        if used > room:
            break
        rows += 1
    return rows


def _text(block: Block, rows: int) -> str:
    shown = "".join(f"{row}\n" for row in block.rows[:rows])
    return f"{block.head}{shown}{_more(block, rows)}{block.foot}\n"


def _more(block: Block, rows: int) -> str:
    left = len(block.rows) - rows
    return f"\n*… and {left} more {block.what}.*\n" if left else ""


def _left_out(blocks: Sequence[Block], kept: dict[int, int], rest: str) -> str:
    counted: dict[str, int] = {}
    for block in blocks:
        left = len(block.rows) - kept.get(id(block), 0)
        if left:
            counted[block.what] = counted.get(block.what, 0) + left
    if not counted:
        return ""
    words = ", ".join(f"{number} {what}" for what, number in counted.items())
    words = words if len(words) < _RESERVED - 100 else f"{sum(counted.values())} rows"
    return f"\n**Left out for size:** {words}. They stand in the {rest}."
