"""Documents of endpoints, found for a caller."""

from brickyard_local.callers import Caller
from brickyard_local.errors import NotFound
from brickyard_local.serving.needs import Permissions
from brickyard_local.store import Document, Store

OBJECT_TYPE = "serving-endpoints"
_KIND = "serving_endpoints"


class Endpoints:
    """The endpoints of all workspaces in the store."""

    def __init__(self, store: Store, permissions: Permissions) -> None:
        self._store = store
        self._permissions = permissions

    def named(self, workspace_id: int, name: str) -> Document | None:
        """The endpoint, or None."""
        return self._store.get(_KIND, name, scope=workspace_id)

    def of(self, workspace_id: int) -> list[Document]:
        """All of a workspace, oldest first."""
        return self._store.all(_KIND, scope=workspace_id)

    def find(self, caller: Caller, name: str, level: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        endpoint = self.named(caller.workspace.workspace_id, name)
        if endpoint is None:
            raise NotFound(f"Endpoint with name '{name}' does not exist.")
        self._permissions.require(caller, OBJECT_TYPE, endpoint["id"], level)
        return endpoint

    def put(self, endpoint: Document) -> Document:
        """Create or replace."""
        return self._store.put(_KIND, endpoint["name"], endpoint, scope=endpoint["workspace_id"])

    def own(self, caller: Caller, endpoint: Document) -> None:
        """The caller made it."""
        self._permissions.own(caller, OBJECT_TYPE, endpoint["id"])

    def delete(self, endpoint: Document) -> None:
        """With its permissions."""
        with self._store.write():
            self._store.delete(_KIND, endpoint["name"], scope=endpoint["workspace_id"])
            self._permissions.forget(endpoint["workspace_id"], OBJECT_TYPE, endpoint["id"])

    def viewable(self, caller: Caller) -> list[Document]:
        """Those that the caller may view."""
        reached = self._permissions.reached(caller, OBJECT_TYPE, "CAN_VIEW")
        known = self.of(caller.workspace.workspace_id)
        return [endpoint for endpoint in known if reached is None or endpoint["id"] in reached]

    def holds(self, caller: Caller, endpoint: Document, level: str) -> bool:
        """Whether the caller has that permission level."""
        return self._permissions.holds(caller, OBJECT_TYPE, endpoint["id"], level)
