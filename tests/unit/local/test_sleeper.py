"""The sleeper acts when something is due, looks again when told to, and is no thread when nothing is scheduled."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from brickyard_local import sleeper
from brickyard_local.pytest_plugin import until
from brickyard_local.sleeper import Sleeper


@pytest.fixture
def asleep() -> Iterator[Sleeper]:
    made = Sleeper("of a test")
    yield made
    made.close()


def acting(answers: list[datetime | None]) -> tuple[list[datetime], Callable[[datetime], datetime | None]]:
    """What was acted at, and an act that answers these one by one, then that nothing is scheduled."""
    moments: list[datetime] = []

    def act(moment: datetime) -> datetime | None:
        moments.append(moment)
        return answers.pop(0) if answers else None

    return moments, act


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "of a test"]


def test_it_acts_again_when_the_next_is_due_and_ends_when_nothing_is(asleep: Sleeper) -> None:
    now = datetime.now(UTC)
    due = now + timedelta(seconds=0.2)
    moments, act = acting([due, now])
    asleep.start(act)
    until(lambda: len(moments) == 3 and not threads())
    assert moments[1] >= due


def test_a_change_ends_the_sleep_and_starts_it_where_nothing_was_scheduled(asleep: Sleeper) -> None:
    far = datetime.now(UTC) + timedelta(days=1)
    moments, act = acting([far, None, far])
    asleep.wake()
    assert not moments, "nothing is asked before the start"
    asleep.start(act)
    until(lambda: len(moments) == 1)
    asleep.wake()
    until(lambda: len(moments) == 2 and not threads())
    asleep.wake()
    until(lambda: len(moments) == 3 and threads())
    asleep.close()
    until(lambda: not threads())
    asleep.wake()
    assert len(moments) == 3


def test_a_bug_in_one_schedule_does_not_silence_the_others(asleep: Sleeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sleeper, "_PAUSE_AFTER_BUG_S", 0.01)
    moments: list[datetime] = []

    def act(moment: datetime) -> None:
        moments.append(moment)
        if len(moments) < 3:
            raise RuntimeError("a bug")

    asleep.start(act)
    until(lambda: len(moments) == 3 and not threads())
