"""What watches look at on this machine: the files of a volume's folder, the latest version of a Delta table."""

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brickyard_local.errors import ApiError
from brickyard_local.triggers.watches import UNREADABLE

_SETTLED_NS = 2_000_000_000  # no file system of ours keeps coarser times
_COMMIT = re.compile(r"(\d{20})\.json")
_log = logging.getLogger("brickyard_local.triggers")

Find = Callable[[], Path]
"""Finds a folder in the name of the run's principal. Errors: ApiError when it is missing or may not be read."""


class Files:
    """All files below a folder, by their path in it; those that appear whole only.

    A look reads again only those folders whose own time has changed, by which a file comes or goes: a look at a folder
    of many files costs as much as it has folders below it.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._known: dict[str, _Listing] = {}

    def __call__(self) -> dict[str, int] | None:
        """None: it cannot be read."""
        folder = _found(self._find)
        if folder is None:
            return None
        before, self._known = self._known, {}
        waiting = [str(folder)]
        while waiting:
            path = waiting.pop()
            listing = _listed(path, before.get(path))
            if listing is not None:
                self._known[path] = listing
                waiting += listing.folders
        return {os.path.relpath(file, folder): 0 for each in self._known.values() for file in each.files}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listing:
    """What lies in one folder; `stamp` is the folder's inode and time, None when it must be read again."""

    stamp: tuple[int, int] | None
    files: tuple[str, ...]
    folders: tuple[str, ...]


def _listed(path: str, known: _Listing | None) -> _Listing | None:
    """The listing of now. None: the folder went away meanwhile, or may not be read."""
    try:
        found = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - a Path per look costs more
        stamp = (found.st_ino, found.st_ctime_ns)  # which nobody can set back, as rsync does st_mtime
        if known is not None and known.stamp == stamp:
            return known
        with os.scandir(path) as inside:
            entries = list(inside)
        is_folder = {entry.path: entry.is_dir() for entry in entries}
        files = tuple(e.path for e in entries if not is_folder[e.path] and not e.name.startswith("."))
        folders = tuple(e.path for e in entries if is_folder[e.path] and not e.is_symlink())
    except OSError:
        return None
    settled = time.time_ns() - stamp[1] > _SETTLED_NS  # else a file may come without the folder's time moving on
    return _Listing(stamp=stamp if settled else None, files=files, folders=folders)


def table_versions(finds: dict[str, Find]) -> dict[str, int]:
    """The latest version of each table; UNREADABLE while it has none or may not be read."""
    return {name: _version(find) for name, find in finds.items()}


def _version(find: Find) -> int:
    folder = _found(find)
    if folder is None:
        return UNREADABLE
    try:
        names = os.listdir(folder / "_delta_log")  # noqa: PTH208 - names are all that is needed
    except OSError:
        return UNREADABLE
    return max((int(found[1]) for found in map(_COMMIT.fullmatch, names) if found), default=UNREADABLE)


def _found(find: Find) -> Path | None:
    try:
        return find()
    except (ApiError, OSError, ValueError) as error:  # ValueError: a name that no file can have
        _log.debug("cannot look: %s", error)
        return None
