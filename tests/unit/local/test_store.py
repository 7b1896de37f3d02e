"""What a transaction sees, what others see of it, and what it leaves behind when SQLite itself ends it."""

import sqlite3
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.store import Store

ROW = {"text": "x" * 1000}


def put_many(store: Store) -> None:
    with store.write():
        for key in range(100):
            store.put("rows", key, ROW)


def put_orphan(store: Store) -> None:
    with store.write():
        store.put("rows", 1, ROW)
        store._commits.changing().execute("INSERT INTO child VALUES (7)")


def test_a_full_disk_is_what_the_writer_hears_of_and_the_store_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    connection = store._commits._connection  # the limit stands for a full disk and belongs to a connection
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
    connection = store._commits._connection  # a deferred constraint makes COMMIT itself fail
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("CREATE TABLE child (parent TEXT REFERENCES ids (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        put_orphan(store)
    assert not connection.in_transaction
    assert store.all("rows") == []
    store.put("rows", 2, ROW)


def test_a_transaction_that_cannot_begin_says_so_and_the_next_one_can(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    store._commits._connection.execute("PRAGMA busy_timeout=1")
    other = sqlite3.connect(tmp_path / "account.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        store.put("rows", 1, ROW)
    other.close()
    store.put("rows", 1, ROW)


READS: dict[str, Callable[[Store], Any]] = {
    "get": lambda store: store.get("rows", 1),
    "shared": lambda store: store.shared("rows", 1),
    "all": lambda store: next(iter(store.all("rows")), None),
    "page": lambda store: next(iter(store.page("rows", prefix="", after="", limit=1)), None),
    "keys": lambda store: ROW if store.keys("rows") else None,
    "execute": lambda store: ROW if store.execute("SELECT key FROM documents WHERE kind='rows'") else None,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_transaction_sees_what_it_put_and_nobody_else_does_before_its_end(
    tmp_path: Path, read: Callable[[Store], Any]
) -> None:
    store, seen = Store(tmp_path / "account.db"), []
    other = threading.Thread(target=lambda: seen.append(read(store)))
    with store.write():
        store.put("rows", 1, ROW)
        other.start()
        other.join()
        assert read(store) == ROW
    assert seen == [None]
    assert read(store) == ROW


@settings(deadline=None, max_examples=40)
@given(
    acts=st.lists(st.tuples(st.sampled_from(("put", "delete", "next_id", "get")), st.integers(0, 2)), max_size=6),
    ends=st.booleans(),
)
def test_a_transaction_is_all_there_or_nothing_of_it(acts: list[tuple[str, int]], ends: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "account.db")
        store.put("rows", 0, {"n": -1})
        wanted: dict[str, Any] = {"0": {"n": -1}}
        before = dict(wanted)
        try:
            with store.write():
                for number, (act, key) in enumerate(acts):
                    if act == "put":
                        wanted[str(key)] = store.put("rows", key, {"n": number})
                    elif act == "delete":
                        assert store.delete("rows", key) == (wanted.pop(str(key), None) is not None)
                    elif act == "get":
                        assert store.get("rows", key) == wanted.get(str(key))
                    else:
                        store.next_id()
                if not ends:
                    raise KeyError  # noqa: TRY301 - what ends the transaction is raised in it
        except KeyError:
            wanted = before
        again = Store(Path(folder) / "account.db")
        assert {key: again.get("rows", key) for key in again.keys("rows")} == wanted
