"""Libraries of clusters, looked at before tasks attach: what a task could be given of them."""

import platform
from collections.abc import Sequence
from pathlib import Path

from brickyard_local.account import Home
from brickyard_local.jobs import wheels


def provide(home: Home, files: Sequence[Path], requirements: Sequence[str]) -> None:
    """Unpack wheels, check what they and the requirements need. Errors: CannotInstall."""
    libraries = [wheels.unpack(file, wheels.cache_of(home.cache)) for file in files]
    absent = wheels.missing(libraries, requirements, platform.python_version())
    if absent:
        raise wheels.CannotInstall(
            "; ".join(each.why for each in absent) + ". Install it into the environment that the workspace runs in "
            "(Pipfile), or give its wheel to the cluster too."
        )
