"""Put the workspace tree together with the permissions of what it holds."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from brickyard_local.store import Store
from brickyard_local.workspace.access import Permissions
from brickyard_local.workspace.service import WorkspaceService

Exists = Callable[[int, str], bool]
Inherited = Callable[[int, str], list[tuple[str, str, str]]]


class Registry(Permissions, Protocol):
    """Permissions that can be told who knows their objects."""

    def register(self, request_type: str, exists: Exists, *, inherited: Inherited | None = None) -> None: ...


class Principals(Protocol):
    """What the tree asks of identity."""

    def principal_field(self, name: str) -> str | None: ...


def compose_workspace(store: Store, files: Path, permissions: Registry, principals: Principals) -> WorkspaceService:
    """The tree, registered for the permissions of folders, notebooks, files and experiments."""

    def has_home(name: str) -> bool:
        return principals.principal_field(name) in {"user_name", "service_principal_name"}

    workspace = WorkspaceService(store, files, permissions, has_home=has_home)
    for kind in ("directories", "notebooks", "files", "experiments"):
        inherited = partial(workspace.access.inherited, kind)
        permissions.register(kind, partial(workspace.exists, kind), inherited=inherited)
    return workspace
