"""Refreshes monitors when they are due. What was due while the local workspace was down is not made up for.

A thread that sleeps until the next moment; where no monitor has a schedule there is none.
"""

import logging
import threading
from datetime import UTC, datetime

from brickyard_local.monitors.needs import ParseSchedule, Tables
from brickyard_local.monitors.records import PENDING, RUNNING, Records
from brickyard_local.monitors.runner import Runner
from brickyard_local.store import Document

_LONGEST_SLEEP_S = 3600.0  # the machine's clock may be set
_PAUSE_AFTER_BUG_S = 5.0
_log = logging.getLogger("brickyard_local.monitors")


class MonitorClock:
    """Looks at schedules."""

    def __init__(self, records: Records, tables: Tables, runner: Runner, parse_schedule: ParseSchedule) -> None:
        self._records = records
        self._tables = tables
        self._runner = runner
        self._parse_schedule = parse_schedule
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def changed(self) -> None:
        """A monitor was made, changed or deleted."""
        with self._lock:
            self._changed.set()
            if self._thread is None and not self._closing and self._scheduled():
                self._thread = threading.Thread(target=self._loop, name="monitor-clock", daemon=True)
                self._thread.start()

    def close(self) -> None:
        with self._lock:
            self._closing = True
            self._changed.set()

    def due(self, since: datetime, until: datetime) -> list[Document]:
        """Monitors with a moment of their schedule after `since` and not after `until`."""
        moments = ((monitor, self._next(monitor, since)) for monitor in self._scheduled())
        return [monitor for monitor, moment in moments if moment is not None and moment <= until]

    def _loop(self) -> None:
        seen = datetime.now(UTC)
        while True:
            with self._lock:
                if self._closing or not self._scheduled():
                    self._thread = None
                    return
                self._changed.clear()
            try:
                now = datetime.now(UTC)
                for monitor in self.due(seen, now):
                    self._refresh(monitor)
                seen = now
                pause_s = self._pause_s(now)
            except Exception:  # noqa: BLE001 - one monitor's bug must not silence the others
                _log.exception("the monitors' clock")
                pause_s = _PAUSE_AFTER_BUG_S
            self._changed.wait(pause_s)

    def _pause_s(self, now: datetime) -> float:
        moments = [self._next(monitor, now) for monitor in self._scheduled()]
        waits = [(moment - datetime.now(UTC)).total_seconds() for moment in moments if moment is not None]
        return min([_LONGEST_SLEEP_S, *(max(0.0, wait) for wait in waits)])

    def _refresh(self, monitor: Document) -> None:
        """Not one more while one waits or runs. A dropped table takes its monitor along."""
        table_id = monitor["table_id"]
        if self._tables.table_of_id(table_id) is None:
            self._records.forget(table_id)
        elif not any(refresh["state"] in {PENDING, RUNNING} for refresh in self._records.refreshes(table_id)):
            self._records.begin(monitor, "SCHEDULE")
            self._runner.wake()

    def _scheduled(self) -> list[Document]:
        return [
            monitor
            for monitor in self._records.monitors()
            if (monitor["definition"].get("schedule") or {}).get("pause_status") == "UNPAUSED"
        ]

    def _next(self, monitor: Document, moment: datetime) -> datetime | None:
        schedule = monitor["definition"]["schedule"]
        return self._parse_schedule(schedule["quartz_cron_expression"], schedule["timezone_id"]).next_after(moment)
