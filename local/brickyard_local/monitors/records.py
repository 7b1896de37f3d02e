"""Monitors and their refreshes in the store: a monitor by its table's id, a refresh by that and its own.

Shapes: monitor {table_id, definition, status, monitor_version, workspace_id, run_as, created_at, profile_table,
drift_table, failure} and, once refreshed, {first_version, analysed: {version, monitor_version}}, versions of its
table; refresh {refresh_id, table_id, workspace_id, state, trigger, start_time_ms} and, once ended, {end_time_ms,
message}.
"""

from typing import Literal

from brickyard_local.clock import now_ms
from brickyard_local.store import Document, Store

PENDING, RUNNING, SUCCESS, FAILED, CANCELED = "PENDING", "RUNNING", "SUCCESS", "FAILED", "CANCELED"
ACTIVE, WAITING, ERROR = "MONITOR_STATUS_ACTIVE", "MONITOR_STATUS_PENDING", "MONITOR_STATUS_ERROR"
Trigger = Literal["MANUAL", "SCHEDULE"]
_MONITORS = "quality_monitors"
_REFRESHES = "quality_monitor_refreshes"
_MOST_KEPT = 100
_ENDED_WITH_SERVER = "The local workspace ended while the refresh ran. Refresh the monitor again."


class Records:
    """What is known of monitors."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # Monitors

    def monitor(self, table_id: str) -> Document | None:
        return self.store.get(_MONITORS, table_id)

    def monitors(self) -> list[Document]:
        return self.store.all(_MONITORS)

    def keep(self, monitor: Document) -> Document:
        return self.store.put(_MONITORS, monitor["table_id"], monitor)

    def forget(self, table_id: str) -> None:
        """Remove a monitor and what is known of its refreshes."""
        with self.store.write():
            self.store.delete(_MONITORS, table_id)
            for refresh in self.refreshes(table_id):
                self._drop(refresh)

    # Refreshes

    def refresh(self, table_id: str, refresh_id: int) -> Document | None:
        return self.store.get(_REFRESHES, _key(table_id, refresh_id))

    def refreshes(self, table_id: str) -> list[Document]:
        """Newest first."""
        return self.store.all(_REFRESHES, prefix=f"{table_id}/")[::-1]

    def begin(self, monitor: Document, trigger: Trigger) -> Document:
        """A refresh that waits for its turn. Of many, the oldest are forgotten."""
        with self.store.write():
            refresh = {
                "refresh_id": self.store.next_id(),
                "table_id": monitor["table_id"],
                "workspace_id": monitor["workspace_id"],
                "state": PENDING,
                "trigger": trigger,
                "start_time_ms": now_ms(),
            }
            self._put(refresh)
            for old in self.refreshes(monitor["table_id"])[_MOST_KEPT:]:
                self._drop(old)
            return refresh

    def run(self, refresh: Document) -> Document | None:
        """Say that it runs, if it still waits. Returns its monitor."""
        with self.store.write():
            known = self.refresh(refresh["table_id"], refresh["refresh_id"])
            monitor = self.monitor(refresh["table_id"])
            if known is None or monitor is None or known["state"] != PENDING:
                return None
            self._put({**known, "state": RUNNING})
            return monitor

    def analysed(self, monitor: Document, version: int) -> None:
        """Keep up to which version of its table a monitor's metrics are; it may have been defined anew since."""
        with self.store.write():
            known = self.monitor(monitor["table_id"])
            if known is not None and known["created_at"] == monitor["created_at"]:
                seen = {"version": version, "monitor_version": monitor["monitor_version"]}
                first = known.get("first_version")
                self.keep({**known, "analysed": seen, "first_version": version if first is None else first})

    def end(self, refresh: Document, state: str, message: str | None = None) -> None:
        """Say how it ended, and what that means for the monitor; nothing where either is gone or it ended before."""
        with self.store.write():
            known = self.refresh(refresh["table_id"], refresh["refresh_id"])
            if known is None or known["state"] not in {PENDING, RUNNING}:
                return
            told = {} if message is None else {"message": message}
            self._put({**known, "state": state, "end_time_ms": now_ms(), **told})
            monitor = self.monitor(refresh["table_id"])
            if monitor is not None:
                self.keep(_after(monitor, state, message))

    def waiting(self) -> list[Document]:
        """Refreshes that have not begun, oldest first."""
        return [refresh for refresh in self.store.all(_REFRESHES) if refresh["state"] == PENDING]

    def recover(self) -> None:
        """Those that an earlier process ran have failed; those that wait go on waiting."""
        for refresh in self.store.all(_REFRESHES):
            if refresh["state"] == RUNNING:
                self.end(refresh, FAILED, _ENDED_WITH_SERVER)

    def rename_principal(self, old: str, new: str | None) -> None:
        """Monitors follow a principal to its new name; one that is gone stays named, and its refreshes fail."""
        with self.store.write():
            for monitor in self.monitors():
                if new is not None and monitor["run_as"] == old:
                    self.keep({**monitor, "run_as": new})

    def _put(self, refresh: Document) -> None:
        self.store.put(_REFRESHES, _key(refresh["table_id"], refresh["refresh_id"]), refresh)

    def _drop(self, refresh: Document) -> None:
        self.store.delete(_REFRESHES, _key(refresh["table_id"], refresh["refresh_id"]))


def _key(table_id: str, refresh_id: int) -> str:
    return f"{table_id}/{refresh_id}"


def _after(monitor: Document, state: str, message: str | None) -> Document:
    """A monitor is active once its metric tables were written."""
    if state == SUCCESS:
        return {**monitor, "status": ACTIVE, "failure": None}
    status = monitor["status"] if monitor["status"] == ACTIVE else ERROR
    failure = message or "The refresh was canceled before the metric tables were written."
    return {
        **monitor,
        "status": status,
        "failure": failure if state == FAILED or status == ERROR else monitor["failure"],
    }
