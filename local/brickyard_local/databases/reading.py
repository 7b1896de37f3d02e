"""A version of a Delta table as a stream of rows. Imported by processes that copy: deltalake is heavy.

deltalake reads deletion vectors and mapped columns too; rows come in no particular order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Rows of `version`, committed at `committed_at` (ms since the epoch), and the schema that every batch has."""

    version: int
    committed_at: int
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def read(folder: Path, version: int | None) -> Reading:
    """The newest version, or the one named. Errors: deltalake's, for a version whose log or files are gone."""
    table = DeltaTable(str(folder), version=version)
    reader = pa.RecordBatchReader.from_stream(table.scan())
    return Reading(
        version=table.version(),
        committed_at=int(table.history(1)[0]["timestamp"]),
        schema=reader.schema,
        batches=iter(reader),
    )
