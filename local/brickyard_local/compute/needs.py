"""What compute needs of the other services."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from brickyard_local.callers import Caller


class Permissions(Protocol):
    """Permission levels on clusters and policies."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...


class Files(Protocol):
    """Where a file of a volume or of the workspace lies on this machine."""

    def local_path(self, caller: Caller, path: str, *, write: bool) -> Path: ...


CallerOf = Callable[[int, str], Caller]
Prepare = Callable[[Sequence[Path], Sequence[str]], None]
"""Makes wheels and requirements ready for tasks. Errors: LocalWorkspaceError that says what is missing."""
Clock = Callable[[], int]
Stop = Callable[[], None]
Attached = AbstractContextManager[None]
