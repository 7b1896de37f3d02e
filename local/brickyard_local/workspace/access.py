"""Who may do what in the tree: grants on an object, on the folders above it, and what the tree itself grants.

Source: docs.databricks.com/aws/en/security/auth/access-control: everybody has CAN_MANAGE in /Shared, a principal
in its home; objects inherit from their folders.
"""

from collections.abc import Sequence
from typing import Protocol

from brickyard_local.callers import Caller
from brickyard_local.errors import PermissionDenied
from brickyard_local.store import Document
from brickyard_local.workspace.objects import BUILT_IN, Objects, parent_of, request_type


class Granted(Protocol):
    """A direct grant."""

    @property
    def principal(self) -> str: ...

    @property
    def level(self) -> str: ...


class Permissions(Protocol):
    """What the tree asks of the permissions."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...

    def direct(self, workspace_id: int, object_type: str, object_id: str) -> Sequence[Granted]: ...


class Access:
    """The checks of the tree."""

    def __init__(self, objects: Objects, permissions: Permissions) -> None:
        self._objects = objects
        self._permissions = permissions

    def require(self, caller: Caller, document: Document, level: str) -> None:
        """Errors: PermissionDenied. `/` and `/Users` can be read by everybody, changed by administrators."""
        if document["path"] in {"/", "/Users"}:
            if level != "CAN_READ" and not caller.is_admin:
                raise PermissionDenied(f"Only administrators change {document['path']}; use /Shared or your home.")
            return
        self._permissions.require(caller, request_type(document), str(document["object_id"]), level)

    def may_read(self, caller: Caller, document: Document) -> bool:
        """Whether a list shows the object to the caller."""
        if document["path"] in BUILT_IN:
            return True
        return self._permissions.holds(caller, request_type(document), str(document["object_id"]), "CAN_READ")

    def own(self, caller: Caller, document: Document) -> None:
        """The caller made it."""
        self._permissions.own(caller, request_type(document), str(document["object_id"]))

    def forget(self, workspace_id: int, document: Document) -> None:
        """It is gone, and so are its grants."""
        self._permissions.forget(workspace_id, request_type(document), str(document["object_id"]))

    def inherited(self, wanted_type: str, workspace_id: int, object_id: str) -> list[tuple[str, str, str]]:
        """What an object inherits: (principal, level, the folder that grants it)."""
        document = self._objects.by_id(workspace_id, wanted_type, object_id)
        if document is None:
            return []
        found = self.granted_above(workspace_id, document["path"])
        if wanted_type == "experiments":
            found = [(who, "CAN_READ" if level == "CAN_RUN" else level, where) for who, level, where in found]
        return found

    def granted_above(self, workspace_id: int, path: str) -> list[tuple[str, str, str]]:
        """What whatever stands at a path inherits: (principal, level, the folder that grants it)."""
        found = list(self._of_the_tree(workspace_id, path.split("/")[1:]))
        path = parent_of(path)
        while path not in BUILT_IN:
            folder = self._objects.find(workspace_id, path)
            if folder is not None:
                folder_id = str(folder["object_id"])
                direct = self._permissions.direct(workspace_id, "directories", folder_id)
                found += [(grant.principal, grant.level, f"/directories/{folder_id}") for grant in direct]
            path = parent_of(path)
        return found

    def _of_the_tree(self, workspace_id: int, names: list[str]) -> list[tuple[str, str, str]]:
        if names[0] == "Shared":
            shared = self._objects.find(workspace_id, "/Shared") or {"object_id": 0}
            return [("users", "CAN_MANAGE", f"/directories/{shared['object_id']}")]
        if names[0] == "Users" and len(names) > 1:
            home = self._objects.find(workspace_id, f"/Users/{names[1]}")
            return [(names[1], "CAN_MANAGE", f"/directories/{home['object_id']}")] if home else []
        return []
