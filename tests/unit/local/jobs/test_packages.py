"""Folders of packages: made once, and removed when nobody has asked for them in a long time."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.jobs import packages
from brickyard_local.jobs.wheels import Missing

MONTH_S = 31 * 24 * 3600.0


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder of packages that was asked for a month ago."""
    made = packages.ensure([Missing(requirement="far", why="")], tmp_path, lambda *_: 0)
    (made / "far.py").touch()
    os.utime(made, (time.time() - MONTH_S,) * 2)
    return made


def test_what_nobody_asked_for_in_a_month_goes_when_a_server_starts(old: Path, tmp_path: Path) -> None:
    near = packages.ensure([Missing(requirement="near", why="")], tmp_path, lambda *_: 0)
    with packages.in_use(tmp_path):
        assert [path.name for path in near.parent.iterdir()] == [near.name]


def test_what_was_asked_for_since_stays_with_its_files(old: Path, tmp_path: Path) -> None:
    assert packages.ensure([Missing(requirement="far", why="")], tmp_path, lambda *_: 1) == old
    with packages.in_use(tmp_path):
        assert (old / "far.py").exists()


def test_nothing_is_removed_under_a_server_that_runs(old: Path, tmp_path: Path) -> None:
    os.utime(old)
    with packages.in_use(tmp_path):
        os.utime(old, (time.time() - MONTH_S,) * 2)
        with packages.in_use(tmp_path):
            assert (old / "far.py").exists()
    with packages.in_use(tmp_path):
        assert not old.exists()


def test_a_folder_whose_removal_was_cut_short_is_not_taken_for_a_whole_one(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(folder: Path, **_: Any) -> None:
        assert (folder / "far.py").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", stopped)
    with pytest.raises(KeyboardInterrupt), packages.in_use(tmp_path):
        pass
    assert not old.exists()
    monkeypatch.undo()
    packages.sweep(tmp_path)
    assert list(old.parent.iterdir()) == []
