"""Documents in one SQLite file: every write is on disk before the answer leaves.

One table of JSON documents, addressed by scope (0 is the account, else a workspace id), kind and key.
Reads run in parallel (WAL); writers take turns (commits.py). What every call asks for is kept in memory until it
changes: this process is the only one that writes.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from brickyard_local.commits import Commits, Place, connect

Document = dict[str, Any]

ACCOUNT = 0
# Keys with a prefix, as a range of the index: no key of ours holds the last character of Unicode.
_RANGE = "AND key>=? AND key<?"
_LAST = "\U0010ffff"

# Of what is kept in memory; enough for every token and container that is in use.
_MOST_KEPT = 10_000

_PUT = (
    "INSERT INTO documents (scope, kind, key, body) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (scope, kind, key) DO UPDATE SET body=excluded.body"
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  scope INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE (scope, kind, key)
);
CREATE TABLE IF NOT EXISTS ids (id INTEGER PRIMARY KEY AUTOINCREMENT);
"""


class Store:
    """The account's documents. Safe to use from any thread.

    `write()` opens a transaction; inside it every call of the same thread belongs to it, nested ones join.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._kept: dict[Place, Document] = {}
        self._keeping = threading.Lock()
        self._changes = 0
        self._commits = Commits(path, self._forget)
        with self.write():
            for statement in _SCHEMA.split(";"):
                self._commits.changing().execute(statement)

    def write(self) -> AbstractContextManager[None]:
        """A transaction: all of it is on disk at the end of the block, or none of it ever."""
        return self._commits.write()

    def settled(self) -> AbstractContextManager[None]:
        """What is written inside is on disk at the end of the block, not of each transaction. See `Commits.settled`."""
        return self._commits.settled()

    def settle(self) -> None:
        """Inside `settled`, between transactions: what was written is on disk now."""
        self._commits.settle()

    def get(self, kind: str, key: str | int, *, scope: int = ACCOUNT) -> Document | None:
        """The document, or None."""
        row = (
            self._connection()
            .execute("SELECT body FROM documents WHERE scope=? AND kind=? AND key=?", (scope, kind, str(key)))
            .fetchone()
        )
        return None if row is None else json.loads(row[0])

    def shared(self, kind: str, key: str | int, *, scope: int = ACCOUNT) -> Document | None:
        """As `get`, of what every call asks for: kept in memory until it changes. Read it, never change it."""
        place = (scope, kind, str(key))
        if self._commits.inside and self._commits.is_open(place):
            return self.get(kind, key, scope=scope)
        kept = self._kept.get(place)
        if kept is not None:
            return kept
        changes = self._changes
        found = self.get(kind, key, scope=scope)
        with self._keeping:
            if found is not None and changes == self._changes:  # else it may be from before the last commit
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[place] = found
        return found

    def _forget(self, touched: set[Place]) -> None:
        """After a commit and before it is answered, so that nobody keeps what was read before it."""
        with self._keeping:
            self._changes += 1
            for place in touched:
                self._kept.pop(place, None)

    def all(self, kind: str, *, prefix: str = "", scope: int = ACCOUNT) -> list[Document]:
        """Documents of a kind whose key starts with `prefix`, oldest first."""
        rows = self._connection().execute(
            f"SELECT body FROM documents WHERE scope=? AND kind=? {_RANGE} ORDER BY seq",  # noqa: S608 - a constant
            (scope, kind, prefix, prefix + _LAST),
        )
        return _documents(rows)

    def page(self, kind: str, *, prefix: str, after: str, limit: int, scope: int = ACCOUNT) -> list[Document]:
        """At most `limit` documents whose key starts with `prefix` and comes after `after`, by key."""
        rows = self._connection().execute(
            f"SELECT body FROM documents WHERE scope=? AND kind=? {_RANGE} AND key>? "  # noqa: S608 - a constant
            "ORDER BY key LIMIT ?",
            (scope, kind, prefix, prefix + _LAST, after, limit),
        )
        return _documents(rows)

    def keys(self, kind: str, *, prefix: str = "", after: str = "", scope: int = ACCOUNT) -> list[str]:
        """Keys that start with `prefix` and come after `after`, in order, without reading a document."""
        rows = self._connection().execute(
            f"SELECT key FROM documents WHERE scope=? AND kind=? {_RANGE} AND key>? ORDER BY key",  # noqa: S608
            (scope, kind, prefix, prefix + _LAST, after),
        )
        return [row[0] for row in rows]

    def put(self, kind: str, key: str | int, document: Document, *, scope: int = ACCOUNT) -> Document:
        """Create or replace; the place in the order of `all` is kept. Returns the document."""
        with self.write():
            place = (scope, kind, str(key))
            self._commits.later(place, _PUT, (*place, json.dumps(document)))
        return document

    def delete(self, kind: str, key: str | int, *, scope: int = ACCOUNT) -> bool:
        """Whether there was one to delete."""
        with self.write():
            place = (scope, kind, str(key))
            cursor = self._commits.changing(place).execute(
                "DELETE FROM documents WHERE scope=? AND kind=? AND key=?", place
            )
        return cursor.rowcount > 0

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a service's own table, for what must be found without reading every document.

        Such a table repeats facts of documents: change it in the transaction that changes them.
        """
        if statement.lstrip()[:6].upper() == "SELECT":
            return self._connection().execute(statement, values).fetchall()
        with self.write():
            return self._commits.changing().execute(statement, values).fetchall()

    def next_id(self) -> int:
        """A number that was never given out before by this account, at least 100 001."""
        with self.write():
            cursor = self._commits.changing().execute("INSERT INTO ids DEFAULT VALUES")
        return 100_000 + int(cursor.lastrowid or 0)

    def _connection(self) -> sqlite3.Connection:
        """What this thread reads with: its transaction's, else its own, which knows only what is on disk."""
        if self._commits.inside:
            return self._commits.reading()
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path)
        return connection


def _documents(rows: Iterable[tuple[str]]) -> list[Document]:
    """Read as one text: a call for each takes longer than what is read."""
    found: list[Document] = json.loads(f"[{','.join(body for (body,) in rows)}]")
    return found
