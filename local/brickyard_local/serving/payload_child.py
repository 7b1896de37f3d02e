"""The writer of inference tables: `python -m brickyard_local.serving.payload_child SPOOL TABLES IDLE_S`.

Each segment below `SPOOL/<table id>/` becomes one append to the Delta table `TABLES/<table id>`, marked with the
segment's number in the same commit, so that a segment is never written twice, whoever is killed when. It ends when
there was nothing to do for a while.
Source: PROTOCOL.md of Delta, "Transaction identifiers".
"""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from brickyard_local.children import exit_with_parent
from brickyard_local.serving.spool import rows, segments

_APP = "brickyard-inference-table"
_POLL_S = 0.2
_AGAIN_S = 2.0
_log = logging.getLogger(__name__)


def main() -> int:
    """Write until idle. Exit status 0."""
    exit_with_parent()
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    spool, tables, idle_s = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    last = time.monotonic()
    while time.monotonic() - last < idle_s:
        worked, failed = write_all(spool, tables)
        if worked:
            last = time.monotonic()
        time.sleep(_AGAIN_S if failed else _POLL_S)
    return 0


def write_all(spool: Path, tables: Path) -> tuple[int, int]:
    """How many segments were written, and how many tables could not be."""
    worked = failed = 0
    for folder in spool.iterdir() if spool.is_dir() else ():
        try:
            worked += _write_table(folder, tables / folder.name)
        except Exception:  # noqa: BLE001 - one table's fault must not keep the others waiting
            _log.exception("Table %s", folder.name)
            failed += 1
    return worked, failed


def _write_table(folder: Path, table: Path) -> int:
    found = segments(folder)
    if found and not (table / "_delta_log").is_dir():
        _log.warning("Table %s was dropped: %d segments of requests go with it", folder.name, len(found))
        for segment in found:
            segment.unlink()
        return 0
    for segment in found:
        append(segment, table)
        segment.unlink()
    return len(found)


def append(segment: Path, table: Path) -> None:
    """One commit for a segment, unless there is one already."""
    from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

    number = int(segment.stem)
    delta = DeltaTable(str(table))
    written = delta.transaction_version(_APP)
    if written is not None and written >= number:
        return
    found = rows(segment)
    if not found:
        return
    marked = CommitProperties(app_transactions=[Transaction(_APP, number)])
    write_deltalake(delta, _arrow(found), mode="append", commit_properties=marked)


def _arrow(found: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    schema = pa.schema(
        [
            ("databricks_request_id", pa.string()),
            ("request_date", pa.date32()),
            ("client_request_id", pa.string()),
            ("request_time", pa.timestamp("us", tz="UTC")),
            ("status_code", pa.int32()),
            ("sampling_fraction", pa.float64()),
            ("execution_duration_ms", pa.int64()),
            ("request", pa.string()),
            ("response", pa.string()),
            ("logging_error_codes", pa.list_(pa.string())),
            ("served_entity_id", pa.string()),
            ("requester", pa.string()),
        ]
    )
    columns = {field.name: _column(field, [row.get(field.name) for row in found]) for field in schema}
    return pa.table(columns, schema=schema)


def _column(field: Any, values: list[Any]) -> Any:
    import pyarrow as pa

    if field.name == "request_date":
        return pa.array(values, pa.int32()).cast(field.type)
    if field.name == "request_time":
        return pa.array(values, pa.int64()).cast(field.type)
    if field.type == pa.string():
        return pa.array(map(_text, values), field.type)
    return pa.array(values, field.type)


def _text(value: str | None) -> str | None:
    """Without halves of surrogate pairs, which JSON can hold and Arrow cannot: one would hold up all that follow."""
    return None if value is None else value.encode(errors="replace").decode()


if __name__ == "__main__":
    sys.exit(main())
