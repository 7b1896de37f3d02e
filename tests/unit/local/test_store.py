"""What a transaction leaves behind when SQLite itself ends it."""

import sqlite3
from pathlib import Path

import pytest

from brickyard_local.store import Store

ROW = {"text": "x" * 1000}


def put_many(store: Store) -> None:
    with store.write():
        for key in range(100):
            store.put("rows", key, ROW)


def put_orphan(store: Store) -> None:
    with store.write():
        store.put("rows", 1, ROW)
        store._connection().execute("INSERT INTO child VALUES (7)")


def test_a_full_disk_is_what_the_writer_hears_of_and_the_store_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    connection = store._connection()  # the limit stands for a full disk and belongs to a connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        put_many(store)
    connection.execute("PRAGMA max_page_count=100000")
    assert store.all("rows") == []
    store.put("rows", 1, ROW)
    assert store.all("rows") == [ROW]


def test_a_commit_that_fails_is_rolled_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    connection = store._connection()  # a deferred constraint makes COMMIT itself fail
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("CREATE TABLE child (parent TEXT REFERENCES ids (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        put_orphan(store)
    assert not connection.in_transaction
    assert store.all("rows") == []
    store.put("rows", 2, ROW)


def test_a_transaction_that_cannot_begin_says_so_and_the_next_one_can(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    store._connection().execute("PRAGMA busy_timeout=1")
    other = sqlite3.connect(tmp_path / "account.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        store.put("rows", 1, ROW)
    other.close()
    store.put("rows", 1, ROW)
