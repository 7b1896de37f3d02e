"""The namespaces of the tree: which folder of this machine a path means, and who may use it.

Source: docs.databricks.com/api/workspace/files (/Volumes); mlflow's databricks_sdk_models and dbfs artifact
repositories (/Models, /WorkspaceInternal/Mlflow/Artifacts/<experiment id>).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotFound
from brickyard_local.paths import descend


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A path below the folder `base` that a securable or an experiment owns."""

    base: Path
    names: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Errors: PermissionDenied when a symbolic link lies on the way."""
        return descend(self.base, self.names)


Mount = Callable[[Caller, tuple[str, ...], bool], Place]


class Volumes(Protocol):
    """What the tree asks of the catalog."""

    def volume_folder(self, caller: Caller, catalog: str, schema: str, volume: str, *, write: bool) -> Path: ...


class Models(Protocol):
    """What the tree asks of the registered models."""

    def version_folder(self, caller: Caller, full_name: str, version: int, *, write: bool) -> Path: ...


class Permissions(Protocol):
    """What the tree asks of the permissions."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...


class WorkspaceTree(Protocol):
    """What the tree asks of the workspace's own files."""

    def folder(self, caller: Caller, names: tuple[str, ...]) -> Path: ...


def volumes_mount(volumes: Volumes) -> Mount:
    """Resolve /Volumes/<catalog>/<schema>/<volume>/… by the catalog."""

    def place(caller: Caller, names: tuple[str, ...], write: bool) -> Place:
        if len(names) < 3:
            raise InvalidParameter("A path in a volume starts with /Volumes/<catalog>/<schema>/<volume>.")
        return Place(base=volumes.volume_folder(caller, *names[:3], write=write), names=names[3:])

    return place


def models_mount(models: Models) -> Mount:
    """Resolve /Models/<catalog>/<schema>/<model>/<version>/… by the registered models."""

    def place(caller: Caller, names: tuple[str, ...], write: bool) -> Place:
        if len(names) < 4 or not names[3].isdecimal():
            raise InvalidParameter(
                "A path of a model version starts with /Models/<catalog>/<schema>/<model>/<version number>."
            )
        folder = models.version_folder(caller, ".".join(names[:3]), int(names[3]), write=write)
        return Place(base=folder, names=names[4:])

    return place


def artifacts_mount(permissions: Permissions, files: Path) -> Mount:
    """Resolve /WorkspaceInternal/Mlflow/Artifacts/<experiment id>/…, guarded by the experiment's permissions."""

    def place(caller: Caller, names: tuple[str, ...], write: bool) -> Place:
        if len(names) < 3 or names[:2] != ("Mlflow", "Artifacts"):
            raise NotFound("Of /WorkspaceInternal only Mlflow/Artifacts/<experiment id> exists.")
        permissions.require(caller, "experiments", names[2], "CAN_EDIT" if write else "CAN_READ")
        base = files / "WorkspaceInternal" / str(caller.workspace.workspace_id) / "Mlflow" / "Artifacts" / names[2]
        return Place(base=base, names=names[3:])

    return place


def workspace_mount(tree: WorkspaceTree) -> Mount:
    """Resolve /Workspace/… for reading; the workspace API writes."""

    def place(caller: Caller, names: tuple[str, ...], write: bool) -> Place:
        if write:
            raise InvalidParameter("Workspace files are written with /api/2.0/workspace/import, not the Files API.")
        return Place(base=tree.folder(caller, names), names=names)

    return place
