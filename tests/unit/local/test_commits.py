"""Transactions that come together: one commit for all, each undone by itself, nobody goes on before the disk has it."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from brickyard_local import commits
from brickyard_local.store import Store


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody commits only because it waited: a commit that was left to somebody is made by that one."""
    monkeypatch.setattr(commits, "_PATIENCE_S", 60.0)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def on_disk(path: Path, key: str) -> bool:
    """As somebody else reads the file."""
    other = sqlite3.connect(path)
    try:
        return other.execute("SELECT 1 FROM documents WHERE key=?", (key,)).fetchone() is not None
    finally:
        other.close()


def until(claim: Callable[[], Any]) -> None:
    while not claim():
        time.sleep(0.001)


def put_while_another_comes(
    store: Store, key: str, *, fails: bool = False, has_the_turn: threading.Event | None = None
) -> None:
    """The turn is kept until somebody else waits for it, who then is the one to commit."""
    with store.write():
        store.put("rows", key, {})
        if has_the_turn is not None:
            has_the_turn.set()
        until(lambda: store._commits._coming)
        if fails:
            raise KeyError(key)


def commits_of(store: Store) -> list[str]:
    """What SQLite is told from now on to commit."""
    told: list[str] = []
    store._commits._connection.set_trace_callback(lambda said: told.append(said) if said == "COMMIT" else None)
    return told


@pytest.mark.usefixtures("patient")
def test_what_comes_together_is_committed_together(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    store = Store(tmp_path / "account.db")
    told = commits_of(store)
    first = pool.submit(put_while_another_comes, store, "a")
    until(store._commits._turn.locked)
    store.put("rows", "b", {})
    first.result()
    assert told == ["COMMIT"]
    assert store.keys("rows") == ["a", "b"]


@pytest.mark.usefixtures("patient")
def test_a_transaction_that_fails_takes_no_other_of_its_batch_with_it(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    store = Store(tmp_path / "account.db")
    first = pool.submit(put_while_another_comes, store, "a")
    until(store._commits._turn.locked)
    has_the_turn = threading.Event()
    second = pool.submit(put_while_another_comes, store, "b", fails=True, has_the_turn=has_the_turn)
    assert has_the_turn.wait(60)  # before this thread asks for it: else each would wait for the other
    store.delete("rows", "a")
    store.put("rows", "c", {})
    first.result()
    with pytest.raises(KeyError):
        second.result()
    assert store.keys("rows") == ["c"]


@pytest.mark.usefixtures("patient")
def test_a_commit_that_fails_is_told_to_everyone_whose_work_it_was(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    store = Store(tmp_path / "account.db")
    store.execute("PRAGMA foreign_keys=ON")
    writer = store._commits._connection
    writer.execute("PRAGMA foreign_keys=ON")
    writer.execute("CREATE TABLE child (parent TEXT REFERENCES ids (id) DEFERRABLE INITIALLY DEFERRED)")
    first = pool.submit(put_while_another_comes, store, "a")
    until(store._commits._turn.locked)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.execute("INSERT INTO child VALUES (7)")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        first.result()
    assert store.keys("rows") == []
    store.put("rows", "b", {})


@pytest.mark.usefixtures("patient")
def test_who_announced_itself_and_then_did_not_write_leaves_nobody_waiting(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    store = Store(tmp_path / "account.db")

    def refused(first_waits: Callable[[], Any]) -> None:
        with store.settled():
            until(first_waits)
            raise PermissionError

    second = pool.submit(refused, lambda: store._commits._batch)
    until(lambda: store._commits._coming)
    store.put("rows", "a", {})
    with pytest.raises(PermissionError):
        second.result()
    assert on_disk(tmp_path / "account.db", "a")


def test_who_does_not_come_is_not_waited_for(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    store, ended = Store(tmp_path / "account.db"), threading.Event()

    def slow() -> None:
        with store.settled():
            ended.wait(60)

    pool.submit(slow)
    until(lambda: store._commits._coming)
    store.put("rows", "a", {})
    assert on_disk(tmp_path / "account.db", "a")
    ended.set()


@pytest.mark.usefixtures("patient")
def test_a_lock_that_is_taken_in_settled_is_free_before_the_disk_has_answered(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    store, lock, told = Store(tmp_path / "account.db"), threading.Lock(), []
    told = commits_of(store)

    def change(key: str) -> None:
        with store.settled(), lock:
            put_while_another_comes(store, key) if key == "a" else store.put("rows", key, {})

    first = pool.submit(change, "a")
    until(store._commits._turn.locked)
    change("b")
    first.result()
    assert told == ["COMMIT"]


def test_inside_settled_what_was_written_can_be_settled_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    with store.settled():
        store._commits._coming += 1  # somebody who is on the way
        with store.write():
            store.put("rows", "a", {})
        assert not on_disk(tmp_path / "account.db", "a")
        store.settle()
        assert on_disk(tmp_path / "account.db", "a")
        store._commits._coming -= 1


def test_at_every_answer_the_disk_has_what_was_answered(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    """A counter that many threads increase: none is lost, each is on disk when its thread goes on, no failed one is."""
    store, path = Store(tmp_path / "account.db"), tmp_path / "account.db"
    store.put("counters", "all", {"n": 0})

    def work(seed: int) -> int:
        chance, done = random.Random(seed), 0  # noqa: S311 - a sequence that can be repeated
        for number in range(60):
            key, fails = f"{seed}-{number}", chance.random() < 0.2
            try:
                with store.settled(), store.write():
                    counted = store.get("counters", "all") or {}
                    store.put("counters", "all", {"n": counted["n"] + 1})
                    if chance.random() < 0.5:
                        store.delete("rows", f"{seed}-{number - 1}")
                    store.put("rows", key, {"n": counted["n"]})
                    if fails:
                        raise KeyError(key)  # noqa: TRY301 - what ends the transaction is raised in it
            except KeyError:
                assert not on_disk(path, key)
            else:
                done += 1
                assert on_disk(path, key)
        return done

    done = sum(pool.map(work, range(8)))
    assert store.get("counters", "all") == {"n": done}
    assert store.shared("counters", "all") == {"n": done}
