"""Rows of JSONL, CSV and Parquet files, one after the other."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnusableData
from brickyard_pipelines.finetuning.rows.refusals import Reason, Refusal, RowRefused, shown
from brickyard_pipelines.finetuning.sources.json_objects import parsed
from brickyard_pipelines.finetuning.sources.lines import Found, decoded, is_unicode, lines_of, too_many_bytes

_BATCH = 256


def jsonl(path: Path, *, max_bytes: int) -> Iterator[Found]:
    """A row per line."""
    for line in lines_of(path, max_bytes=max_bytes):
        place: dict[str, Any] = {"file": str(path), "line": line.number, "bytes": line.bytes}
        if line.text is None:
            yield Found(refusal=too_many_bytes(line.bytes, max_bytes), **place)
            continue
        try:
            yield Found(document=parsed(line.text), **place)
        except RowRefused as refused:
            yield Found(refusal=refused.refusal, **place)


def comma_separated(path: Path, *, max_bytes: int) -> Iterator[Found]:
    """A row per record; the first names the columns. A place is the line where a record ends.

    Errors: UnusableData when the columns have no names.
    """
    csv.field_size_limit(max_bytes)
    with path.open("rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="") as text:
        reader = csv.reader(text, strict=True)
        columns = next(reader, None)
        if columns is None:
            return  # an empty file: its account says that nothing was read
        _check_columns(path, columns)
        while True:
            first = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # A quote that stays open takes in all that follows: where it opens is what helps.
                got, fix = (
                    f"lines {first} to {reader.line_num}: {error}",
                    "Close the quote that opens there, or correct it.",
                )
                wrong = Refusal(reason=Reason.WRONG_COLUMNS, got=got, rule="a record is CSV", fix=fix)
                yield Found(file=str(path), line=first, refusal=wrong)
                continue
            if cells:
                yield _record(path, reader.line_num, columns, cells)


def _check_columns(path: Path, columns: list[str]) -> None:
    if not all(columns) or len(set(columns)) != len(columns):
        fix = "Write a first line with one name per column."
        problem = Problem(where=f"{path}:1", got=shown(columns), rule="columns have names of their own", fix=fix)
        raise UnusableData([problem])


def _record(path: Path, line: int, columns: list[str], cells: list[str]) -> Found:
    place: dict[str, Any] = {"file": str(path), "line": line, "bytes": sum(map(len, cells)) + len(cells)}
    if len(cells) != len(columns):
        got, rule = f"{len(cells)} cells", f"a record has {len(columns)}"
        fix = 'Quote cells that hold commas or line breaks: "…".'
        return Found(refusal=Refusal(reason=Reason.WRONG_COLUMNS, got=got, rule=rule, fix=fix), **place)
    wrong = next((cell for cell in cells if not is_unicode(cell)), None)
    if wrong is not None:
        refusal = decoded(wrong.encode("utf-8", "surrogateescape"))
        return Found(refusal=refusal if isinstance(refusal, Refusal) else None, **place)
    return Found(document=dict(zip(columns, cells, strict=True)), **place)


def parquet(path: Path, *, max_bytes: int) -> Iterator[Found]:
    """A row per row, counted from 1.

    Errors: UnusableData when the file is not Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH):
            for document in batch.to_pylist():
                number += 1
                size = sum(len(value) for value in document.values() if isinstance(value, str | bytes))
                refusal = too_many_bytes(size, max_bytes) if size > max_bytes else None
                kept = None if refusal else document
                yield Found(file=str(path), line=number, document=kept, refusal=refusal, bytes=size)
    except (pa.ArrowInvalid, OSError) as error:
        got, fix = " ".join(str(error).split())[:200], "Write the file again."
        raise UnusableData([Problem(where=str(path), got=got, rule="it must be a Parquet file", fix=fix)]) from error
