"""Triggers by what changes: new files in a folder, new versions of tables. `observe` does the looking.

What was there when the trigger was configured, or resumed, is not new. Overwriting a file triggers nothing.
Source: docs.databricks.com/jobs/file-arrival-triggers; docs.databricks.com/jobs/trigger-table-update
Gaps: looks every two seconds, not every minute; every commit of a table counts, OPTIMIZE too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from brickyard_local.store import Document
from brickyard_local.triggers.kinds import Step

LOOK_S = 2.0
UNREADABLE = -1

Seen = Mapping[str, int]
Looks = Callable[[], Seen | None]


@dataclass(slots=True)
class _Since:
    """What had changed at the last look, and since when it has been so; of this process only."""

    changed: dict[str, int] = field(default_factory=dict)
    at: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Fires when enough of what it watches is not as it was seen.

    `observe` answers names with their versions, UNREADABLE for one that it cannot look at, or None for all.
    `by_version`: whether a known name with a new version counts. `needs_all`: whether every name must have changed
    (ALL_UPDATED).
    """

    trigger: str
    observe: Looks
    by_version: bool = False
    needs_all: bool = False
    between_s: float = 0.0
    quiet_s: float = 0.0
    since: _Since = field(default_factory=_Since)

    def first(self, now: float) -> Document:  # noqa: ARG002 - as every kind
        observed = self.observe()
        return {"seen": None if observed is None else dict(observed), "fired": None}

    def step(self, position: Document, now: float) -> Step:
        observed, wake = self.observe(), now + LOOK_S
        if observed is None:
            return Step(position=position, wake=wake)
        seen: Seen | None = position["seen"]
        if seen is None:  # it could not be looked at before: nothing is new yet
            return Step(position=position | {"seen": dict(observed)}, wake=wake)
        changed = {name: version for name, version in observed.items() if self._is_new(name, version, seen)}
        if changed != self.since.changed:
            self.since.changed, self.since.at = changed, now
        if not self._is_ready(position, observed, now):
            return Step(position=position, wake=wake)
        self.since.changed = {}
        now_seen = {name: seen[name] if version == UNREADABLE else version for name, version in observed.items()}
        return Step(position={"seen": now_seen, "fired": now}, wake=wake, fires=True)

    def _is_new(self, name: str, version: int, seen: Seen) -> bool:
        return name not in seen or (self.by_version and version not in {seen[name], UNREADABLE})

    def _is_ready(self, position: Document, observed: Seen, now: float) -> bool:
        changed, fired = self.since.changed, position["fired"]
        enough = len(changed) == len(observed) if self.needs_all else True
        rested = fired is None or now - fired >= self.between_s
        return bool(changed) and enough and rested and now - self.since.at >= self.quiet_s
