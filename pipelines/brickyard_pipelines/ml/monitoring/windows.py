"""The windows of a granularity, aligned as the quality monitor's are: the calendar in UTC, weeks from Monday."""

import datetime as dt

_TRUNC = {"1 hour": "HOUR", "1 day": "DAY", "1 week": "WEEK", "1 month": "MONTH"}


def start_sql(granularity: str, column: str) -> str:
    """The expression of the start of a row's window, in seconds: a moment would come back in this machine's zone.

    >>> start_sql("1 month", "prediction_at")
    "unix_seconds(date_trunc('MONTH', `prediction_at`))"
    """
    return f"unix_seconds(date_trunc('{_TRUNC[granularity]}', `{column}`))"


def moment(seconds: int) -> dt.datetime:
    """Seconds since the epoch as a moment in UTC, without a zone.

    >>> moment(1356998400)
    datetime.datetime(2013, 1, 1, 0, 0)
    """
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)


def seconds(moment_utc: dt.datetime) -> int:
    """The other way round."""
    return int(moment_utc.replace(tzinfo=dt.UTC).timestamp())


def end_of(granularity: str, start: dt.datetime) -> dt.datetime:
    """The first moment after the window that begins there.

    >>> end_of("1 month", dt.datetime(2013, 12, 1))
    datetime.datetime(2014, 1, 1, 0, 0)
    """
    if granularity == "1 month":
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    width = {"1 hour": dt.timedelta(hours=1), "1 day": dt.timedelta(days=1), "1 week": dt.timedelta(weeks=1)}
    return start + width[granularity]


def later(granularity: str, start: dt.datetime, windows: int) -> dt.datetime:
    """The start of the window that begins that many windows later.

    >>> later("1 month", dt.datetime(2013, 11, 1), 3)
    datetime.datetime(2014, 2, 1, 0, 0)
    """
    for _ in range(windows):
        start = end_of(granularity, start)
    return start
