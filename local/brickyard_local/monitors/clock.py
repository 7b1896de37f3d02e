"""Refreshes monitors when they are due. What was due while the local workspace was down is not made up for."""

from datetime import datetime

from brickyard_local.monitors.needs import ParseSchedule, Tables
from brickyard_local.monitors.records import PENDING, RUNNING, Records
from brickyard_local.monitors.runner import Runner
from brickyard_local.store import Document


class MonitorClock:
    """Acts for a sleeper."""

    def __init__(self, records: Records, tables: Tables, runner: Runner, parse_schedule: ParseSchedule) -> None:
        self._records = records
        self._tables = tables
        self._runner = runner
        self._parse_schedule = parse_schedule
        self._seen: datetime | None = None

    def tick(self, moment: datetime) -> datetime | None:
        """Begin what was due since the last time; when to look again, None when no monitor is scheduled."""
        seen, self._seen = self._seen or moment, moment
        for monitor in self.due(seen, moment):
            self._refresh(monitor)
        moments = [self._next(monitor, moment) for monitor in self._scheduled()]
        following = min((each for each in moments if each is not None), default=None)
        if following is None:
            self._seen = None  # a schedule that is made later counts from then
        return following

    def due(self, since: datetime, until: datetime) -> list[Document]:
        """Monitors with a moment of their schedule after `since` and not after `until`."""
        moments = ((monitor, self._next(monitor, since)) for monitor in self._scheduled())
        return [monitor for monitor, moment in moments if moment is not None and moment <= until]

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
