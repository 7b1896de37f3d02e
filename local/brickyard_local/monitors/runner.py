"""Runs refreshes one after the other: a thread that lives while there are any, and a process for each."""

import logging
import threading
from dataclasses import dataclass, field

from brickyard_local.errors import LocalWorkspaceError
from brickyard_local.monitors.needs import Tables
from brickyard_local.monitors.process import Canceled, RefreshProcess, RefreshProcesses
from brickyard_local.monitors.records import CANCELED, FAILED, PENDING, SUCCESS, Records
from brickyard_local.store import Document
from brickyard_local.woken import WokenThread

_CANCEL_S = 30.0
_log = logging.getLogger("brickyard_local.monitors")


@dataclass(kw_only=True, slots=True)
class _Current:
    """The refresh that runs."""

    refresh: Document
    process: RefreshProcess
    ended: threading.Event = field(default_factory=threading.Event)


class Runner:
    """Takes waiting refreshes in order."""

    def __init__(self, records: Records, tables: Tables, processes: RefreshProcesses) -> None:
        self._records = records
        self._tables = tables
        self._processes = processes
        self._lock = threading.Lock()
        self._thread = WokenThread("monitor-refreshes", self._round)
        self._current: _Current | None = None

    def wake(self) -> None:
        """There may be something to do."""
        self._thread.wake()

    def cancel(self, refresh: Document) -> None:
        """End a refresh, whether it waits or runs; returns when it has ended."""
        with self._lock:
            current = self._current
        if current is None or current.refresh["refresh_id"] != refresh["refresh_id"]:
            with self._records.store.write():
                known = self._records.refresh(refresh["table_id"], refresh["refresh_id"])
                if known is not None and known["state"] == PENDING:
                    self._records.end(refresh, CANCELED)
            return
        current.process.cancel()
        current.ended.wait(_CANCEL_S)

    def stop_table(self, table_id: str) -> None:
        """End what runs for a monitor that is gone."""
        with self._lock:
            current = self._current
        if current is not None and current.refresh["table_id"] == table_id:
            current.process.cancel()
            current.ended.wait(_CANCEL_S)

    def close(self) -> None:
        """Stop what runs; the next start says of it that it failed."""
        self._thread.close(self._cancel_current)

    def _cancel_current(self) -> None:
        with self._lock:
            current = self._current
        if current is not None:
            current.process.cancel()

    def _round(self) -> None:
        for refresh in self._records.waiting():
            if not self._thread.closing:
                self._run(refresh)

    def _run(self, refresh: Document) -> None:
        current = _Current(refresh=refresh, process=self._processes.process(refresh))
        with self._lock:
            self._current = current
        try:
            monitor = self._records.run(refresh)
            if monitor is not None:
                self._end(current, *self._outcome(current, monitor))
        finally:
            with self._lock:
                self._current = None
            current.ended.set()

    def _outcome(self, current: _Current, monitor: Document) -> tuple[str, str | None]:
        table = self._tables.table_of_id(monitor["table_id"])
        if table is None:
            return FAILED, "The table of the monitor was dropped."
        try:
            self._records.analysed(monitor, current.process.run(monitor, str(table["full_name"])))
        except Canceled:
            return CANCELED, None
        except LocalWorkspaceError as error:
            return FAILED, str(error)
        except Exception:  # noqa: BLE001 - a bug of ours must not end the thread, nor leave the refresh running
            _log.exception("refresh %s", current.refresh["refresh_id"])
            return FAILED, "The refresh failed inside the local workspace; the server's log says how."
        return SUCCESS, None

    def _end(self, current: _Current, state: str, message: str | None) -> None:
        if not (self._thread.closing and state != SUCCESS):
            self._records.end(current.refresh, state, message)
