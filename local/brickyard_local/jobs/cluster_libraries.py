"""Libraries of clusters, made ready before tasks attach: what tasks will be given of them."""

import platform
from pathlib import Path

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.jobs import packages, wheels
from brickyard_local.jobs.needs import Files
from brickyard_local.jobs.requirement_files import read_requirements


class ClusterLibraries:
    """Provides one library at a time, as a task would need it."""

    def __init__(self, home: Home, files: Files) -> None:
        self._home = home
        self._files = files

    def provide(self, caller: Caller, dependency: str) -> None:
        """Unpack a wheel, install a requirement or a list of them (`-r /Volumes/…`). Errors: CannotInstall."""
        inner = [dependency]
        if dependency.startswith("-r "):
            inner = read_requirements(dependency, self._local(caller, dependency[3:].strip()))
        cache = wheels.cache_of(self._home.cache)
        unpacked = [wheels.unpack(self._local(caller, text), cache) for text in inner if text.startswith("/")]
        requirements = [text for text in inner if not text.startswith("/")]
        missing = wheels.missing(unpacked, requirements, platform.python_version())
        if missing:
            run = packages.into_log(self._home.logs / "cluster-libraries.log")
            packages.ensure(missing, self._home.cache, run)

    def _local(self, caller: Caller, path: str) -> Path:
        return self._files.local_path(caller, path, write=False)
