"""Triggers by the clock: cron schedules and periods. Pure: no I/O.

A fire time that nobody was there for is skipped when it is more than minutes ago; a shorter absence is made good by
one run, as on Databricks after an outage.
Source: docs.databricks.com/jobs/scheduled (at least 10 seconds between runs; delayed up to several minutes)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from brickyard_local.store import Document
from brickyard_local.triggers.kinds import Step
from brickyard_local.triggers.quartz import Quartz

LATE_S = 300.0
APART_S = 10.0

NextAfter = Callable[[float], float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Fires when its due time comes; `next_after` gives the due time after a moment."""

    next_after: NextAfter
    trigger: str = "PERIODIC"

    def first(self, now: float) -> Document:
        return {"due": self.next_after(now)}

    def step(self, position: Document, now: float) -> Step:
        due: float | None = position["due"]
        if due is None or due > now:
            return Step(position=position, wake=due)
        fires = now - due <= LATE_S
        upcoming = self.next_after(now)
        if fires and upcoming is not None and upcoming - now < APART_S:
            upcoming = self.next_after(now + APART_S - 0.001)
        return Step(position={"due": upcoming}, wake=upcoming, fires=fires)


def cron(quartz: Quartz) -> Schedule:
    """A `schedule` block."""

    def next_after(now: float) -> float | None:
        found = quartz.next_after(datetime.fromtimestamp(now, UTC))
        return None if found is None else found.timestamp()

    return Schedule(next_after=next_after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A `trigger.periodic` block: the first run is due one interval after it was configured, then at equal steps."""

    interval_s: float
    trigger: str = "PERIODIC"

    def first(self, now: float) -> Document:
        return {"due": now + self.interval_s}

    def step(self, position: Document, now: float) -> Step:
        due = float(position["due"])
        if due > now:
            return Step(position=position, wake=due)
        upcoming = due + self.interval_s * ((now - due) // self.interval_s + 1)
        return Step(position={"due": upcoming}, wake=upcoming, fires=now - due <= LATE_S)
