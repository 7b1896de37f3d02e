"""The states of clusters: every step is committed, then acted on, so a restart goes on where a kill broke off.

PENDING and RESTARTING become RUNNING when every library was looked at: from then on tasks can attach. TERMINATING
becomes TERMINATED when the tasks that were attached have been stopped. There is no machine to wait for.
Source: docs.databricks.com/api/workspace/clusters (states, termination reasons, autotermination)
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brickyard_local.compute.attachments import Attachments
from brickyard_local.compute.libraries import Installer
from brickyard_local.compute.needs import Clock, Stop
from brickyard_local.compute.records import Records
from brickyard_local.errors import ApiError, InvalidState
from brickyard_local.store import Document

_STARTING = ("PENDING", "RESTARTING")
_MINUTE_MS = 60_000
_LONGEST_WAIT_S = 60.0
_log = logging.getLogger("brickyard_local.compute")


class Lifecycle:
    """Moves clusters from state to state; its thread does it for those that nobody waits for."""

    def __init__(self, records: Records, installer: Installer, clock: Clock) -> None:
        self._records = records
        self._installer = installer
        self._clock = clock
        self._attachments = Attachments()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to tend clusters, those first that an earlier process left on their way."""
        self._thread = threading.Thread(target=self._tend_all, name="clusters", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop tending; clusters stay as they are."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Something changed."""
        self._wake.set()

    def enter(self, workspace_id: int, cluster: Document, state: str, event: str, **details: Any) -> Document:
        """Put a cluster into a state that `advance` will lead on. Call it inside a transaction."""
        now = self._clock()
        changed = {**cluster, "state": state, "since": now, "turn": cluster.get("turn", 0) + 1}
        changed["libraries"] = [{**entry, "status": "PENDING", "messages": []} for entry in cluster["libraries"]]
        if state == "PENDING":
            changed |= {"start_time": now, "terminated_time": None, "termination_reason": None}
        elif state == "RESTARTING":
            changed["last_restarted_time"] = now
        self._records.put(workspace_id, changed)
        self._records.tell(workspace_id, cluster["cluster_id"], event, now, **details)
        return changed

    def terminate(self, workspace_id: int, cluster: Document, reason: Document, **details: Any) -> Document:
        """Put a cluster on its way to TERMINATED. Call it inside a transaction."""
        ending = {**cluster, "termination_reason": reason}
        return self.enter(workspace_id, ending, "TERMINATING", "TERMINATING", reason=reason, **details)

    def advance(self, workspace_id: int, cluster_id: str) -> Document:
        """Lead a cluster to RUNNING or TERMINATED, where it is on the way to. Errors: InvalidParameter when gone."""
        while True:
            cluster = self._records.cluster(workspace_id, cluster_id)
            if cluster["state"] == "TERMINATING":
                self._attachments.stop(workspace_id, cluster_id)
                self._arrive(workspace_id, cluster, "TERMINATED", cluster["libraries"])
            elif cluster["state"] in _STARTING or _has_pending(cluster):
                if cluster["state"] == "RESTARTING":
                    self._attachments.stop(workspace_id, cluster_id)
                seen = [self._looked_at(workspace_id, entry) for entry in cluster["libraries"]]
                self._arrive(workspace_id, cluster, "RUNNING", seen)
            else:
                return cluster

    @contextmanager
    def attached(self, workspace_id: int, cluster_id: str, stop: Stop) -> Iterator[None]:
        """A task runs on the cluster. Errors: InvalidState when it is not RUNNING (any more)."""
        self._attachments.add(workspace_id, cluster_id, stop)
        try:
            with self._records.store.write():
                cluster = self._records.cluster(workspace_id, cluster_id)
                if cluster["state"] != "RUNNING":
                    raise InvalidState(f"Cluster {cluster_id} is {cluster['state']}: no task can attach to it.")
                self._records.put(workspace_id, {**cluster, "last_activity_time": self._clock()})
            yield
        finally:
            self._attachments.remove(workspace_id, cluster_id, stop)
            with self._records.store.write():
                if self._records.exists(workspace_id, cluster_id):
                    cluster = self._records.cluster(workspace_id, cluster_id)
                    self._records.put(workspace_id, {**cluster, "last_activity_time": self._clock()})
            self.wake()

    def tend(self) -> float | None:
        """Advance what is on its way, terminate what was idle too long. Seconds until the next is due, if any."""
        waits: list[float] = []
        for workspace_id, cluster in list(self._records.everywhere()):
            try:
                self._terminate_idle(workspace_id, cluster["cluster_id"])
                due = self._due(self.advance(workspace_id, cluster["cluster_id"]))
            except ApiError as error:  # it was deleted meanwhile
                _log.info("cluster %s: %s", cluster["cluster_id"], error.message)
                continue
            except Exception:  # noqa: BLE001 - one bad cluster must not keep the others from ending
                _log.exception("cluster %s could not be tended", cluster["cluster_id"])
                waits.append(_LONGEST_WAIT_S)
                continue
            if due is not None:
                waits.append(max(1.0, (due - self._clock()) / 1000))
        return min([*waits, _LONGEST_WAIT_S]) if waits else None

    def _tend_all(self) -> None:
        while not self._closed:
            self._wake.clear()
            self._wake.wait(self.tend())

    def _arrive(self, workspace_id: int, seen: Document, state: str, libraries: list[Document]) -> None:
        """Commit the end of a step, unless somebody else has moved the cluster on meanwhile."""
        with self._records.store.write():
            cluster = self._records.cluster(workspace_id, seen["cluster_id"])
            if cluster.get("turn", 0) != seen.get("turn", 0) or cluster["state"] != seen["state"]:
                return
            now = self._clock()
            looked_at = {_name(entry): entry for entry in libraries}
            arrived = [
                looked_at.get(_name(entry), entry) if entry["status"] == "PENDING" else entry
                for entry in cluster["libraries"]
            ]
            changed = {**cluster, "state": state, "libraries": arrived}
            if cluster["state"] != state:
                changed |= {"since": now, "turn": cluster.get("turn", 0) + 1}
                if state == "TERMINATED":
                    changed["terminated_time"] = now
                else:
                    changed["last_activity_time"] = now
                    self._records.tell(workspace_id, cluster["cluster_id"], "RUNNING", now)
            self._records.put(workspace_id, changed)

    def _looked_at(self, workspace_id: int, entry: Document) -> Document:
        return self._installer.install(workspace_id, entry) if entry["status"] == "PENDING" else entry

    def _due(self, cluster: Document) -> int | None:
        minutes = cluster["spec"].get("autotermination_minutes") or 0
        if cluster["state"] != "RUNNING" or not minutes:
            return None
        return int(max(cluster["since"], cluster.get("last_activity_time") or 0)) + minutes * _MINUTE_MS

    def _terminate_idle(self, workspace_id: int, cluster_id: str) -> None:
        with self._records.store.write():
            cluster = self._records.cluster(workspace_id, cluster_id)
            due = self._due(cluster)
            if due is None or due > self._clock() or self._attachments.busy(workspace_id, cluster_id):
                return
            minutes = str(cluster["spec"]["autotermination_minutes"])
            parameters = {"inactivity_duration_min": minutes}
            self.terminate(workspace_id, cluster, {"code": "INACTIVITY", "type": "SUCCESS", "parameters": parameters})


def _has_pending(cluster: Document) -> bool:
    return cluster["state"] == "RUNNING" and any(entry["status"] == "PENDING" for entry in cluster["libraries"])


def _name(entry: Document) -> str:
    return repr(sorted(entry["library"].items(), key=str))
