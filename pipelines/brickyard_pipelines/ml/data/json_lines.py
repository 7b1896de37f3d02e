"""Files of JSON lines: which keys their objects have, and whether the last one is whole. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.file_rules import (
    SAMPLE_BYTES,
    Inspection,
    Reading,
    broken_header,
    changed_type,
    in_order,
)


@dataclass(slots=True)
class _Lines:
    """What one pass over the lines remembers: every key there is, and the first objects."""

    keys: dict[str, None] = field(default_factory=dict)
    sample: list[Mapping[str, Any]] = field(default_factory=list)
    sampled: int = 0
    has_array: bool = False

    def take(self, line: bytes) -> bool:
        """Whether the line is JSON. Which is none, Spark keeps as it is, and quarantine says so."""
        if not line.strip():
            return True
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if isinstance(value, dict):
            self.keys |= dict.fromkeys(value)
            if self.sampled < SAMPLE_BYTES:
                self.sample.append(value)
            self.sampled += len(line)
        self.has_array |= isinstance(value, list)
        return True


def look(chunks: Iterable[bytes], contract: TableContract) -> Inspection:
    r"""Look at a whole file once. A column is there when an object has it as a key, with a value or null.

    >>> planes = TableContract(name="planes", comment="", source_columns=("tail", "seats"), format="json_lines")
    >>> look([b'{"seats": 2, "tail": "A"}\n{"tail": "B", "se'], planes).not_whole
    'half-written: its last line is no whole JSON'
    >>> look([b'{"tail": "A", "chairs": 2}\n'], planes).breaks
    "missing ['seats'], unknown ['chairs']"
    """
    reading, lines, rest = Reading(), _Lines(), b""
    for chunk in chunks:
        reading.take(chunk)
        if reading.fault is None:  # else the lines may be endless
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                lines.take(line)
    fault = reading.ended()
    is_whole = fault is not None or lines.take(rest)
    not_whole = fault or (None if is_whole else "half-written: its last line is no whole JSON") or _not_lines(lines)
    if not_whole is not None:
        return Inspection(not_whole=not_whole)
    header = in_order(lines.keys, contract)
    rows = [[_text(values.get(name)) for name in header] for values in lines.sample]
    return Inspection(header=header, breaks=broken_header(header, contract) or changed_type(header, rows, contract))


def _not_lines(lines: _Lines) -> str | None:
    """Why it is JSON, but no lines of it: Spark would make rows of an array, whose keys nobody has looked at."""
    if lines.has_array:
        return "a line of it is a JSON array: write an object per line"
    return None if lines.sample else "no line of it is a JSON object"


def _text(value: object) -> str:
    """A value as bronze will have it, or nearly so."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
