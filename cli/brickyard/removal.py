"""Remove folders, and say what could not be removed."""

import errno
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from brickyard.errors import CannotRemove

_SHOWN = 5


def remove(folders: Iterable[Path]) -> None:
    """Remove the folders with all they hold; what is not there is fine. Errors: CannotRemove, after all was tried."""
    failed: list[str] = []

    def note(_function: object, path: str, error: BaseException) -> None:
        if not isinstance(error, FileNotFoundError):
            failed.append(f"{path} ({getattr(error, 'strerror', None) or error})")

    for folder in folders:
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif sys.version_info >= (3, 12):
            shutil.rmtree(folder, onexc=note)
        else:
            shutil.rmtree(folder, onerror=lambda function, path, info: note(function, path, info[1]))
    if failed:
        # A folder that is not empty follows from what it holds: the causes come first.
        causes = [text for text in failed if os.strerror(errno.ENOTEMPTY) not in text] or failed
        more = f" and {len(causes) - _SHOWN} more" if len(causes) > _SHOWN else ""
        raise CannotRemove(
            f"These could not be removed: {'; '.join(causes[:_SHOWN])}{more}. "
            "Make them yours (`ls -ld`, `chmod`, `sudo chown`), then run the same command again."
        )
