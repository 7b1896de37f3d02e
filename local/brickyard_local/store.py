"""Documents in one SQLite file: every write is on disk before the answer leaves.

One table of JSON documents, addressed by scope (0 is the account, else a workspace id), kind and key.
Reads run in parallel (WAL); writers take turns. What every call asks for is kept in memory until it changes: this
process is the only one that writes.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

ACCOUNT = 0
# Keys with a prefix, as a range of the index: no key of ours holds the last character of Unicode.
_RANGE = "AND key>=? AND key<?"
_LAST = "\U0010ffff"

# Of what is kept in memory; enough for every token and container that is in use.
_MOST_KEPT = 10_000

Place = tuple[int, str, str]

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
        self._writer = threading.RLock()
        self._kept: dict[Place, Document] = {}
        self._keeping = threading.Lock()
        self._commits = 0
        with self.write():
            for statement in _SCHEMA.split(";"):
                self._changing().execute(statement)

    @contextmanager
    def write(self) -> Iterator[None]:
        """A transaction: all of it is committed at the end of the block, or none of it."""
        with self._writer:
            if getattr(self._local, "depth", 0):
                yield
                return
            connection = self._connection()
            self._local.depth = 1
            touched: set[Place] = set()
            self._local.touched, self._local.waiting = touched, []
            try:
                yield
                self._commit(connection)
                self._forget(touched)
            except BaseException:
                if connection.in_transaction:  # SQLite ends it by itself when, say, the disk is full
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._local.depth = 0
                self._local.waiting = []

    def _commit(self, connection: sqlite3.Connection) -> None:
        """A single change is a transaction by itself: after each statement other threads take Python's lock first."""
        if len(self._local.waiting) == 1 and not connection.in_transaction:
            connection.execute(*self._local.waiting.pop())
            return
        self._do_waiting(connection)
        if connection.in_transaction:
            connection.execute("COMMIT")

    def _do_waiting(self, connection: sqlite3.Connection) -> None:
        """What `put` left for later: for whatever comes next in the transaction, at the latest its end."""
        waiting, self._local.waiting = self._local.waiting, []
        if waiting and not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        for statement, values in waiting:
            connection.execute(statement, values)

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
        if getattr(self._local, "depth", 0) and place in self._local.touched:
            return self.get(kind, key, scope=scope)
        kept = self._kept.get(place)
        if kept is not None:
            return kept
        commits = self._commits
        found = self.get(kind, key, scope=scope)
        with self._keeping:
            if found is not None and commits == self._commits:  # else it may be from before the last commit
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[place] = found
        return found

    def _forget(self, touched: set[Place]) -> None:
        """After a commit and before it is answered, so that nobody keeps what was read before it."""
        with self._keeping:
            self._commits += 1
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
            self._local.touched.add((scope, kind, str(key)))
            self._local.waiting.append((_PUT, (scope, kind, str(key), json.dumps(document))))
        return document

    def delete(self, kind: str, key: str | int, *, scope: int = ACCOUNT) -> bool:
        """Whether there was one to delete."""
        with self.write():
            self._local.touched.add((scope, kind, str(key)))
            cursor = self._changing().execute(
                "DELETE FROM documents WHERE scope=? AND kind=? AND key=?", (scope, kind, str(key))
            )
        return cursor.rowcount > 0

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a service's own table, for what must be found without reading every document.

        Such a table repeats facts of documents: change it in the transaction that changes them.
        """
        if statement.lstrip()[:6].upper() == "SELECT":
            return self._connection().execute(statement, values).fetchall()
        with self.write():
            return self._changing().execute(statement, values).fetchall()

    def next_id(self) -> int:
        """A number that was never given out before by this account, at least 100 001."""
        with self.write():
            cursor = self._changing().execute("INSERT INTO ids DEFAULT VALUES")
        return 100_000 + int(cursor.lastrowid or 0)

    def _changing(self) -> sqlite3.Connection:
        """The connection inside a transaction of SQLite's."""
        connection = self._connection()
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        return connection

    def _connection(self) -> sqlite3.Connection:
        """This thread's, which has seen all that its transaction changed."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            self._local.connection = connection
        if getattr(self._local, "waiting", None):
            self._do_waiting(connection)
        return connection


def _documents(rows: Iterable[tuple[str]]) -> list[Document]:
    """Read as one text: a call for each takes longer than what is read."""
    found: list[Document] = json.loads(f"[{','.join(body for (body,) in rows)}]")
    return found
