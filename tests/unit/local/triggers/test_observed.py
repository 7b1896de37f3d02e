"""What file arrival looks at: every file that is whole, and no folder twice that did not change."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from brickyard_local.errors import NotFound
from brickyard_local.triggers import observed


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that were read, by name; times of folders count as settled at once."""
    names: list[str] = []
    scandir: Callable[..., object] = os.scandir

    def counted(path: str) -> object:
        names.append(Path(path).name)
        return scandir(path)

    monkeypatch.setattr(observed.os, "scandir", counted)
    monkeypatch.setattr(observed, "_SETTLED_NS", -1)
    return names


def test_files_come_and_go_at_any_depth(tmp_path: Path) -> None:
    look = observed.Files(lambda: tmp_path)
    assert look() == {}
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one.csv").touch()
    (tmp_path / "two.csv").touch()
    (tmp_path / ".writing-three.csv").touch()
    assert set(look() or ()) == {"a/b/one.csv", "two.csv"}
    (tmp_path / "a" / "b").rename(tmp_path / "c")
    (tmp_path / "two.csv").unlink()
    assert set(look() or ()) == {"c/one.csv"}


def test_only_a_folder_that_changed_is_read_again(tmp_path: Path, read: list[str]) -> None:
    for name in ("quiet", "busy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old.csv").touch()
    look = observed.Files(lambda: tmp_path)
    look()
    read.clear()
    time.sleep(0.05)  # the folder's next change is at another time
    (tmp_path / "busy" / "new.csv").touch()
    assert set(look() or ()) == {"quiet/old.csv", "busy/old.csv", "busy/new.csv"}
    assert read == ["busy"]


def test_a_time_that_was_set_back_hides_no_file(tmp_path: Path, read: list[str]) -> None:
    look, before = observed.Files(lambda: tmp_path), tmp_path.stat()
    look()
    time.sleep(0.05)
    (tmp_path / "new.csv").touch()
    os.utime(tmp_path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert set(look() or ()) == {"new.csv"}


def test_a_folder_that_changed_a_moment_ago_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems keep times coarsely: two files may come at the same one."""
    look = observed.Files(lambda: tmp_path)
    look()
    stamp = tmp_path.stat()
    (tmp_path / "new.csv").touch()
    monkeypatch.setattr(observed.os, "stat", lambda *_, **__: stamp)
    assert set(look() or ()) == {"new.csv"}


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(tmp_path: Path) -> None:
    def refused() -> Path:
        raise NotFound("gone")

    assert observed.Files(refused)() is None
