"""The wheels of a run as they are when it begins: a later deployment may delete or replace their files.

They are unpacked by digest, and the run keeps the digests; so queued and running tasks, retries and repairs of its
tasks never lose their code. What cannot be unpacked now is left to the task, which then fails with the reason.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError
from brickyard_local.jobs import settings, wheels
from brickyard_local.jobs.needs import CallerOf, Files


class Pins:
    """Pins the wheels of runs in the name of their run_as."""

    def __init__(self, files: Files, cache: Path, caller_of: CallerOf) -> None:
        self._files = files
        self._cache = wheels.cache_of(cache)
        self._caller_of = caller_of

    def of(self, workspace_id: int, job: Mapping[str, Any]) -> dict[str, str]:
        """Digests by path, of the wheels that the job's tasks name."""
        named = {
            path
            for task in settings.every_task(job["settings"])
            for path in settings.dependencies(dict(job["settings"]), task)
            if path.startswith("/")
        }
        if not named:
            return {}
        try:
            caller = self._caller_of(workspace_id, job["run_as"])
        except (ApiError, StopIteration):
            return {}
        found = {path: self._digest(caller, path) for path in sorted(named)}
        return {path: digest for path, digest in found.items() if digest is not None}

    def _digest(self, caller: Caller, path: str) -> str | None:
        try:
            local = self._files.local_path(caller, path, write=False)
            return wheels.unpack(local, self._cache).folder.name
        except (ApiError, wheels.CannotInstall, OSError):
            return None
