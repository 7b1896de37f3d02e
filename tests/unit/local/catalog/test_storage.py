import uuid
from pathlib import Path

import pytest

from brickyard_local.account import Home
from brickyard_local.catalog.storage import FolderMoves, Storage
from brickyard_local.store import Store


class PowerCut(BaseException):
    """Raised to end a change where a process could die."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(root=tmp_path / "a home", cache=tmp_path / "cache")
    home.create()
    return home


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home.database)


def full(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "data").write_text("x")
    return folder


def drop_and_rename(storage: Storage) -> None:
    with storage.change() as moves:
        moves.discard("files/gone")
        moves.move("files/old", "files/new")


def test_folders_move_and_go_with_a_change(home: Home, store: Store) -> None:
    full(home.files / "old")
    full(home.files / "gone")
    with Storage(store, home).change() as moves:
        moves.move("files/old", "files/sub/new")
        moves.discard("files/gone")
    assert (home.files / "sub/new/data").read_text() == "x"
    assert not (home.files / "old").exists()
    assert not (home.files / "gone").exists()
    assert list((home.root / "trash").iterdir()) == []


def test_a_change_that_fails_leaves_folders_and_documents_alone(home: Home, store: Store) -> None:
    full(home.files / "kept")

    def fail(moves: FolderMoves) -> None:
        store.put("things", "a", {"a": 1})
        moves.discard("files/kept")
        raise PowerCut

    with pytest.raises(PowerCut), Storage(store, home).change() as moves:
        fail(moves)
    assert (home.files / "kept/data").exists()
    assert store.get("things", "a") is None


def test_what_was_committed_before_a_crash_is_finished_at_the_next_start(
    home: Home, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(home.files / "gone")
    full(home.files / "old")
    storage = Storage(store, home)

    def cut(_entry: object) -> None:
        raise PowerCut

    monkeypatch.setattr(storage, "_do", cut)
    with pytest.raises(PowerCut):
        drop_and_rename(storage)
    assert (home.files / "gone").exists()
    Storage(store, home).finish_interrupted()
    assert not (home.files / "gone").exists()
    assert (home.files / "new/data").exists()
    Storage(store, home).finish_interrupted()
    assert (home.files / "new/data").exists()


def test_a_nested_change_joins_the_outer_one(home: Home, store: Store) -> None:
    full(home.files / "gone")
    storage = Storage(store, home)
    with storage.change():
        with storage.change() as moves:
            moves.discard("files/gone")
        assert (home.files / "gone").exists()
    assert not (home.files / "gone").exists()


def test_tables_that_were_never_registered_are_swept_and_other_folders_are_not(home: Home, store: Store) -> None:
    known, orphan = str(uuid.uuid4()), str(uuid.uuid4())
    for name in (known, orphan, "somebody's"):
        full(home.tables / name)
    Storage(store, home).sweep_tables({known})
    assert {folder.name for folder in home.tables.iterdir()} == {known, "somebody's"}
