"""What watches look at on this machine: the files of a volume's folder, the latest version of a Delta table."""

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

from brickyard_local.errors import ApiError
from brickyard_local.triggers.watches import UNREADABLE

_COMMIT = re.compile(r"(\d{20})\.json")
_log = logging.getLogger("brickyard_local.triggers")

Find = Callable[[], Path]
"""Finds a folder in the name of the run's principal. Errors: ApiError when it is missing or may not be read."""


def files(find: Find) -> dict[str, int] | None:
    """All files below a folder, by their path in it; those that appear whole only. None: it cannot be read."""
    folder = _found(find)
    if folder is None:
        return None
    return {
        os.path.relpath(os.path.join(parent, name), folder): 0  # noqa: PTH118 - thousands of files per look
        for parent, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".")
    }


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
