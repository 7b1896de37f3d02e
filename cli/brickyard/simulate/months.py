"""Months of a simulation. Pure."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from brickyard.errors import InvalidSimulation

_IN_A_NAME = re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])(?!\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The first model learns from the months before `first`; from it to `last` they come one by one."""

    begins: dt.date
    first: dt.date
    last: dt.date

    def months(self) -> tuple[dt.date, ...]:
        """The months that come one by one, each by its first day."""
        found, month = [], self.first
        while month <= self.last:
            found.append(month)
            month = after(month)
        return tuple(found)


def after(month: dt.date, months: int = 1) -> dt.date:
    """The first day of the month that many months later.

    >>> after(dt.date(2013, 11, 1), 2)
    datetime.date(2014, 1, 1)
    """
    number = month.year * 12 + month.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


def read_month(text: str) -> dt.date:
    """Errors: InvalidSimulation.

    >>> read_month("2013-04")
    datetime.date(2013, 4, 1)
    """
    found = _IN_A_NAME.fullmatch(text)
    if found is None:
        raise InvalidSimulation(f"'{text}' is no month: write it as 2013-04.")
    return dt.date(int(found[1]), int(found[2]), 1)


def of_files(names: Iterable[str]) -> tuple[dt.date, ...]:
    """The months that names of landed files speak of, in order.

    >>> of_files(["flights_2013-02.csv", "planes.csv", "flights_2013-01.csv"])
    (datetime.date(2013, 1, 1), datetime.date(2013, 2, 1))
    """
    return tuple(sorted({read_month(found[0]) for name in names if (found := _IN_A_NAME.search(name))}))


def plan(known: tuple[dt.date, ...], *, months: int, learn: int) -> Plan:
    """`months` in all, of which the first `learn` train the first model.

    Errors: InvalidSimulation when the source has fewer, or nothing is left to come.
    """
    if not known:
        raise InvalidSimulation(
            "The project lands no files with a month in their names, such as flights_2013-01.csv: there is nothing to"
            " replay. Its function under workflow.land names them."
        )
    if months > len(known):
        raise InvalidSimulation(f"--months {months}: the project's source has {len(known)}, from {known[0]:%Y-%m} on.")
    if not 1 <= learn < months:
        raise InvalidSimulation(f"--learn {learn} of --months {months}: at least one month must come after the first.")
    return Plan(begins=known[0], first=after(known[0], learn), last=after(known[0], months - 1))
