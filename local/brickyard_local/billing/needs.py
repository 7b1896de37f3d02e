"""What budget policies need of the other services."""

from typing import Protocol

from brickyard_local.callers import Caller


class Roles(Protocol):
    """Who has which role on an object of a collection."""

    def holds(self, caller: Caller, object_id: str, role: str, collection: str, /) -> bool: ...

    def forget(self, collection: str, object_id: str, /) -> None: ...


class WorkspaceIds(Protocol):
    """The ids of the account's workspaces."""

    def __call__(self) -> frozenset[int]: ...
