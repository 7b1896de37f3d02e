"""Folders of sockets are private, short, and swept once their maker is dead."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brickyard_local import sockets
from brickyard_local.errors import CannotStart
from brickyard_local.sockets import socket_folder, sweep

_MAKER = """
import time
from brickyard_local.sockets import socket_folder
print(socket_folder("x").path, flush=True)
time.sleep(600)
"""


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Longer than a socket's path may be, unless the fixture's own base is short enough."""
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"b{os.getpid()}{time.monotonic_ns() % 10**6}"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def test_a_folder_lives_with_its_maker_and_goes_when_that_is_killed(base: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _MAKER], stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout is not None
        path = Path(maker.stdout.readline().strip())
        assert path.parent == base
        assert path.stat().st_mode & 0o777 == 0o700
        sweep()
        assert path.exists()
        maker.send_signal(signal.SIGKILL)
    sweep()
    assert not path.exists()
    base.rmdir()


def test_what_is_not_ours_to_sweep_stays(base: Path) -> None:
    (base / "brickyard-notes").mkdir()
    (base / "brickyard-notes" / "precious").touch()
    (base / "brickyard-link-1").symlink_to(base / "brickyard-notes")
    (base / "brickyard-just-made").mkdir()
    sweep()
    assert sorted(path.name for path in base.iterdir()) == [
        "brickyard-just-made",
        "brickyard-link-1",
        "brickyard-notes",
    ]
    assert (base / "brickyard-notes" / "precious").exists()
    for path in (base / "brickyard-notes" / "precious", base / "brickyard-link-1"):
        path.unlink()
    for name in ("brickyard-notes", "brickyard-just-made"):
        (base / name).rmdir()
    base.rmdir()


def test_a_path_that_is_too_long_for_sockets_is_not_used(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = base / ("x" * 80)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    folder = socket_folder("x")
    assert len(str(folder.path / "123456789012")) < 100
    folder.remove()
    assert not folder.path.exists()
    long.rmdir()
    base.rmdir()


def test_a_shared_folder_lies_where_another_user_reaches_it_and_goes_like_the_others(base: Path) -> None:
    """XDG_RUNTIME_DIR is closed to everybody else, root's included."""
    program = _MAKER.replace('socket_folder("x")', 'socket_folder("x", shared=True)')
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout is not None
        path = Path(maker.stdout.readline().strip())
        assert path.parent != base
        assert path.stat().st_mode & 0o777 == 0o711
        assert all(folder.stat().st_mode & 0o001 for folder in path.parents)
        maker.send_signal(signal.SIGKILL)
    sweep()
    assert not path.exists()
    base.rmdir()


def test_without_a_place_that_another_user_reaches_it_is_said_what_to_set(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_temporary", lambda: (base,))
    with pytest.raises(CannotStart, match="set TMPDIR"):
        socket_folder("x", shared=True)
    base.rmdir()
