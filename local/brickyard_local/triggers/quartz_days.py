"""The two day fields of a Quartz cron expression: `?`, `L`, `L-3`, `LW`, `15W`, `6L`, `6#3`. Pure: no I/O."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from brickyard_local.triggers.quartz_fields import FIELDS, WEEKDAYS, Refused, numbers

_MONTH_FIELD = FIELDS["day-of-month"]
_WEEK_FIELD = FIELDS["day-of-week"]
_BEFORE_LAST = re.compile(r"L-(\d{1,2})(W?)")
_NEAREST = re.compile(r"(\d{1,2})W")
_SATURDAY = 7

OfMonth = Callable[[int, int], list[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """Which days of a month match, rising."""

    of_month: OfMonth


def parse(day_of_month: str, day_of_week: str) -> Days:
    """Exactly one of the two fields is `?`, as Quartz demands. Errors: Refused."""
    if (day_of_month == "?") == (day_of_week == "?"):
        raise Refused(
            f"day-of-month is '{day_of_month}' and day-of-week is '{day_of_week}'; exactly one of the two must be '?'."
        )
    return Days(of_month=_by_week(day_of_week) if day_of_month == "?" else _by_date(day_of_month))


def _by_date(text: str) -> OfMonth:
    if text == "LW":
        return lambda year, month: [_nearest_weekday(year, month, _length(year, month))]
    if text == "L":
        return lambda year, month: [_length(year, month)]
    if before := _BEFORE_LAST.fullmatch(text):
        return _before_last(int(before[1]), text, weekday=bool(before[2]))
    if nearest := _NEAREST.fullmatch(text):
        wanted = _MONTH_FIELD.number(nearest[1], text)
        return lambda year, month: [_nearest_weekday(year, month, min(wanted, _length(year, month)))]
    if "L" in text or "W" in text:
        raise _MONTH_FIELD.refuse(text, "'L' and 'W' stand alone: L, L-3, LW or 15W, in no list or range")
    allowed = numbers(_MONTH_FIELD, text)
    return lambda year, month: [day for day in allowed if day <= _length(year, month)]


def _before_last(offset: int, text: str, *, weekday: bool) -> OfMonth:
    if offset > 30:
        raise _MONTH_FIELD.refuse(text, "the days before the last must be 0-30")

    def of_month(year: int, month: int) -> list[int]:
        day = _length(year, month) - offset
        if day < 1:
            return []
        return [_nearest_weekday(year, month, day) if weekday else day]

    return of_month


def _by_week(text: str) -> OfMonth:
    if text == "L":
        return _on_weekdays((_SATURDAY,))
    if "#" in text:
        return _nth(text)
    if text.endswith("L") and text not in WEEKDAYS:
        weekday = _WEEK_FIELD.number(text[:-1], text)
        return lambda year, month: _weekdays(year, month, (weekday,))[-1:]
    return _on_weekdays(numbers(_WEEK_FIELD, text))


def _nth(text: str) -> OfMonth:
    day, _, nth = text.partition("#")
    weekday = _WEEK_FIELD.number(day, text)
    if nth not in {"1", "2", "3", "4", "5"}:
        raise _WEEK_FIELD.refuse(text, "after '#' stands which one of the month: 1-5, in no list")
    return lambda year, month: _weekdays(year, month, (weekday,))[int(nth) - 1 : int(nth)]


def _on_weekdays(wanted: tuple[int, ...]) -> OfMonth:
    return lambda year, month: _weekdays(year, month, wanted)


def _weekdays(year: int, month: int, wanted: tuple[int, ...]) -> list[int]:
    """Days of the month whose Quartz weekday (1 is Sunday) is wanted."""
    return [day for day in range(1, _length(year, month) + 1) if _weekday(year, month, day) in wanted]


def _weekday(year: int, month: int, day: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The Monday to Friday nearest to a day, in the same month."""
    match _weekday(year, month, day):
        case 7:
            return day - 1 if day > 1 else day + 2
        case 1:
            return day + 1 if day < _length(year, month) else day - 2
    return day


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
