"""Schedules of monitors: when one is due, and that one that waits is not refreshed twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from brickyard_local.monitors.clock import MonitorClock
from brickyard_local.monitors.needs import Tables
from brickyard_local.monitors.records import FAILED, PENDING, RUNNING, SUCCESS, Records
from brickyard_local.monitors.runner import Runner
from brickyard_local.store import Store
from brickyard_local.triggers.quartz import Quartz, zone_of

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(Store(tmp_path / "account.db"))


def monitor(table_id: str, pause_status: str | None) -> dict[str, Any]:
    schedule = {"quartz_cron_expression": "0 0 12 * * ?", "timezone_id": "UTC", "pause_status": pause_status}
    definition = {"schedule": schedule} if pause_status else {}
    base = {"table_id": table_id, "workspace_id": 1, "status": "MONITOR_STATUS_PENDING", "failure": None}
    return {**base, "definition": definition, "run_as": "a@example.com"}


def clock_of(records: Records, *, known: tuple[str, ...]) -> tuple[MonitorClock, list[str]]:
    woken: list[str] = []
    tables = cast("Tables", SimpleNamespace(table_of_id=lambda table_id: {} if table_id in known else None))
    runner = cast("Runner", SimpleNamespace(wake=lambda: woken.append("woken")))
    return MonitorClock(records, tables, runner, lambda cron, zone: Quartz.parse(cron, zone_of(zone))), woken


def test_only_what_is_scheduled_and_not_paused_is_due(records: Records) -> None:
    for table_id, pause_status in (("runs", "UNPAUSED"), ("paused", "PAUSED"), ("unscheduled", None)):
        records.keep(monitor(table_id, pause_status))
    clock, _ = clock_of(records, known=("runs", "paused", "unscheduled"))

    assert [each["table_id"] for each in clock.due(NOON - timedelta(seconds=1), NOON)] == ["runs"]
    assert not clock.due(NOON, NOON + timedelta(hours=23))


def test_it_comes_again_at_the_next_moment_and_never_without_a_schedule(records: Records) -> None:
    clock, woken = clock_of(records, known=("runs",))
    assert clock.tick(NOON - timedelta(days=2)) is None
    records.keep(monitor("runs", "UNPAUSED"))
    assert clock.tick(NOON - timedelta(minutes=1)) == NOON
    assert clock.tick(NOON) == NOON + timedelta(days=1)
    assert [refresh["trigger"] for refresh in records.refreshes("runs")] == ["SCHEDULE"]
    assert woken == ["woken"]


def test_one_that_waits_is_not_refreshed_twice_and_one_of_a_dropped_table_is_forgotten(records: Records) -> None:
    kept, dropped = records.keep(monitor("kept", "UNPAUSED")), records.keep(monitor("dropped", "UNPAUSED"))
    clock, woken = clock_of(records, known=("kept",))

    for each in (kept, kept, dropped):
        clock._refresh(each)  # what its thread does at a due moment

    assert [refresh["trigger"] for refresh in records.refreshes("kept")] == ["SCHEDULE"]
    assert woken == ["woken"]
    assert records.monitor("dropped") is None


def test_a_refresh_ends_once_and_tells_its_monitor(records: Records) -> None:
    known = records.keep(monitor("t", None))
    first = records.begin(known, "MANUAL")
    assert records.run(first) is not None
    assert records.run(first) is None
    records.end(first, FAILED, "no rows")
    records.end(first, SUCCESS)

    ended = records.refresh("t", first["refresh_id"])
    assert ended is not None
    assert (ended["state"], ended["message"]) == (FAILED, "no rows")
    assert records.monitor("t") == {**known, "status": "MONITOR_STATUS_ERROR", "failure": "no rows"}
    second = records.begin(known, "MANUAL")
    records.run(second)
    records.end(second, SUCCESS)
    assert records.monitor("t") == {**known, "status": "MONITOR_STATUS_ACTIVE", "failure": None}


def test_after_a_kill_what_ran_has_failed_and_what_waits_goes_on_waiting(records: Records) -> None:
    known = records.keep(monitor("t", None))
    ran, waits = records.begin(known, "MANUAL"), records.begin(known, "SCHEDULE")
    records.run(ran)
    assert {each["state"] for each in records.refreshes("t")} == {RUNNING, PENDING}

    records.recover()

    assert [each["refresh_id"] for each in records.waiting()] == [waits["refresh_id"]]
    assert records.refreshes("t")[1]["state"] == FAILED
