"""Contents on their way into the workspace tree: on the disk before the database is held, renamed while it is."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Staged:
    """A folder beside the tree, on the same file system; no path of the tree leads there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def file(self, content: bytes) -> Iterator[Path]:
        """A file with the content, on the disk; gone at the end of the block unless it was moved."""
        self._folder.mkdir(parents=True, exist_ok=True)
        staged = self._folder / uuid.uuid4().hex
        try:
            with staged.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield staged
        finally:
            staged.unlink(missing_ok=True)

    def taken(self, content: Path) -> Path | None:
        """Content that leaves the tree, moved here to be removed; None when there is none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        trash = self._folder / uuid.uuid4().hex
        try:
            content.rename(trash)
        except FileNotFoundError:
            return None
        return trash

    def sweep(self) -> None:
        """Remove what an earlier process left."""
        shutil.rmtree(self._folder, ignore_errors=True)
