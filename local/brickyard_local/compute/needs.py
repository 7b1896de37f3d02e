"""What compute needs of the other services."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from brickyard_local.callers import Caller


class Permissions(Protocol):
    """Permission levels on clusters and policies."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def reached(self, caller: Caller, object_type: str, level: str) -> frozenset[str] | None: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...


CallerOf = Callable[[int, str], Caller]
Entitlements = Callable[[Caller], frozenset[str]]
"""What a caller is entitled to, itself or through its groups."""
Provide = Callable[[Caller, str], None]
"""Makes a dependency ready for tasks: the path of a wheel, a requirement, or a list of them (`-r <path>`).

Errors: LocalWorkspaceError that says what is missing.
"""
Clock = Callable[[], int]
Stop = Callable[[], None]
Attached = AbstractContextManager[None]
