"""Python's own file functions in a task, for which `/Volumes/…` is there as on Databricks.

`open` and the functions of `os` are changed, so that whatever stands on them is too: pathlib, shutil, tempfile, glob,
zipfile. Messages and listings show the path that was asked for. As on Databricks nothing is appended and there are no
links. Libraries that open files by themselves: `volume_libraries`.
Gaps: processes that a task starts see no volumes; writes in the middle of a file that is being written are not refused.
"""

import builtins
import errno
import functools
import io
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, Self

from brickyard_local.runtime.volumes import Volumes

_LOOKS = ("lstat", "stat")
_READS = ("chdir", "getxattr", "listdir", "listxattr", "readlink", "statvfs")
_WRITES = ("chmod", "chown", "mkdir", "remove", "removexattr", "rmdir", "setxattr", "truncate", "unlink", "utime")
_MOVES = ("rename", "replace")
_NONE_THERE = ("link", "mkfifo", "mknod", "symlink")
_NAMED = ("path", "src", "dst")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def install(volumes: Volumes) -> None:
    """Change the functions of this process."""
    for names, write, count in ((_LOOKS, False, 1), (_READS, False, 1), (_WRITES, True, 1), (_MOVES, True, 2)):
        for name in names:
            if hasattr(os, name):
                _put(name, _changed(volumes, getattr(os, name), write=write, count=count, looks=names is _LOOKS))
    for name in _NONE_THERE:
        _put(name, _refusing(volumes, getattr(os, name)))
    _put("access", _access(volumes, os.access))
    _put("scandir", _scandir(volumes, os.scandir))
    _put("open", _os_open(volumes, os.open))
    builtins.open = io.open = _open(volumes, builtins.open)
    # Else a folder's files are deleted by descriptors, which name no path.
    shutil._use_fd_functions = False  # type: ignore[attr-defined]  # noqa: SLF001


def _put(name: str, changed: Any) -> None:
    """A function of `os` in the place of another, with what is known of that one."""
    for known in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        if getattr(os, name) in known:
            known.add(changed)
    setattr(os, name, changed)


def translated(volumes: Volumes, original: Callable[..., Any], *, write: bool, at: int = 0, name: str = "") -> Any:
    """A function whose argument `at`, or called `name`, is a path: it gets the path on this machine."""

    @functools.wraps(original)
    def changed(*arguments: Any, **named: Any) -> Any:
        asked = arguments[at] if len(arguments) > at else named.get(name)
        if volumes.names(asked) is None:
            return original(*arguments, **named)
        here = volumes.here(asked, write=write)
        if len(arguments) > at:
            return original(*arguments[:at], here, *arguments[at + 1 :], **named)
        return original(*arguments, **{**named, name: here})

    return changed


def _changed(volumes: Volumes, original: Any, *, write: bool, count: int, looks: bool) -> Any:
    @functools.wraps(original)
    def changed(*arguments: Any, **named: Any) -> Any:
        asked = [*arguments[:count], *(named[name] for name in _NAMED if name in named)]
        if all(volumes.names(each) is None for each in asked):
            return original(*arguments, **named)
        if looks and volumes.is_above(asked[0]):
            return original("/")  # a folder, of which nothing else is said
        with _Shown() as shown:
            first = [shown.of(each, volumes.here(each, write=write)) for each in arguments[:count]]
            inner = {
                key: shown.of(each, volumes.here(each, write=write)) if key in _NAMED else each
                for key, each in named.items()
            }
            return original(*first, *arguments[count:], **inner)

    return changed


class _Shown:
    """Has an OSError name the path that was asked for, not the folder behind it."""

    def __init__(self) -> None:
        self._asked: dict[Any, Any] = {}

    def of(self, asked: Any, here: Any) -> Any:
        self._asked[here] = asked
        return here

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            for name in ("filename", "filename2"):
                found = getattr(error, name)
                if isinstance(found, str) and found in self._asked:
                    setattr(error, name, str(self._asked[found]))


def _refusing(volumes: Volumes, original: Any) -> Any:
    @functools.wraps(original)
    def refusing(*arguments: Any, **named: Any) -> Any:
        for each in (*arguments[:2], *named.values()):
            if volumes.names(each) is not None:
                raise OSError(errno.ENOTSUP, f"volumes have no {original.__name__}", str(each))
        return original(*arguments, **named)

    return refusing


def _access(volumes: Volumes, original: Any) -> Any:
    @functools.wraps(original)
    def access(path: Any, mode: int, **named: Any) -> bool:
        if volumes.names(path) is None:
            return bool(original(path, mode, **named))
        if volumes.is_above(path):
            return not mode & os.W_OK
        try:
            return bool(original(volumes.here(path, write=bool(mode & os.W_OK)), mode, **named))
        except OSError:
            return False

    return access


def _open(volumes: Volumes, original: Any) -> Any:
    @functools.wraps(original)
    def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if volumes.names(file) is None:
            return original(file, mode, *arguments, **named)
        if "a" in mode or "+" in mode:
            raise OSError(errno.ENOTSUP, f"volumes take no appends and no changes of a file (mode {mode!r})", str(file))
        with _Shown() as shown:
            here = shown.of(file, volumes.here(file, write=not {"w", "x"}.isdisjoint(mode)))
            return original(here, mode, *arguments, **named)

    return opened


def _os_open(volumes: Volumes, original: Any) -> Any:
    @functools.wraps(original)
    def opened(path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if volumes.names(path) is None:
            return int(original(path, flags, *arguments, **named))
        if flags & os.O_APPEND:
            raise OSError(errno.ENOTSUP, "volumes take no appends", str(path))
        with _Shown() as shown:
            here = shown.of(path, volumes.here(path, write=bool(flags & _WRITING)))
            return int(original(here, flags, *arguments, **named))

    return opened


def _scandir(volumes: Volumes, original: Any) -> Any:
    @functools.wraps(original)
    def scandir(path: Any = ".") -> Any:
        if volumes.names(path) is None:
            return original(path)
        with _Shown() as shown:
            return _Entries(original(shown.of(path, volumes.here(path, write=False))), os.fspath(path))

    return scandir


class _Entries:
    """What `os.scandir` answers for a folder of a volume."""

    def __init__(self, found: Any, folder: str) -> None:
        self._found = found
        self._folder = folder

    def __iter__(self) -> Iterator["_Entry"]:
        return self

    def __next__(self) -> "_Entry":
        return _Entry(next(self._found), self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._found.close()


class _Entry:
    """An `os.DirEntry` whose path is the one that was asked for."""

    def __init__(self, entry: Any, folder: str) -> None:
        self._entry = entry
        self.path = os.path.join(folder, entry.name)  # noqa: PTH118 - as os.DirEntry has it

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def __fspath__(self) -> str:
        return self.path
