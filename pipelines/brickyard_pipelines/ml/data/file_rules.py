"""What every source file must keep, whatever its format: whole bytes, the columns and types of its contract. Pure."""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from brickyard_pipelines.ml.data.contract import TableContract

RESERVED = ("_corrupt_record", "_load", "_source_bytes", "_source_file")
NULLS = ("", "NA")
SAMPLE_BYTES = 64 * 1024
_FEW = 3  # a column of fewer values says nothing about its type
_LONGEST_LINE = 128 * 1024  # as Python's csv has it
_DAY = re.compile(r"[+-]?\d{4,}(-\d{1,2}){0,2}")
_UNWRITABLE = re.compile(r"[ ,;{}()\n\t=]")  # Delta takes no such column name without column mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What a look at a file found. A file that is not `whole` is quarantined; one that breaks its contract is an error.

    `header` is empty when the file is not whole. `types` are Spark's names for its columns' types, of formats that have
    types.
    """

    header: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    not_whole: str | None = None
    breaks: str | None = None


@dataclass(slots=True)
class Reading:
    """What one pass over a file remembers: its beginning and its last line, whatever its size."""

    head: bytes = b""
    last_line: bytes = b""
    size: int = 0
    fault: str | None = None
    decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if len(self.head) < SAMPLE_BYTES:
            self.head += chunk[: SAMPLE_BYTES - len(self.head)]
        _, newline, after = chunk.rpartition(b"\n")
        self.last_line = after if newline else self.last_line + after
        if len(self.last_line) > _LONGEST_LINE:
            self.last_line, self.fault = b"", f"a line is longer than {_LONGEST_LINE} bytes"
        if b"\0" in chunk:
            self.fault = "it holds NUL bytes: binary, compressed, or UTF-16"
        self._decode(chunk, final=False)

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        try:
            if self.fault is None:
                self.decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            self.fault = f"it is not UTF-8: {error.reason} near byte {self.size - len(chunk) + error.start}"

    def ended(self) -> str | None:
        """What is wrong with the bytes as a whole, if anything is."""
        if self.size == 0:
            return "it is empty"
        self._decode(b"", final=True)
        return self.fault


def in_order(names: Iterable[str], contract: TableContract) -> tuple[str, ...]:
    """A header of names that have no order of their own: first those of the contract, in its order.

    >>> in_order(["chairs", "tail"], TableContract(name="planes", comment="", source_columns=("tail", "seats")))
    ('tail', 'chairs')
    """
    found, wanted = list(names), contract.source_columns
    return (*(name for name in wanted if name in found), *(name for name in found if name not in wanted))


def broken_header(header: Sequence[str], contract: TableContract) -> str | None:
    """What is wrong with a header, by the columns' names."""
    wanted = contract.source_columns
    missing = [name for name in wanted if name not in header]
    unknown = [name for name in header if name not in wanted]
    if missing or (unknown and contract.evolve == "refuse"):
        return f"missing {missing}, unknown {unknown}"
    folded = [name.lower() for name in header]
    repeated = sorted({name for name in folded if folded.count(name) > 1})
    if repeated:
        return f"the columns {repeated} stand twice"
    known = [name for name in header if name in wanted]
    if known != list(wanted):
        moved = next(name for name, other in zip(known, wanted, strict=True) if name != other)
        return f"another order, from {moved!r} on: {list(header)}"
    unusable = [name for name in unknown if not name or name.lower() in RESERVED or _UNWRITABLE.search(name)]
    return f"new columns {unusable} have names that bronze cannot keep" if unusable else None


def changed_type(header: Sequence[str], rows: Sequence[Sequence[str]], contract: TableContract) -> str | None:
    """A column of which no value reads as its type, in a sample of rows: single bad rows are quarantine's."""
    for column in contract.columns:
        reads = _READS.get(column.type)
        if reads is None or column.expression is not None:
            continue
        place = header.index(column.source or column.name)
        values = [row[place].strip() for row in rows if len(row) > place and row[place].strip() not in NULLS]
        if len(values) >= _FEW and not any(reads(value) for value in values):
            return f"the column {header[place]!r} changed its type: {values[0]!r} and all others are no {column.type}"
    return None


def _read_by(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Whether a value reads: wider than Spark's cast, so that a type is called changed only when it is."""

    def reads(value: str) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return reads


_READS: dict[str, Callable[[str], bool]] = {
    "int": _read_by(float),
    "double": _read_by(float),
    "boolean": lambda value: value.lower() in ("true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"),
    "date": lambda value: _DAY.match(value) is not None,
    "timestamp": lambda value: _DAY.match(value) is not None,
}
