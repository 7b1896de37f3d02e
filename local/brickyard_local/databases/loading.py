"""A table is replaced as a whole, in one transaction: readers see the old rows or the new ones."""

import contextlib
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brickyard_local.databases import roles
from brickyard_local.databases.errors import CannotLoad
from brickyard_local.databases.naming import OnlineTable, physical_database, quoted
from brickyard_local.databases.server import connect

if TYPE_CHECKING:
    import pyarrow as pa
    from pg8000.native import Connection

    from brickyard_local.databases.columns import Column

_LOCK_TIMEOUT = "55P03"
_WAIT_MS = 100
_PAUSE_S = 0.2
_PATIENCE_S = 20.0
_NEW = re.compile("new [0-9a-f]{32}|all_rows")


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What becomes of a table; of rows with one key, the newest by `timeseries_key` stays where that is named."""

    table: OnlineTable
    columns: "tuple[Column, ...]"
    primary_key: tuple[str, ...]
    timeseries_key: str | None = None


def fill(socket: Path, load: Load, rows: "Iterable[pa.RecordBatch]") -> int:
    """Copy the rows and put them in the table's place; how many there are.

    `Postgres.prepare` made what it lies in, and nobody else fills it now. Rows are streamed: memory holds one batch.
    Errors: CannotLoad with the reason, and whatever reading the rows raises; the table is as it was then.
    """
    from pg8000.exceptions import DatabaseError, InterfaceError

    try:
        database = connect(socket, physical_database(load.table.instance, load.table.database))
        try:
            return _replace(database, load, rows)
        finally:
            with contextlib.suppress(DatabaseError, InterfaceError, OSError):
                database.close()
    except _SourceFailed as failed:
        raise (failed.__cause__ or failed) from None
    except DatabaseError as error:
        raise _explained(error, load) from error
    except (InterfaceError, OSError) as error:
        raise _broke_off(load.table, error) from error


class _SourceFailed(Exception):
    """Raised when rows cannot be read, from what went wrong there: that is not the server's."""


def _replace(database: "Connection", load: Load, rows: "Iterable[pa.RecordBatch]") -> int:
    schema, final = quoted(load.table.schema), quoted(load.table.name)
    new = f"{schema}.{quoted(f'new {uuid.uuid4().hex}')}"
    database.run("START TRANSACTION")
    _copy(database, load, new, rows)
    database.run(f"ALTER TABLE {new} ADD PRIMARY KEY ({_names(load.primary_key)})")
    database.run(f"ANALYZE {new}")
    count: int = database.run(f"SELECT count(*) FROM {new}")[0][0]  # noqa: S608 - identifiers are quoted
    roles.grant(database, load.table, new)
    drop(database, load.table)
    database.run(f"ALTER TABLE {new} RENAME TO {final}")
    database.run("COMMIT")
    return count


def drop(database: "Connection", table: OnlineTable) -> None:
    """Remove a table inside of a transaction.

    Whoever wants to read waits behind a lock that is waited for: so it is asked for again and again, for a moment, and
    who still reads the old rows after a while is sent away.
    """
    place = f"{quoted(table.schema)}.{quoted(table.name)}"
    deadline = time.monotonic() + _PATIENCE_S
    database.run(f"SET LOCAL lock_timeout = {_WAIT_MS}")
    while not _tried(database, f"DROP TABLE IF EXISTS {place}"):
        if time.monotonic() > deadline:
            _send_readers_away(database, place)
        time.sleep(_PAUSE_S)


def _copy(database: "Connection", load: Load, new: str, rows: "Iterable[pa.RecordBatch]") -> None:
    from brickyard_local.databases.columns import copied  # pyarrow, which the workspace itself does without

    columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in load.columns)
    # With a time series, all rows are needed before it is known which stay.
    target = "all_rows" if load.timeseries_key else new
    database.run(f"CREATE {'TEMPORARY ' if load.timeseries_key else ''}TABLE {target} ({columns})")
    names = _names([column.name for column in load.columns])
    blocks = _marked(copied(rows, load.columns))
    database.run(f"COPY {target} ({names}) FROM STDIN WITH (FORMAT csv)", stream=blocks)
    if load.timeseries_key:
        key, newest = _names(load.primary_key), quoted(load.timeseries_key)
        database.run(
            f"CREATE TABLE {new} AS SELECT DISTINCT ON ({key}) * FROM {target} ORDER BY {key}, {newest} DESC NULLS LAST"  # noqa: S608
        )
        database.run(f"DROP TABLE {target}")


def _marked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from blocks
    except Exception as error:
        raise _SourceFailed from error


def _tried(database: "Connection", statement: str) -> bool:
    """Whether it was carried out; not, when somebody else holds the lock that it needs."""
    from pg8000.exceptions import DatabaseError

    database.run("SAVEPOINT before")
    try:
        database.run(statement)
    except DatabaseError as error:
        if facts(error).get("C") != _LOCK_TIMEOUT:
            raise
        database.run("ROLLBACK TO SAVEPOINT before")
        return False
    return True


def _send_readers_away(database: "Connection", place: str) -> None:
    """Those who were there for long, and not who reads in this very moment."""
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE relation = to_regclass(:place) AND granted AND datname = current_database() "
        "AND database = datid AND pid <> pg_backend_pid() "
        "AND xact_start < clock_timestamp() - make_interval(secs => :patience)",
        place=place,
        patience=_PATIENCE_S / 2,
    )


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(quoted, columns))


def facts(error: Exception) -> dict[str, Any]:
    """The fields of Postgres' answer: C is the SQLSTATE, M the message, D the detail, W where.

    Source: postgresql.org/docs/16/protocol-error-fields.html
    """
    first = error.args[0] if error.args else {}
    return first if isinstance(first, dict) else {}


def _explained(error: Exception, load: Load) -> CannotLoad:
    """Postgres' refusal of rows, as the state of a synced table says it."""
    said = facts(error)
    if is_passing(error):
        return _broke_off(load.table, said.get("M"))
    reason = "; ".join(str(said[field]).rstrip(".") for field in ("M", "D", "W") if field in said) or str(error)
    reason = _NEW.sub(load.table.name, reason)
    key = ", ".join(load.primary_key)
    fix = _FIXES.get(str(said.get("C")), "").format(key=key)
    return CannotLoad(f"Rows for {_public(load.table)} were refused: {reason}. {fix}".rstrip())


def is_passing(error: Exception) -> bool:
    """Whether the server ends, starts, or has no more connections: what was asked is not to blame."""
    return str(facts(error).get("C")).startswith(("57P", "53"))


def _broke_off(table: OnlineTable, why: object) -> CannotLoad:
    return CannotLoad(f"Postgres broke off while {_public(table)} was copied ({why}): try again.")


def _public(table: OnlineTable) -> str:
    return f"{table.database}.{table.schema}.{table.name}"


_FIXES = {
    "23505": "The primary key ({key}) must be unique in the source table: name more columns, or a timeseries_key.",
    "23502": "The primary key ({key}) must not be null in the source table.",
    "22021": "Text in Postgres holds no NUL character: remove it in the source table.",
}
