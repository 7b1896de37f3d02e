"""Transactions of one SQLite file that take turns, and share a commit when they come together.

A commit is an answer of the disk, and takes longer than what it commits. So a transaction that ends while another is
about to begin leaves the commit to that one; the last one commits for all, and only then does any of them go on. All of
a batch is on disk or none of it: a commit that fails is what every one of them hears of.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Place = tuple[int, str, str]

_MOST_TOGETHER = 64
# Who has announced itself may be waiting for a lock of its own: after this long its turn is not waited for.
_PATIENCE_S = 0.05
_ENDED = "SQLite ended the transaction before its end, as it does when the disk is full: nothing of it is kept."


@dataclass(eq=False, kw_only=True, slots=True)
class _Batch:
    """Transactions of one commit, `members` so far, and what they changed."""

    members: int = 0
    touched: set[Place] = field(default_factory=set)
    done: threading.Event = field(default_factory=threading.Event)
    error: sqlite3.Error | None = None


@dataclass(eq=False, kw_only=True, slots=True)
class _Transaction:
    """One thread's turn. `later` is written at the latest at its end; `begun` and `saved` say how it is undone."""

    touched: set[Place] = field(default_factory=set)
    later: list[tuple[str, Sequence[Any]]] = field(default_factory=list)
    begun: bool = False
    saved: bool = False


class _Thread(threading.local):
    """What a thread is doing: in which transaction, whether others know that it comes, what it has yet to wait for."""

    def __init__(self) -> None:
        self.transaction: _Transaction | None = None
        self.announced = False
        self.unsettled: list[_Batch] | None = None


