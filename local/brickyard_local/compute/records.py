"""Clusters, their events and policies as they are kept.

A cluster's document: `cluster_id`, `spec` (after its policy), `requested` (as it was asked for), `creator`, `state`,
`since` (of the state), `turn` (how often the state changed), `libraries`, `pinned`, times in milliseconds.
"""

import secrets
import time
from collections.abc import Iterator
from typing import Any

from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document, Store

CLUSTERS = "clusters"
EVENTS = "cluster_events"
POLICIES = "cluster_policies"
ACTIVE = ("PENDING", "RUNNING", "RESTARTING", "RESIZING")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Records:
    """Reads and writes of clusters, in every workspace."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def cluster(self, workspace_id: int, cluster_id: str) -> Document:
        """Errors: InvalidParameter, with which Databricks answers for a cluster that does not exist."""
        found = self.store.get(CLUSTERS, cluster_id, scope=workspace_id)
        if found is None:
            raise InvalidParameter(f"Cluster {cluster_id} does not exist")
        return found

    def exists(self, workspace_id: int, cluster_id: str) -> bool:
        """Whether there is such a cluster; the permissions service asks."""
        return self.store.get(CLUSTERS, cluster_id, scope=workspace_id) is not None

    def clusters(self, workspace_id: int) -> list[Document]:
        """All of a workspace, oldest first."""
        return self.store.all(CLUSTERS, scope=workspace_id)

    def everywhere(self) -> Iterator[tuple[int, Document]]:
        """All of the account, with their workspace."""
        for workspace in self.store.all("workspaces"):
            for cluster in self.clusters(workspace["workspace_id"]):
                yield workspace["workspace_id"], cluster

    def put(self, workspace_id: int, cluster: Document) -> None:
        """Keep a cluster."""
        self.store.put(CLUSTERS, cluster["cluster_id"], cluster, scope=workspace_id)

    def forget(self, workspace_id: int, cluster_id: str) -> None:
        """Remove a cluster with its events."""
        with self.store.write():
            self.store.delete(CLUSTERS, cluster_id, scope=workspace_id)
            for event in self.events(workspace_id, cluster_id):
                self.store.delete(EVENTS, _event_key(cluster_id, event["number"]), scope=workspace_id)

    def tell(self, workspace_id: int, cluster_id: str, kind: str, at: int, **details: Any) -> None:
        """Keep an event. Call it inside the transaction of what happened."""
        number = self.store.next_id()
        event = {"number": number, "cluster_id": cluster_id, "timestamp": at, "type": kind, "details": details}
        self.store.put(EVENTS, _event_key(cluster_id, number), event, scope=workspace_id)

    def events(self, workspace_id: int, cluster_id: str) -> list[Document]:
        """Oldest first."""
        return self.store.all(EVENTS, prefix=f"{cluster_id}/", scope=workspace_id)


def new_cluster_id() -> str:
    """An id as Databricks gives them: month and day, time, letters."""
    return f"{time.strftime('%m%d-%H%M%S', time.gmtime())}-{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"


def _event_key(cluster_id: str, number: int) -> str:
    return f"{cluster_id}/{number:012d}"
