"""Which tasks run on which cluster now. Lives in memory: a task never outlives the server."""

import threading
from collections import defaultdict

from brickyard_local.compute.needs import Stop

_Key = tuple[int, str]


class Attachments:
    """The running tasks of clusters, and how to stop them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: dict[_Key, list[Stop]] = defaultdict(list)

    def add(self, workspace_id: int, cluster_id: str, stop: Stop) -> None:
        """A task starts."""
        with self._lock:
            self._stops[workspace_id, cluster_id].append(stop)

    def remove(self, workspace_id: int, cluster_id: str, stop: Stop) -> None:
        """A task has ended."""
        with self._lock:
            left = self._stops[workspace_id, cluster_id]
            left.remove(stop)
            if not left:
                del self._stops[workspace_id, cluster_id]

    def busy(self, workspace_id: int, cluster_id: str) -> bool:
        """Whether a task runs."""
        with self._lock:
            return bool(self._stops.get((workspace_id, cluster_id)))

    def stop(self, workspace_id: int, cluster_id: str) -> None:
        """Stop all tasks of a cluster; returns when all were told."""
        with self._lock:
            stops = list(self._stops.get((workspace_id, cluster_id), []))
        for stop in stops:
            stop()