class Commits:
    """The one connection that writes. `committed` is told what changed, after the disk has it and before anyone hears.

    Errors: sqlite3.Error, to every thread whose transaction was in a commit that failed.
    """

    def __init__(self, path: Path, committed: Callable[[set[Place]], None]) -> None:
        self._connection = connect(path, check_same_thread=False)
        self._committed = committed
        self._thread = _Thread()
        self._turn = threading.Lock()
        self._batch: _Batch | None = None
        self._coming = 0
        self._counting = threading.Lock()

    @property
    def inside(self) -> bool:
        """Whether this thread is in a transaction."""
        return self._thread.transaction is not None

    @contextmanager
    def write(self) -> Iterator[None]:
        """A transaction: all of it is on disk when the block has ended, or none of it ever; nested ones join."""
        if self.inside:
            yield
            return
        self._announce()
        with self._turn:
            self._arrive()
            mine = self._thread.transaction = _Transaction()
            try:
                yield
                self._join(mine)
            except BaseException:
                self._undo(mine)
                raise
            finally:
                self._thread.transaction = None
                batch = self._commit_unless_others_come()
        if batch:
            self._wait(batch)

    @contextmanager
    def settled(self) -> Iterator[None]:
        """What this thread writes inside is on disk when the block has ended, not at the end of each transaction.

        For who holds a lock around a transaction: take it inside, and others have it before the disk has answered.
        """
        if self.inside or self._thread.unsettled is not None:
            yield
            return
        unsettled: list[_Batch] = []
        self._thread.unsettled = unsettled
        self._announce()
        try:
            yield
        finally:
            self._thread.unsettled = None
            self._withdraw()
        for batch in unsettled:
            self._wait(batch)

    def settle(self) -> None:
        """Between transactions: what was written is on disk now, whoever else may be about to write."""
        with self._turn:
            self._commit()
        unsettled, self._thread.unsettled = self._thread.unsettled or [], []
        for batch in unsettled:
            _raise(batch)

    def later(self, place: Place, statement: str, values: Sequence[Any]) -> None:
        """In a transaction: a change whose answer nobody needs before the next statement."""
        mine = self._mine(place)
        mine.later.append((statement, values))

    def changing(self, place: Place | None = None) -> sqlite3.Connection:
        """In a transaction: to change something with, after which it can be undone alone."""
        mine = self._mine(place)
        self._begin(mine)
        self._write_later(mine)
        return self._connection

    def reading(self) -> sqlite3.Connection:
        """In a transaction: to read with, all that it and those before it have changed."""
        self._write_later(self._mine(None))
        return self._connection

    def is_open(self, place: Place) -> bool:
        """In a transaction: whether it, or one that waits for its commit, has changed this."""
        batch = self._batch
        return place in self._mine(None).touched or (batch is not None and place in batch.touched)

    def _mine(self, touched: Place | None) -> _Transaction:
        mine = self._thread.transaction
        if mine is None:
            raise RuntimeError("A change needs a transaction: `with store.write()`.")
        if touched:
            mine.touched.add(touched)
        return mine

    def _begin(self, mine: _Transaction) -> None:
        if mine.begun:
            return
        mine.saved = self._connection.in_transaction
        self._connection.execute("SAVEPOINT mine" if mine.saved else "BEGIN IMMEDIATE")
        mine.begun = True

    def _write_later(self, mine: _Transaction) -> None:
        later, mine.later = mine.later, []
        if later:
            self._begin(mine)
        for statement, values in later:
            self._connection.execute(statement, values)

    def _join(self, mine: _Transaction) -> None:
        """Into the batch. A statement that is alone needs no transaction: it is one."""
        if len(mine.later) == 1 and not mine.begun:
            if not self._connection.in_transaction and not self._coming:
                self._connection.execute(*mine.later.pop())
                self._committed(mine.touched)
                return
            if not self._connection.in_transaction:
                self._begin(mine)
            self._connection.execute(*mine.later.pop())
        else:
            self._write_later(mine)
            if not mine.begun:
                return
            if not self._connection.in_transaction:
                raise sqlite3.OperationalError(_ENDED)
            if mine.saved:
                self._connection.execute("RELEASE mine")
        self._batch = self._batch or _Batch()
        self._batch.members += 1
        self._batch.touched |= mine.touched

    def _undo(self, mine: _Transaction) -> None:
        """Of this transaction alone. SQLite ends all of them by itself when, say, the disk is full."""
        if not self._connection.in_transaction:
            batch, self._batch = self._batch, None
            if batch:
                batch.error = sqlite3.OperationalError(_ENDED)
                batch.done.set()
        elif mine.saved:
            self._connection.execute("ROLLBACK TO mine")
            self._connection.execute("RELEASE mine")
        elif mine.begun:
            self._connection.execute("ROLLBACK")

    def _commit_unless_others_come(self) -> _Batch | None:
        """The batch that is open, or was until now."""
        batch = self._batch
        if batch and (not self._coming or batch.members >= _MOST_TOGETHER):
            self._commit()
        return batch

    def _commit(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            return
        batch.error = sqlite3.OperationalError("The commit was interrupted.")
        try:
            self._connection.execute("COMMIT")
            self._committed(batch.touched)
            batch.error = None
        except sqlite3.Error as error:
            batch.error = error
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        finally:
            batch.done.set()

    def _wait(self, batch: _Batch) -> None:
        if self._thread.unsettled is not None:
            self._thread.unsettled.append(batch)
            return
        if not batch.done.wait(_PATIENCE_S):
            with self._turn:
                if self._batch is batch:
                    self._commit()
        _raise(batch)

    def _announce(self) -> None:
        if not self._thread.announced:
            with self._counting:
                self._coming += 1
            self._thread.announced = True

    def _arrive(self) -> None:
        with self._counting:
            self._coming -= 1
        self._thread.announced = False

    def _withdraw(self) -> None:
        """Somebody may have left the commit to this thread, which did not write after all."""
        if self._thread.announced:
            with self._turn:
                self._arrive()
                self._commit_unless_others_come()


def connect(path: Path, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """A connection whose commits are on disk when they return."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=check_same_thread)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _raise(batch: _Batch) -> None:
    """Everyone an error of its own: a traceback belongs to one thread."""
    if batch.error:
        raise type(batch.error)(*batch.error.args) from batch.error
