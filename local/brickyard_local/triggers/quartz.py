"""Quartz cron expressions: six or seven fields, a time zone, and the next moment after a given one. Pure: no I/O.

Days roll over the wall clock of the time zone, as Quartz counts them: a time that daylight saving skips does not
fire, one that it repeats fires once, on the second pass. So an hourly schedule seems to pause when clocks change.
Source: quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html;
docs.databricks.com/jobs/scheduled (daylight saving time)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from brickyard_local.errors import InvalidParameter
from brickyard_local.triggers import quartz_days
from brickyard_local.triggers.quartz_fields import FIELDS, Refused, numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Quartz:
    """A parsed expression in one time zone. `seconds` … `years` are the allowed values, rising."""

    text: str
    zone: tzinfo
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days: quartz_days.Days

    @classmethod
    def parse(cls, text: str, zone: tzinfo = UTC) -> "Quartz":
        """Errors: InvalidParameter naming the field, what was got and the rule."""
        fields = text.upper().split()
        if len(fields) not in {6, 7}:
            raise InvalidParameter(
                f"Quartz cron expression '{text}' has {len(fields)} fields; it needs 6 or 7: seconds minutes hours "
                "day-of-month month day-of-week [year]."
            )
        second, minute, hour, day_of_month, month, day_of_week, year = [*fields, "*"][:7]
        try:
            return cls(
                text=text,
                zone=zone,
                seconds=numbers(FIELDS["seconds"], second),
                minutes=numbers(FIELDS["minutes"], minute),
                hours=numbers(FIELDS["hours"], hour),
                months=numbers(FIELDS["month"], month),
                years=numbers(FIELDS["year"], year),
                days=quartz_days.parse(day_of_month, day_of_week),
            )
        except Refused as refused:
            raise InvalidParameter(f"Quartz cron expression '{text}': {refused}") from refused

    def next_after(self, moment: datetime) -> datetime | None:
        """The first fire time later than an aware `moment`, in UTC; None when there is none up to 2099."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        for day in self._dates_from(wall.date()):
            for at in self._times_after(wall.time() if day == wall.date() else None):
                found = self._moment(datetime.combine(day, at))
                if found is not None and found > moment:
                    return found
        return None

    def _dates_from(self, first: date) -> Iterator[date]:
        for year in self.years:
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for day in self.days.of_month(year, month):
                    if date(year, month, day) >= first:
                        yield date(year, month, day)

    def _times_after(self, after: time | None) -> Iterator[time]:
        """All times of a day, or those later than `after`."""
        for hour in self.hours:
            if after is not None and hour < after.hour:
                continue
            for minute in self.minutes:
                if after is not None and (hour, minute) < (after.hour, after.minute):
                    continue
                for second in self.seconds:
                    at = time(hour, minute, second)
                    if after is None or at > after:
                        yield at

    def _moment(self, wall: datetime) -> datetime | None:
        """The wall clock time as a moment; None when daylight saving skips it."""
        moment = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        return moment if moment.astimezone(self.zone).replace(tzinfo=None) == wall else None


def zone_of(timezone_id: str) -> tzinfo:
    """The time zone of that name, e.g. `Europe/Amsterdam`. Errors: InvalidParameter.

    Gaps: of Java's names only those of the IANA database; `PST` and its like are refused.
    """
    try:
        return ZoneInfo(timezone_id)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidParameter(
            f"timezone_id is '{timezone_id}'; it must be a name of the IANA database, e.g. UTC or Europe/Amsterdam."
        ) from error
