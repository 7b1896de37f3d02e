"""Folders for Unix sockets: private, with a short path, and swept when who made them is gone.

A socket's path has at most 107 bytes, so they cannot lie in the home. Each folder holds a file that its maker keeps
locked; where the lock is free, the maker is dead, whatever killed it.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from brickyard_local.errors import CannotStart

_PREFIX = "brickyard-"
_LOCK = "lock"
_LONGEST = 60
_UNLOCKED_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SocketFolder:
    """A folder that only this user may enter. It is swept by others once this process is gone."""

    path: Path
    holder: int

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self.holder)


def socket_folder(purpose: str, *, shared: bool = False) -> SocketFolder:
    """A new, empty folder; those that dead processes left are removed.

    One that is `shared` lies, and lets through, where a child of another user reaches what it is given there.
    Errors: CannotStart when there is no such place.
    """
    sweep()
    path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{purpose}-", dir=_shared_base() if shared else _base()))
    if shared:
        path.chmod(0o711)
    holder = os.open(path / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(holder, fcntl.LOCK_EX)
    return SocketFolder(path=path, holder=holder)


def sweep() -> None:
    """Remove the folders whose makers are dead."""
    for base in {_base(), *_temporary()}:
        for path in base.glob(f"{_PREFIX}*-*"):
            with contextlib.suppress(OSError):
                if _is_dead(path):
                    shutil.rmtree(path, ignore_errors=True)


def _is_dead(path: Path) -> bool:
    facts = path.lstat()
    if path.is_symlink() or not path.is_dir() or facts.st_uid != os.getuid():
        return False
    if not any(path.iterdir()):  # just made, or left in the very moment between making and locking
        return time.time() - facts.st_mtime > _UNLOCKED_S
    if not (path / _LOCK).is_file():
        return False
    holder = os.open(path / _LOCK, os.O_WRONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(holder)
    return True


def _base() -> Path:
    for candidate in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir()):
        if candidate and len(candidate) < _LONGEST and os.access(candidate, os.W_OK | os.X_OK):
            return Path(candidate)
    return Path("/tmp")  # noqa: S108 - mkdtemp makes a folder that only its owner enters


def _temporary() -> tuple[Path, ...]:
    places = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108 - as in `_base`
    return tuple(Path(place) for place in dict.fromkeys(places) if len(place) < _LONGEST)


def _shared_base() -> Path:
    for place in _temporary():
        way = (place, *place.parents)
        if os.access(place, os.W_OK | os.X_OK) and all(folder.stat().st_mode & stat.S_IXOTH for folder in way):
            return place
    raise CannotStart(
        f"None of {', '.join(map(str, _temporary()))} can be entered by another user than this one, and a child must "
        "run as another: set TMPDIR to a folder that everybody may enter, or run the workspace as an ordinary user."
    )
