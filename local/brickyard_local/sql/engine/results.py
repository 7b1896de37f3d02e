"""Writes a result into a folder, one file per chunk; the folder gets its name when it is whole."""

import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql.types import StructType

from brickyard_local.sql.engine.failures import StatementFailed
from brickyard_local.sql.engine.formats import Row, encoded
from brickyard_local.sql.engine.values import renderer

INLINE_BYTES = 25 * 1024 * 1024
_CHUNK_BYTES = 4 * 1024 * 1024
_PIECE_ROWS = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """How a result is to be written. `byte_limit` and `row_limit` truncate, the inline limit fails."""

    folder: Path
    format: str
    inline: bool
    row_limit: int | None
    byte_limit: int | None


@dataclass(kw_only=True, slots=True)
class ResultWriter:
    """Takes tables of a result in order. `chunks` are BaseChunkInfo."""

    wanted: Wanted
    schema: StructType
    chunks: list[dict[str, int]] = field(default_factory=list)
    truncated: bool = False
    rows: int = 0
    size: int = 0
    _waiting: list[Any] = field(default_factory=list)
    _waiting_rows: int = 0
    _waiting_bytes: int = 0

    def __post_init__(self) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True, mode=0o700)

    def add(self, table: pa.Table) -> None:
        """Errors: StatementFailed when the result is too large to be inline."""
        for piece in _pieces(table):
            if self.truncated:
                return
            self._keep(self._within_limits(piece))

    def finish(self) -> None:
        """Write what is left and give the folder its name."""
        if self._waiting or not self.chunks:
            self._flush()
        shutil.rmtree(self.wanted.folder, ignore_errors=True)
        self._partial.rename(self.wanted.folder)

    def discard(self) -> None:
        """Nothing of it is to be seen."""
        shutil.rmtree(self._partial, ignore_errors=True)

    @property
    def _partial(self) -> Path:
        return self.wanted.folder.with_name(self.wanted.folder.name + ".partial")

    def _within_limits(self, piece: pa.Table) -> pa.Table:
        keep = piece.num_rows
        if self.wanted.row_limit is not None:
            keep = min(keep, self.wanted.row_limit - self.rows)
        if self.wanted.byte_limit is not None and piece.nbytes:
            left = max(0, self.wanted.byte_limit - self.size)
            keep = min(keep, left * piece.num_rows // piece.nbytes)
        self.truncated = keep < piece.num_rows
        return piece.slice(0, keep)

    def _keep(self, piece: pa.Table) -> None:
        if not piece.num_rows:
            return
        self.rows += piece.num_rows
        self.size += piece.nbytes
        if self.wanted.inline and self.size > INLINE_BYTES:
            raise StatementFailed(
                f"Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at "
                f"most {INLINE_BYTES} bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want "
                "to download the full result."
            )
        self._waiting.append(piece)
        self._waiting_rows += piece.num_rows
        self._waiting_bytes += piece.nbytes
        if self._waiting_bytes >= _CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        content = self._content()
        index = len(self.chunks)
        (self._partial / str(index)).write_bytes(content)
        offset = self.rows - self._waiting_rows
        chunk = {"chunk_index": index, "row_offset": offset, "row_count": self._waiting_rows}
        self.chunks.append({**chunk, "byte_count": len(content)})
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0

    def _content(self) -> bytes:
        if self.wanted.format == "ARROW_STREAM":
            return _arrow(self._waiting, self.schema)
        rows = [row for piece in self._waiting for row in _rows(piece, self.schema)]
        header = None if self.chunks else [each.name for each in self.schema.fields]
        return encoded(rows, format_=self.wanted.format, header=header)


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, _PIECE_ROWS):
        yield table.slice(start, _PIECE_ROWS)


def _rows(piece: pa.Table, schema: StructType) -> Iterator[Row]:
    shown: list[Sequence[str | None]] = []
    for column, each in zip(piece.columns, schema.fields, strict=True):
        render = renderer(each.dataType)
        shown.append([None if value is None else render(value) for value in column.to_pylist()])
    return zip(*shown, strict=True) if shown else iter([()] * piece.num_rows)


def _arrow(pieces: list[pa.Table], schema: StructType) -> bytes:
    from pyspark.sql.pandas.types import to_arrow_schema

    output = io.BytesIO()
    kind = pieces[0].schema if pieces else to_arrow_schema(schema, timezone="UTC")
    with pa.ipc.new_stream(output, kind) as stream:
        for piece in pieces:
            stream.write_table(piece)
    return output.getvalue()
