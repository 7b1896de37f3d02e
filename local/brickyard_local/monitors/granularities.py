"""Time windows of a granularity, as SQL expressions. Pure: no I/O.

Windows are aligned as the calendar is, in UTC: weeks begin on Mondays, of several weeks counted from 1970-01-05.
"""

import re

GRANULARITIES = ("5 minutes", "30 minutes", "1 hour", "1 day", "<n> week(s)", "1 month", "1 year")
_SECONDS = {"5 minutes": 300, "30 minutes": 1800, "1 hour": 3600, "1 day": 86_400}
_WEEKS = re.compile(r"([1-4]) weeks?\Z")
_WEEK_S = 7 * 86_400
_FIRST_MONDAY_S = 4 * 86_400
_CALENDAR = {"1 month": "MONTH", "1 year": "YEAR"}


def known(granularity: str) -> bool:
    """Whether there are windows of that granularity; weeks are 1 to 4, as the newer API names them."""
    return granularity in _SECONDS or granularity in _CALENDAR or _WEEKS.match(granularity) is not None


def start(granularity: str, moment: str) -> str:
    """The expression of the start of the window that holds a timestamp expression.

    >>> start("1 month", "t")
    "date_trunc('MONTH', t)"
    """
    if granularity in _CALENDAR:
        return f"date_trunc('{_CALENDAR[granularity]}', {moment})"
    width, offset = _width(granularity)
    return f"timestamp_seconds(floor((unix_seconds({moment}) - {offset}) / {width}) * {width} + {offset})"


def end(granularity: str, moment: str) -> str:
    """The expression of the first moment after that window."""
    begin = start(granularity, moment)
    if granularity in _CALENDAR:
        return f"{begin} + INTERVAL '1' {_CALENDAR[granularity]}"
    return f"{begin} + INTERVAL '{_width(granularity)[0]}' SECOND"


def _width(granularity: str) -> tuple[int, int]:
    """Seconds of a window, and where the first begins."""
    weeks = _WEEKS.match(granularity)
    if weeks is not None:
        return int(weeks[1]) * _WEEK_S, _FIRST_MONDAY_S
    return _SECONDS[granularity], 0
