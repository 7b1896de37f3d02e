"""Builds the services of monitors from what they need: called once, where the account is composed."""

from dataclasses import dataclass

from brickyard_local.account import Home
from brickyard_local.monitors.clock import MonitorClock
from brickyard_local.monitors.needs import CallerOf, ParseSchedule, Principals, SparkSessions, Tables
from brickyard_local.monitors.process import RefreshProcesses
from brickyard_local.monitors.quality_service import QualityService
from brickyard_local.monitors.records import Records
from brickyard_local.monitors.refreshes import RefreshesService
from brickyard_local.monitors.runner import Runner
from brickyard_local.monitors.service import MonitorsService
from brickyard_local.sleeper import Sleeper
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """What monitors are given."""

    tables: Tables
    principals: Principals
    spark: SparkSessions
    caller_of: CallerOf
    parse_schedule: ParseSchedule


@dataclass(frozen=True, kw_only=True, slots=True)
class Monitors:
    """The services of monitors, ready to answer."""

    service: MonitorsService
    refreshes: RefreshesService
    quality: QualityService
    clock: MonitorClock
    sleeper: Sleeper
    records: Records
    _runner: Runner
    _processes: RefreshProcesses

    def recover(self) -> None:
        """Say of refreshes that an earlier process ran that they failed."""
        self._processes.sweep()
        self.records.recover()

    def start(self) -> None:
        """Take up refreshes that wait, and schedules."""
        if self.records.waiting():
            self._runner.wake()
        self.sleeper.start(self.clock.tick)

    def close(self) -> None:
        """Stop the process of a refresh."""
        self.sleeper.close()
        self._runner.close()


def compose_monitors(home: Home, store: Store, given: Neighbours) -> Monitors:
    """The services of monitors of all workspaces."""
    records = Records(store)
    processes = RefreshProcesses(home, given.principals, given.spark, given.caller_of)
    runner = Runner(records, given.tables, processes)
    sleeper = Sleeper("monitor-clock")
    clock = MonitorClock(records, given.tables, runner, given.parse_schedule)

    def changed() -> None:
        sleeper.wake()
        runner.wake()

    service = MonitorsService(records, given.tables, given.parse_schedule, changed, runner.stop_table)
    return Monitors(
        service=service,
        refreshes=RefreshesService(records, service, runner),
        quality=QualityService(service, given.tables),
        clock=clock,
        sleeper=sleeper,
        records=records,
        _runner=runner,
        _processes=processes,
    )
