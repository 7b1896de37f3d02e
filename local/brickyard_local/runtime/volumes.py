"""Which folder of this machine a path in `/Volumes` means for a task, asked of the workspace when it is first used.

Databricks mounts volumes into every task's machine. A mount needs privileges that a developer's machine, a container or
a build agent does not give, so that the process of a task is told the folder instead (`volume_files`). What may be read
and written is what the run's principal may: READ VOLUME, WRITE VOLUME.
Source: docs.databricks.com/aws/en/volumes/volume-files (paths), …/files/files-recommendations (limitations)
Gaps: an answer is kept for the life of the process; one that is taken away is noticed by the next task.
"""

import errno
import os
from typing import Any

from brickyard_local.runtime import workspace_api

PATH = "/api/local/volumes/folder"
ROOT = "Volumes"
_DEPTH = 4  # Volumes, catalog, schema, volume
_MISSING = frozenset({"NOT_FOUND", "RESOURCE_DOES_NOT_EXIST"})


class Volumes:
    """The volumes of one process. Thread-safe: what two threads ask at once is the same answer twice."""

    def __init__(self) -> None:
        self._folders: dict[tuple[str, bool], str] = {}
        self._of_this_machine: dict[str, bool] = {}
        self._look = os.lstat  # as it is before `volume_files` changes it

    def names(self, path: Any) -> tuple[str, ...] | None:
        """The names of a path in `/Volumes`, `..` resolved; None for any other path and for open files."""
        if not isinstance(path, str):
            if not hasattr(path, "__fspath__"):
                return None
            path = path.__fspath__()
            if not isinstance(path, str):
                return None
        if not path.startswith(f"/{ROOT}"):
            return None
        names = tuple(os.path.normpath(path)[1:].split("/"))
        return names if names[0] == ROOT and not self._is_a_disk(names[1:2]) else None

    def _is_a_disk(self, name: tuple[str, ...]) -> bool:
        """Where disks are mounted there, as on macOS; a clone may lie on one."""
        if not name:
            return False
        if name[0] not in self._of_this_machine:
            try:
                self._look(f"/{ROOT}/{name[0]}")
            except OSError:
                self._of_this_machine[name[0]] = False
            else:
                self._of_this_machine[name[0]] = True
        return self._of_this_machine[name[0]]

    def is_above(self, path: Any) -> bool:
        """Whether it is `/Volumes` itself, a catalog or a schema in it."""
        names = self.names(path)
        return names is not None and len(names) < _DEPTH

    def here(self, path: Any, *, write: bool) -> Any:
        """The path on this machine; any other path as it is.

        Errors: PermissionError without the privilege, and above volumes; FileNotFoundError for no such volume.
        """
        names = self.names(path)
        if names is None:
            return path
        if len(names) < _DEPTH:
            raise PermissionError(errno.EACCES, "files lie in /Volumes/<catalog>/<schema>/<volume> only", str(path))
        volume = "/" + "/".join(names[:_DEPTH])
        return "/".join((self._folder(volume, write), *names[_DEPTH:]))

    def _folder(self, volume: str, write: bool) -> str:
        known = self._folders.get((volume, write))
        if known is None:
            try:
                answer = workspace_api.call("POST", PATH, body={"path": volume, "write": write})
            except workspace_api.WorkspaceRefused as refused:
                raise _as_os_error(refused, volume) from None
            known = self._folders[volume, write] = str(answer["folder"])
        return known


def _as_os_error(refused: workspace_api.WorkspaceRefused, volume: str) -> OSError:
    if refused.code in _MISSING or refused.code.endswith("DOES_NOT_EXIST") or refused.code.endswith("NOT_FOUND"):
        return FileNotFoundError(errno.ENOENT, str(refused), volume)
    return PermissionError(errno.EACCES, str(refused), volume)
