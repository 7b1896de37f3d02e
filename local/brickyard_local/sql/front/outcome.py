"""What the front makes of a statement: rows that it answers itself, or a text for Spark."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Sequence[str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """An answer of the catalog; every column is a STRING."""

    columns: tuple[str, ...] = ()
    rows: Sequence[Row] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ForSpark:
    """A statement for Spark. `views` are temporary views that it reads: of rows, or of files."""

    text: str
    views: Sequence[dict[str, Any]] = field(default_factory=tuple)
