"""Which feature rows new source rows may touch: days around them, as ranges. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """Days from `since` up to, not including, `until` (UTC)."""

    since: dt.date
    until: dt.date


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a run of the features step has to do: nothing, all of it (and why), or what new loads touch.

    `loads` names the inputs that have new rows, with the last load that the feature table has seen of each.
    """

    rebuild: str | None = None
    loads: Mapping[str, int] | None = None

    @property
    def nothing(self) -> bool:
        """Whether the table is as its inputs are."""
        return self.rebuild is None and not self.loads


def plan(
    known: Mapping[str, Any] | None, now: Mapping[str, Any], timed: Iterable[str], lookback_days: int | None
) -> Plan:
    """What there is to do, from the notes that the table and its inputs carry.

    Both notes have `code` and `inputs`: by name the `load` and the `contract` that silver was made from. `timed` are
    the inputs whose rows have a time, so that what they touch is known.

    >>> inputs = {"flights": {"load": 3, "contract": "c"}, "planes": {"load": 1, "contract": "c"}}
    >>> then = {"code": "x", "inputs": inputs}
    >>> now = {"code": "x", "inputs": inputs | {"flights": {"load": 5, "contract": "c"}}}
    >>> plan(then, now, ["flights"], 1).loads
    {'flights': 3}
    >>> plan(then, now, [], 1).rebuild
    'flights has new rows and no event time'
    """
    if known is None or known.get("code") != now["code"]:
        return Plan(rebuild="it is new" if known is None else "the code is another")
    loads = {}
    for name, state in now["inputs"].items():
        before = known.get("inputs", {}).get(name, {})
        reason = _unknowable(name, before, state)
        if reason:
            return Plan(rebuild=reason)
        if before["load"] != state["load"]:
            loads[name] = int(before["load"])
    if loads and lookback_days is None:
        return Plan(rebuild="features.lookback_days is not given")
    without = sorted(set(loads) - set(timed))
    if without:
        return Plan(rebuild=f"{', '.join(without)} has new rows and no event time")
    return Plan(loads=loads)


def _unknowable(name: str, before: Mapping[str, Any], state: Mapping[str, Any]) -> str | None:
    """Why nobody can say which rows of an input are new, if so."""
    if before.get("contract") != state["contract"]:
        return f"the contract of {name} is another"
    if state["load"] is None and before.get("version") != state["version"]:  # written by somebody else than `ingest`
        return f"{name} has changed, and its rows carry no load"
    return None


def around(days: Iterable[dt.date], reach: int) -> tuple[Days, ...]:
    """The days that lie at most `reach` days from one of the given, as ranges in order, without overlap.

    >>> [f"{part.since} {part.until}" for part in around([dt.date(2013, 1, 5), dt.date(2013, 1, 7)], 1)]
    ['2013-01-04 2013-01-09']
    """
    parts: list[Days] = []
    for day in sorted(set(days)):
        since, until = day - reach * _DAY, day + (reach + 1) * _DAY
        if parts and since <= parts[-1].until:
            parts[-1] = Days(since=parts[-1].since, until=until)
        else:
            parts.append(Days(since=since, until=until))
    return tuple(parts)


def widened(parts: Sequence[Days], reach: int) -> tuple[Days, ...]:
    """The same ranges, `reach` days longer at both ends."""
    days = [part.since + number * _DAY for part in parts for number in range((part.until - part.since).days)]
    return around(days, reach)


def within_sql(column: str, parts: Sequence[Days]) -> str:
    """Spark SQL for: the time lies in one of the ranges.

    >>> within_sql("at", [Days(since=dt.date(2013, 1, 4), until=dt.date(2013, 1, 6))])
    "(`at` >= TIMESTAMP '2013-01-04' AND `at` < TIMESTAMP '2013-01-06')"
    """
    if not parts:
        return "false"
    ranges = (f"(`{column}` >= TIMESTAMP '{part.since}' AND `{column}` < TIMESTAMP '{part.until}')" for part in parts)
    return " OR ".join(ranges)
