"""One field of a Quartz cron expression: numbers, names, ranges that may wrap, steps, lists. Pure: no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field


def _numbered(names: str) -> dict[str, int]:
    return {name: number for number, name in enumerate(names.split(), start=1)}


MONTHS = _numbered("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
WEEKDAYS = _numbered("SUN MON TUE WED THU FRI SAT")


class Refused(Exception):
    """Raised when a field breaks a rule; `Quartz.parse` adds the whole expression."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """What a field may hold."""

    name: str
    lowest: int
    highest: int
    names: Mapping[str, int] = field(default_factory=dict)
    wraps: bool = True

    def refuse(self, got: str, rule: str = "") -> Refused:
        """The error of a value that the field refuses."""
        known = f" or {'-'.join([*self.names][:: len(self.names) - 1])}" if self.names else ""
        rule = rule or f"it must be {self.lowest}-{self.highest}{known}, with ',' '-' '/' or '*'"
        return Refused(f"{self.name} is '{got}'; {rule}.")

    def number(self, text: str, whole: str) -> int:
        """A number or name within the field's bounds. Errors: Refused."""
        if text in self.names:
            return self.names[text]
        if not (text.isascii() and text.isdigit()) or not self.lowest <= int(text) <= self.highest:
            raise self.refuse(whole)
        return int(text)


FIELDS = {
    each.name: each
    for each in (
        Field(name="seconds", lowest=0, highest=59),
        Field(name="minutes", lowest=0, highest=59),
        Field(name="hours", lowest=0, highest=23),
        Field(name="day-of-month", lowest=1, highest=31),
        Field(name="month", lowest=1, highest=12, names=MONTHS),
        Field(name="day-of-week", lowest=1, highest=7, names=WEEKDAYS),
        Field(name="year", lowest=1970, highest=2099, wraps=False),
    )
}


def numbers(of: Field, text: str) -> tuple[int, ...]:
    """The values that a field allows, rising. Errors: Refused.

    >>> numbers(FIELDS["hours"], "22-2/2,12")
    (0, 2, 12, 22)
    """
    found: set[int] = set()
    for part in text.split(","):
        found.update(_part(of, part, text))
    return tuple(sorted(found))


def _part(of: Field, part: str, whole: str) -> range | list[int]:
    span, slash, step_text = part.partition("/")
    step = _step(of, step_text, whole) if slash else 1
    if span == "*" or (slash and not span):
        return range(of.lowest, of.highest + 1, step)
    first_text, dash, last_text = span.partition("-")
    first = of.number(first_text, whole)
    if not dash:
        return range(first, of.highest + 1, step) if slash else [first]
    last = of.number(last_text, whole)
    if first <= last:
        return range(first, last + 1, step)
    if not of.wraps:
        raise of.refuse(whole, "a range of years must rise")
    size = of.highest - of.lowest + 1
    return [of.lowest + (value - of.lowest) % size for value in range(first, last + size + 1, step)]


def _step(of: Field, text: str, whole: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= of.highest:
        raise of.refuse(whole, f"the step after '/' must be 1-{of.highest}")
    return int(text)
