"""Quartz cron expressions against known dates, and against counting every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.errors import InvalidParameter
from brickyard_local.triggers.quartz import Quartz, zone_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEW_YORK = ZoneInfo("America/New_York")


def fires(text: str, after: str, count: int = 3, zone: str = "UTC") -> list[str]:
    """The next fire times on the clock of the zone."""
    quartz = Quartz.parse(text, ZoneInfo(zone))
    moment = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = []
    for _ in range(count):
        upcoming = quartz.next_after(moment)
        if upcoming is None:
            break
        found.append(upcoming.astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M:%S"))
        moment = upcoming
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 12 * * ?", ["Fri 2026-01-02 12:00:00", "Sat 2026-01-03 12:00:00"]),
        ("0 15 10 ? * MON-FRI", ["Fri 2026-01-02 10:15:00", "Mon 2026-01-05 10:15:00"]),
        ("0 15 10 ? * 6-2", ["Fri 2026-01-02 10:15:00", "Sat 2026-01-03 10:15:00"]),
        ("0 0/30 8-9 * * ?", ["Fri 2026-01-02 08:00:00", "Fri 2026-01-02 08:30:00"]),
        ("0 0 22-2/2 * * ?", ["Fri 2026-01-02 02:00:00", "Fri 2026-01-02 22:00:00"]),
        ("0 15 10 L * ?", ["Sat 2026-01-31 10:15:00", "Sat 2026-02-28 10:15:00"]),
        ("0 15 10 L-2 * ?", ["Thu 2026-01-29 10:15:00", "Thu 2026-02-26 10:15:00"]),
        ("0 15 10 LW * ?", ["Fri 2026-01-30 10:15:00", "Fri 2026-02-27 10:15:00"]),
        ("0 15 10 15W * ?", ["Thu 2026-01-15 10:15:00", "Mon 2026-02-16 10:15:00"]),
        ("0 15 10 1W * ?", ["Mon 2026-02-02 10:15:00", "Mon 2026-03-02 10:15:00"]),
        ("0 15 10 ? * L", ["Sat 2026-01-03 10:15:00", "Sat 2026-01-10 10:15:00"]),
        ("0 15 10 ? * 6L", ["Fri 2026-01-30 10:15:00", "Fri 2026-02-27 10:15:00"]),
        ("0 15 10 ? * fril", ["Fri 2026-01-30 10:15:00", "Fri 2026-02-27 10:15:00"]),
        ("0 15 10 ? * 6#3", ["Fri 2026-01-16 10:15:00", "Fri 2026-02-20 10:15:00"]),
        ("0 15 10 ? * FRI#5", ["Fri 2026-01-30 10:15:00", "Fri 2026-05-29 10:15:00"]),
        ("0 0 0 29 FEB ?", ["Tue 2028-02-29 00:00:00", "Sun 2032-02-29 00:00:00"]),
        ("0 0 0 1 1 ? 2027/2", ["Fri 2027-01-01 00:00:00", "Mon 2029-01-01 00:00:00"]),
        ("0 0 0 1 1,nov-JAN ?", ["Sun 2026-11-01 00:00:00", "Tue 2026-12-01 00:00:00"]),
        ("*/20 59 23 1 1 ? 2026", []),
        ("0 0 0 31 2 ?", []),
    ],
)
def test_next_fire_times_of(text: str, expected: list[str]) -> None:
    assert fires(text, "2026-01-02 00:00:00", count=2) == expected


def test_a_fire_time_is_later_than_the_moment_even_by_part_of_a_second() -> None:
    quartz = Quartz.parse("*/10 * * * * ?")
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert quartz.next_after(noon) == noon + timedelta(seconds=10)
    assert quartz.next_after(noon - timedelta(microseconds=1)) == noon


def test_a_time_that_daylight_saving_skips_does_not_fire() -> None:
    found = fires("0 30 2 * * ?", "2026-03-28 12:00", zone="Europe/Amsterdam", count=2)
    assert found == ["Mon 2026-03-30 02:30:00", "Tue 2026-03-31 02:30:00"]


def test_a_time_that_daylight_saving_repeats_fires_once() -> None:
    found = fires("0 30 1 * * ?", "2026-10-31 12:00", zone="America/New_York", count=2)
    assert found == ["Sun 2026-11-01 01:30:00", "Mon 2026-11-02 01:30:00"]
    second_pass = Quartz.parse("0 30 1 * * ?", NEW_YORK).next_after(datetime(2026, 11, 1, 4, tzinfo=UTC))
    assert second_pass == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_daily_time_stays_on_the_wall_clock_when_clocks_change() -> None:
    quartz = Quartz.parse("0 0 9 * * ?", AMSTERDAM)
    before = quartz.next_after(datetime(2026, 3, 28, tzinfo=UTC))
    after = quartz.next_after(datetime(2026, 3, 29, tzinfo=UTC))
    assert before == datetime(2026, 3, 28, 8, tzinfo=UTC)
    assert after == datetime(2026, 3, 29, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 0 12 * *", "has 5 fields; it needs 6 or 7"),
        ("0 0 12 * * ? 2026 1", "has 8 fields"),
        ("60 0 12 * * ?", "seconds is '60'; it must be 0-59"),
        ("0 0 24 * * ?", "hours is '24'; it must be 0-23"),
        ("0 0 12 * * *", "exactly one of the two must be '?'"),
        ("0 0 12 ? * ?", "exactly one of the two must be '?'"),
        ("0 0 12 1 13 ?", "month is '13'; it must be 1-12 or JAN-DEC"),
        ("0 0 12 ? * 8", "day-of-week is '8'; it must be 1-7 or SUN-SAT"),
        ("0 0 12 ? * 6#6", "after '#'"),
        ("0 0 12 ? * MON,6#3", "day-of-week is 'MON,6#3'; it must be 1-7"),
        ("0 0 12 1,LW * ?", "'L' and 'W' stand alone"),
        ("0 0 12 1-5W * ?", "'L' and 'W' stand alone"),
        ("0 0 12 L-31 * ?", "0-30"),
        ("0 0 12 * * ? 1969", "year is '1969'; it must be 1970-2099"),
        ("0 0 12 * * ? 2030-2020", "a range of years must rise"),
        ("0 0/0 12 * * ?", "the step after '/' must be 1-59"),
        ("0 ²0 12 * * ?", "minutes is '²0'"),
        ("0 ? 12 * * ?", "minutes is '?'"),
    ],
)
def test_a_bad_expression_is_refused_with_its_field_and_the_rule(text: str, said: str) -> None:
    with pytest.raises(InvalidParameter, match="Quartz cron expression") as refused:
        Quartz.parse(text)
    assert said in refused.value.message


def test_an_unknown_time_zone_is_refused() -> None:
    for name in ("Mars/Olympus", "../etc/passwd", "", "PST"):
        with pytest.raises(InvalidParameter, match="timezone_id is"):
            zone_of(name)


def field(lowest: int, highest: int) -> st.SearchStrategy[str]:
    number = st.integers(lowest, highest)
    ranges = st.tuples(number, number).map(lambda pair: f"{pair[0]}-{pair[1]}")
    steps = st.tuples(number, st.integers(1, highest)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    listed = st.lists(number.map(str) | ranges | steps, min_size=1, max_size=3).map(",".join)
    return st.just("*") | listed


def allows(text: str, value: int, lowest: int, highest: int) -> bool:
    """What the field means, counted another way: by walking from the first value on."""
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            return True
        begin = int(first)
        end = int(last) if last else (highest if step else begin)
        walked = begin
        size = highest - lowest + 1
        for _ in range(size):
            if (walked - begin) % int(step or 1) == 0 and lowest + (walked - lowest) % size == value:
                return True
            if lowest + (walked - lowest) % size == end:
                break
            walked += 1
    return False


@settings(max_examples=150, deadline=None)
@given(
    minute=field(0, 59),
    hour=field(0, 23),
    day=field(1, 31),
    moment=st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001 - made aware below
    zone=st.sampled_from([UTC, AMSTERDAM, NEW_YORK]),
)
def test_no_minute_that_matches_lies_between_a_moment_and_the_next_fire_time(
    minute: str, hour: str, day: str, moment: datetime, zone: ZoneInfo
) -> None:
    start = moment.replace(tzinfo=UTC)
    found = Quartz.parse(f"0 {minute} {hour} {day} * ?", zone).next_after(start)

    def matches(at: datetime) -> bool:
        wall = at.astimezone(zone)
        repeated = wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
        return (
            allows(minute, wall.minute, 0, 59)
            and allows(hour, wall.hour, 0, 23)
            and allows(day, wall.day, 1, 31)
            and not (repeated and wall.fold == 0)
        )

    assert found is not None
    assert found > start
    assert matches(found)
    walked = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    horizon = min(found, start + timedelta(days=3))
    while walked < horizon:
        assert not matches(walked)
        walked += timedelta(minutes=1)
