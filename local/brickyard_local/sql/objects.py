"""What saved queries, alerts and dashboards have in common: documents with an id, an owner, a folder, and a trash.

Deviation: the folder must exist and let the caller add to it, but the workspace tree does not list them.
"""

import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from brickyard_local.callers import Caller
from brickyard_local.errors import NotFound
from brickyard_local.sql.needs import Permissions, Tree
from brickyard_local.store import Document, Store


def now() -> str:
    """The time as these APIs state it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Objects:
    """Documents of one kind; `request_type` is their name in the permissions API."""

    def __init__(self, store: Store, permissions: Permissions, tree: Tree, *, kind: str, request_type: str) -> None:
        self._store = store
        self._permissions = permissions
        self._tree = tree
        self._kind = kind
        self.request_type = request_type

    def require(self, caller: Caller, object_id: str, level: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, self.request_type, object_id, level)
        return self.document(caller.workspace.workspace_id, object_id)

    def document(self, workspace_id: int, object_id: str) -> Document:
        """Errors: NotFound."""
        found = self._store.get(self._kind, object_id, scope=workspace_id)
        if found is None:
            raise NotFound(f"{self.request_type} {object_id} does not exist.")
        return found

    def all(self, workspace_id: int) -> list[Document]:
        """Oldest first, those in the trash too."""
        return self._store.all(self._kind, scope=workspace_id)

    def listed(self, caller: Caller, *, states: Collection[str] = ("ACTIVE",)) -> list[Document]:
        """Those that are active, or in these states, and that the caller may read, oldest first."""
        found = (each for each in self.all(caller.workspace.workspace_id) if each["lifecycle_state"] in states)
        return [each for each in found if self._permissions.holds(caller, self.request_type, each["id"], "CAN_READ")]

    def add(self, caller: Caller, fields: Document, check: Callable[[Document], None]) -> Document:
        """A new one of the caller's. Errors: as `check`; NotFound, PermissionDenied for the folder."""
        folder = (fields.get("parent_path") or f"/Users/{caller.principal}").removeprefix("/Workspace")
        self._tree.require_parent(caller, f"{folder.rstrip('/')}/object")
        moment = now()
        document: Document = {
            **fields,
            "id": str(uuid.uuid4()),
            "owner_user_name": caller.principal,
            "folder": folder,
            "lifecycle_state": "ACTIVE",
            "create_time": moment,
            "update_time": moment,
        }
        with self._store.write():
            check(document)
            self._permissions.own(caller, self.request_type, document["id"])
            return self.put(caller.workspace.workspace_id, document)

    def put(self, workspace_id: int, document: Document) -> Document:
        return self._store.put(self._kind, document["id"], document, scope=workspace_id)

    def change(
        self, caller: Caller, object_id: str, changes: Callable[[Document], Document], *, level: str = "CAN_EDIT"
    ) -> Document:
        """`changes` takes the document of now. Errors: NotFound, PermissionDenied, and those of `changes`."""
        with self._store.write():
            document = changes(self.require(caller, object_id, level))
            return self.put(caller.workspace.workspace_id, {**document, "update_time": now()})

    def trash(self, caller: Caller, object_id: str, *, state: str) -> None:
        """Out of the lists; it can still be read by its id. Errors: NotFound, PermissionDenied."""
        self.change(caller, object_id, lambda document: {**document, "lifecycle_state": state}, level="CAN_MANAGE")

    def purge(self, caller: Caller, object_id: str) -> None:
        """Gone for good. Errors: NotFound, PermissionDenied."""
        workspace_id = caller.workspace.workspace_id
        with self._store.write():
            self.require(caller, object_id, "CAN_MANAGE")
            self._store.delete(self._kind, object_id, scope=workspace_id)
            self._permissions.forget(workspace_id, self.request_type, object_id)

    def exists(self, workspace_id: int, object_id: str) -> bool:
        """For permissions."""
        return self._store.get(self._kind, object_id, scope=workspace_id) is not None

    def inherited(self, workspace_id: int, object_id: str) -> list[tuple[str, str, str]]:
        """What the folder gives on what lies in it: (principal, level, the folder that grants it)."""
        return self._tree.granted_above(workspace_id, f"{self.document(workspace_id, object_id)['folder']}/object")
