"""Who holds what, by principal: a table beside the lists, so that a list of objects is filtered by one question.

Asking object by object reads each one's list; of a thousand jobs that would be two thousand reads.
"""

import json
from collections.abc import Iterable, Sequence

from brickyard_local.store import Document, Store

_TABLE = (
    "CREATE TABLE IF NOT EXISTS permission_index (scope INTEGER NOT NULL, object_type TEXT NOT NULL, "
    "principal TEXT NOT NULL, object_id TEXT NOT NULL, level TEXT NOT NULL, "
    "PRIMARY KEY (scope, object_type, principal, object_id, level)) WITHOUT ROWID"
)
_BY_OBJECT = "CREATE INDEX IF NOT EXISTS permissions_of_object ON permission_index (scope, object_type, object_id)"
_HELD = (
    "SELECT object_id FROM permission_index WHERE scope=? AND object_type=? "
    "AND principal IN (SELECT value FROM json_each(?)) AND level IN (SELECT value FROM json_each(?))"
)


class PermissionIndex:
    """The table. Made, and filled from the lists of an older account, when it is not there."""

    def __init__(self, store: Store, kind: str) -> None:
        self._store = store
        with store.write():
            known = store.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name='permission_index'")
            store.execute(_TABLE)
            store.execute(_BY_OBJECT)
            if not known:
                for workspace in store.all("workspaces"):
                    for document in store.all(kind, scope=workspace["workspace_id"]):
                        self.put(workspace["workspace_id"], document["key"], document["grants"])

    def put(self, workspace_id: int, key: str, grants: Iterable[Document]) -> None:
        """The grants of an object (`jobs/17`) as they are now; inside the transaction that writes its list."""
        object_type, _, object_id = key.rpartition("/")
        self.remove(workspace_id, key)
        for grant in grants:
            self._store.execute(
                "INSERT OR IGNORE INTO permission_index VALUES (?, ?, ?, ?, ?)",
                (workspace_id, object_type, grant["principal"], object_id, grant["level"]),
            )

    def remove(self, workspace_id: int, key: str) -> None:
        """Inside the transaction that removes the object's list."""
        object_type, _, object_id = key.rpartition("/")
        self._store.execute(
            "DELETE FROM permission_index WHERE scope=? AND object_type=? AND object_id=?",
            (workspace_id, object_type, object_id),
        )

    def held(
        self, workspace_id: int, object_type: str, principals: Iterable[str], levels: Sequence[str]
    ) -> frozenset[str]:
        """Ids of the objects on which one of the principals has one of the levels."""
        values = (workspace_id, object_type, json.dumps(sorted(principals)), json.dumps(levels))
        return frozenset(row[0] for row in self._store.execute(_HELD, values))
