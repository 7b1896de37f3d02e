"""The clock of alerts: due ones are evaluated once, paused and gone ones never."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brickyard_local.sql.alerts.clock import AlertClock
from brickyard_local.triggers.quartz import Quartz, zone_of

NOON = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
HOURLY = {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"}


class Alerts:
    """Alerts that a test changes."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, str]] = {"a": HOURLY}

    def active(self, _workspace_id: int) -> list[dict[str, Any]]:
        return [{"id": name, "schedule": schedule} for name, schedule in self.known.items()]


class Evaluator:
    """Remembers what was evaluated; can be held up."""

    def __init__(self) -> None:
        self.evaluated: list[str] = []
        self.free = threading.Event()
        self.free.set()

    def evaluate(self, _workspace_id: int, alert_id: str) -> None:
        self.evaluated.append(alert_id)
        self.free.wait(5)


@pytest.fixture
def alerts() -> Alerts:
    return Alerts()


@pytest.fixture
def evaluator() -> Evaluator:
    return Evaluator()


@pytest.fixture
def tick(alerts: Any, evaluator: Any) -> Callable[[float], list[str]]:
    """Let the clock see a time, in hours after noon; answers all that was evaluated."""
    clock = AlertClock(alerts, evaluator, lambda cron, zone: Quartz.parse(cron, zone_of(zone)))

    def at(hours: float) -> list[str]:
        clock.tick([1], NOON + timedelta(hours=hours))
        for thread in threading.enumerate():
            if thread.name.startswith("alert-") and evaluator.free.is_set():
                thread.join(5)
        return list(evaluator.evaluated)

    return at


def test_an_alert_is_evaluated_when_it_is_due_and_not_before(tick: Callable[[float], list[str]]) -> None:
    assert tick(0) == []
    assert tick(0.99) == []
    assert tick(1) == ["a"]
    assert tick(1.5) == ["a"]
    assert tick(2) == ["a", "a"]


def test_it_looks_again_when_the_next_is_due_and_never_when_none_is(alerts: Any, evaluator: Any) -> None:
    clock = AlertClock(alerts, evaluator, lambda cron, zone: Quartz.parse(cron, zone_of(zone)))
    assert clock.tick([1], NOON) == NOON + timedelta(hours=1)
    alerts.known = {}
    assert clock.tick([1], NOON) is None


def test_what_was_missed_is_made_up_for_once(tick: Callable[[float], list[str]]) -> None:
    tick(0)
    assert tick(5.5) == ["a"]
    assert tick(6) == ["a", "a"]


def test_a_change_of_schedule_counts_from_then_and_what_is_gone_is_not_evaluated(
    tick: Callable[[float], list[str]], alerts: Alerts
) -> None:
    tick(0)
    alerts.known = {"a": {**HOURLY, "quartz_cron_schedule": "0 30 * * * ?"}}
    assert tick(0.4) == []
    assert tick(1) == ["a"]
    alerts.known = {}
    assert tick(9) == ["a"]


def test_an_evaluation_that_lasts_is_not_started_twice(
    tick: Callable[[float], list[str]], evaluator: Evaluator
) -> None:
    tick(0)
    evaluator.free.clear()
    tick(1)
    assert tick(2) == ["a"]
    evaluator.free.set()
