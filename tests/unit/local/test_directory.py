"""The directory in memory always says what the store says."""

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.directory import EVERYBODY, GROUPS, USERS, Directory, Snapshot
from brickyard_local.store import Document, Store


def group(group_id: str, *members: str, entitlements: tuple[str, ...] = ()) -> Document:
    return {
        "id": group_id,
        "displayName": group_id,
        "members": [{"value": member} for member in members],
        "entitlements": [{"value": entitlement} for entitlement in entitlements],
    }


def user(user_id: str) -> Document:
    return {"id": user_id, "userName": f"{user_id}@x.org", "displayName": user_id}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "account.db")


EDGES = st.frozensets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda edge: edge[0] < edge[1]))


@settings(max_examples=40, deadline=None)
@given(edges=EDGES, direct=st.frozensets(st.integers(0, 7)))
def test_a_principal_stands_in_every_group_that_a_path_leads_to_and_in_no_other(
    tmp_path_factory: pytest.TempPathFactory, edges: frozenset[tuple[int, int]], direct: frozenset[int]
) -> None:
    store = Store(tmp_path_factory.mktemp("d") / "account.db")
    directory = Directory(store)
    with store.write():
        directory.put(USERS, user("u"))
        for number in range(8):
            inner = [f"g{low}" for low, high in edges if high == number]
            directory.put(GROUPS, group(f"g{number}", *inner, *(["u"] if number in direct else [])))
    reached = set(direct)
    for low, high in sorted(edges):
        reached |= {high} if low in reached else set()
    standing = directory.snapshot().standing("u@x.org")
    assert standing is not None
    assert standing.groups == {f"g{number}" for number in reached} | {EVERYBODY}


def test_entitlements_and_assignment_come_through_groups(store: Store) -> None:
    directory = Directory(store)
    directory.put(USERS, user("u"))
    directory.put(GROUPS, group("inner", "u"))
    directory.put(GROUPS, group("outer", "inner", entitlements=("allow-cluster-create",)))
    directory.assign(7, "outer", ["USER"])
    snapshot = directory.snapshot()
    standing = snapshot.standing("u@x.org")
    assert standing is not None
    assert standing.entitlements == {"allow-cluster-create"}
    assert snapshot.may_enter(7, standing)
    assert not snapshot.may_enter(8, standing)


def test_two_directories_of_one_store_never_disagree(store: Store) -> None:
    one, two = Directory(store), Directory(store)
    one.put(USERS, user("u"))
    assert two.snapshot().standing("u@x.org") is not None
    two.delete(USERS, "u")
    assert one.snapshot().standing("u@x.org") is None


def test_what_a_transaction_threw_away_was_never_there(store: Store) -> None:
    directory = Directory(store)
    directory.put(USERS, user("kept"))

    def lose() -> None:
        with store.write():
            directory.put(USERS, user("lost"))
            assert directory.snapshot().standing("lost@x.org") is not None
            raise TimeoutError

    with pytest.raises(TimeoutError):
        lose()
    assert directory.snapshot().standing("lost@x.org") is None
    assert directory.snapshot().standing("kept@x.org") is not None


def test_readers_beside_a_writer_see_whole_moments(store: Store) -> None:
    """Each transaction makes a user and a group that holds it: nobody sees one without the other."""
    directory = Directory(store)
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        mine = Directory(store)
        while not done.is_set():
            for snapshot in (mine.snapshot(), directory.snapshot()):
                names = {document["id"] for document in snapshot.listed(USERS)}
                held = {m["value"] for document in snapshot.listed(GROUPS) for m in document["members"]}
                wrong.extend(names ^ held)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(60):
        with store.write():
            directory.put(USERS, user(f"u{number}"))
            directory.put(GROUPS, group(f"g{number}", f"u{number}"))
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_standing_is_found_without_reading_a_thousand_documents(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Directory(store)
    with store.write():
        for number in range(1000):
            directory.put(USERS, user(f"u{number}"))
            directory.put(GROUPS, group(f"g{number}", f"u{number}"))
    directory.snapshot().standing("u500@x.org")

    def refuse(*_: object, **__: object) -> list[Document]:
        pytest.fail("a request read every principal")

    monkeypatch.setattr(store, "all", refuse)
    standing = directory.snapshot().standing("u999@x.org")
    assert standing is not None
    assert standing.groups == {"g999", EVERYBODY}


class Interrupted(Directory):
    """Each time that it keeps a snapshot, a reader that began earlier keeps its older one right after."""

    older: Snapshot | None = None
    kept: Snapshot

    @property
    def _cached(self) -> Snapshot:
        return self.kept

    @_cached.setter
    def _cached(self, snapshot: Snapshot) -> None:
        self.kept = self.older or snapshot


def test_what_a_reader_keeps_meanwhile_does_not_become_the_writers_truth(store: Store) -> None:
    directory = Interrupted(store)
    directory.put(USERS, user("first"))
    directory.older = directory.snapshot()
    with store.write():
        directory.put(USERS, user("second"))
        assert directory.snapshot().standing("second@x.org") is not None
        directory.assign(7, "second", ["USER"])
    directory.older = None
    standing = directory.snapshot().standing("second@x.org")
    assert standing is not None, "acknowledged, and not to be seen"
    assert directory.snapshot().may_enter(7, standing)
