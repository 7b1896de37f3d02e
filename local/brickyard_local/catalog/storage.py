"""Folders of managed storage, kept in step with the documents across crashes.

What a change does to folders is written down in the same transaction as its documents and done after the commit;
an interrupted change is finished at the next start. Removing is a move into the trash, then a deletion.
"""

import os
import re
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from brickyard_local.account import Home
from brickyard_local.catalog.urls import StorageUrl, from_folder
from brickyard_local.paths import descend
from brickyard_local.store import Document, Store

_KIND = "folder_moves"
_TRASH = "trash"
_TABLE_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(kw_only=True, slots=True)
class FolderMoves:
    """What one change does to folders, in order; paths are relative to the home."""

    pending: list[tuple[str, str | None]] = field(default_factory=list)

    def move(self, old: str, new: str) -> None:
        self.pending.append((old, new))

    def discard(self, old: str) -> None:
        self.pending.append((old, None))


class Storage:
    """The folders of volumes, model versions and managed tables."""

    def __init__(self, store: Store, home: Home) -> None:
        self._store = store
        self._home = home
        self._lock = threading.RLock()
        self._current: FolderMoves | None = None

    @contextmanager
    def change(self) -> Iterator[FolderMoves]:
        """A transaction over documents and folders; changes never overlap, a nested one joins."""
        with self._store.settled(), self._lock:
            if self._current is not None:
                yield self._current
                return
            moves = self._current = FolderMoves()
            try:
                with self._store.write():
                    yield moves
                    written = [self._write_down(old, new) for old, new in moves.pending]
            finally:
                self._current = None
            if written:
                self._store.settle()
            for entry in written:
                self._do(entry)
        for entry in written:
            self._remove_trash(entry)

    def finish_interrupted(self) -> None:
        """Do what an earlier process committed but did not get to. Called before anything is answered."""
        for entry in self._store.all(_KIND):
            self._do(entry)
        shutil.rmtree(self._home.root / _TRASH, ignore_errors=True)

    def table_folder(self, table_id: str) -> Path:
        return self._home.tables / table_id

    def volume_folder(self, full_name: str) -> Path:
        return self._home.root / volume_path(full_name)

    def external_folder(self, url: StorageUrl) -> Path:
        """The folder that stands for a URL of cloud storage. Errors: PermissionDenied for a link on the way."""
        return descend(self._home.root, tuple(url.folder.split("/")))

    def url_of(self, location: str) -> StorageUrl | None:
        """The URL that a `file:` location below the home stands for."""
        return from_folder(location, self._home.root.resolve()) or from_folder(location, self._home.root)

    def make_volume(self, full_name: str, external: StorageUrl | None) -> None:
        """The folder of a new volume; an EXTERNAL one's is a link, so that engines find it where they look.

        The link is relative: it stays right when the volume, or the home, moves.
        """
        folder = self.volume_folder(full_name)
        if folder.is_symlink():  # left by a creation that a crash undid
            folder.unlink()
        if external is None:
            folder.mkdir(parents=True, exist_ok=True)
            return
        target = self.external_folder(external)
        target.mkdir(parents=True, exist_ok=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.symlink_to(os.path.relpath(target, folder.parent), target_is_directory=True)

    def model_folder(self, full_name: str) -> Path:
        return self._home.root / model_path(full_name)

    def sweep_tables(self, known: set[str]) -> None:
        """Remove folders of tables that were staged or written but never registered; other folders are not ours."""
        for folder in self._home.tables.iterdir():
            if _TABLE_ID.match(folder.name) and folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _write_down(self, old: str, new: str | None) -> Document:
        number = self._store.next_id()
        entry = {"number": number, "old": old, "new": new or f"{_TRASH}/{uuid.uuid4()}"}
        return self._store.put(_KIND, number, entry)

    def _do(self, entry: Document) -> None:
        old, new = self._home.root / entry["old"], self._home.root / entry["new"]
        if old.exists() or old.is_symlink():
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)
        self._store.delete(_KIND, entry["number"])

    def _remove_trash(self, entry: Document) -> None:
        """Remove what this change threw away, and nothing that another is just moving in."""
        trash = self._home.root / entry["new"]
        if entry["new"].startswith(f"{_TRASH}/") and trash.is_symlink():
            trash.unlink()
        elif entry["new"].startswith(f"{_TRASH}/"):
            shutil.rmtree(trash, ignore_errors=True)


def volume_path(full_name: str) -> str:
    """Where files of a volume, or of all volumes of a schema or catalog, lie below the home."""
    return f"files/Volumes/{full_name.replace('.', '/')}"


def model_path(full_name: str) -> str:
    """As `volume_path`, for files of model versions."""
    return f"files/Models/{full_name.replace('.', '/')}"
