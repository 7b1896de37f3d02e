"""A source file looked at before it is loaded: whole, and of the columns and types its contract names. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from brickyard_pipelines.ml.data import json_lines, parquet
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.file_rules import Inspection, Reading, broken_header, changed_type

_NAME = re.compile(r"[A-Za-z0-9][\w.+=@-]*", re.ASCII)
ENDINGS = {"csv": (".csv",), "json_lines": (".jsonl", ".ndjson", ".json"), "parquet": (".parquet",)}


def inspect(name: str, chunks: Iterable[bytes], contract: TableContract) -> Inspection:
    r"""Look at a whole file once, in memory that does not grow with it.

    >>> planes = TableContract(name="planes", comment="", source_columns=("tail", "seats"))
    >>> inspect("p.csv", [b"tail,seats\nA,1\nB"], planes).not_whole
    'half-written: its last line ends after 1 of 2 fields'
    >>> inspect("p.csv", [b"tail,chairs\nA,1\n"], planes).breaks
    "missing ['seats'], unknown ['chairs']"
    """
    endings = ENDINGS[contract.format]
    if not name.endswith(endings):
        return Inspection(
            not_whole=f"it is no {' or '.join(endings)} file, and nothing else is read for {contract.name}"
        )
    if not _NAME.fullmatch(name):  # Spark skips _names and .names without a word, and takes [a] and * for patterns
        return Inspection(
            not_whole="its name is not of letters, digits and . _ - + = @, beginning with one of the first"
        )
    return _LOOKS[contract.format](chunks, contract)


def _csv(chunks: Iterable[bytes], contract: TableContract) -> Inspection:
    """A header, and a last line that has as many fields."""
    reading = Reading()
    for chunk in chunks:
        reading.take(chunk)
    fault = reading.ended()
    if fault is not None:
        return Inspection(not_whole=fault)
    rows = list(_sampled(reading))
    header = tuple(rows[0]) if rows else ()
    broken = broken_header(header, contract)
    if broken is not None:
        return Inspection(header=header, breaks=broken)
    fields = len(next(csv.reader([reading.last_line.decode("utf-8", "replace")]), []))
    if reading.last_line.strip() and fields < len(header):
        return Inspection(not_whole=f"half-written: its last line ends after {fields} of {len(header)} fields")
    return Inspection(header=header, breaks=changed_type(header, rows[1:], contract))


def _sampled(reading: Reading) -> Iterator[list[str]]:
    text = reading.head.decode("utf-8-sig", "ignore")
    whole_lines = text if reading.size <= len(reading.head) else text.rpartition("\n")[0]
    yield from csv.reader(io.StringIO(whole_lines))


_LOOKS = {"csv": _csv, "json_lines": json_lines.look, "parquet": parquet.look}
