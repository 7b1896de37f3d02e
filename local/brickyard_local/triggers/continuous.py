"""Continuous jobs: a new run when the last has ended, later and later while runs fail.

Source: docs.databricks.com/jobs/continuous (one active run; exponential backoff after failures)
"""

from collections.abc import Callable
from dataclasses import dataclass

from brickyard_local.store import Document
from brickyard_local.triggers.kinds import Step

LOOK_S = 1.0
_BACKOFF_S = 10.0
_LONGEST_S = 3600.0

Result = Callable[[int], str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuous:
    """`result` answers how a run ended, None while it is active; a run that is gone has ended."""

    result: Result
    trigger: str = "CONTINUOUS"

    def first(self, now: float) -> Document:
        return {"run_id": None, "failures": 0, "not_before": now}

    def step(self, position: Document, now: float) -> Step:
        run_id = position["run_id"]
        if run_id is not None:
            result = self.result(run_id)
            if result is None:
                return Step(position=position, wake=now + LOOK_S)
            position = _ended(position, result, now)
        if position["not_before"] > now:
            return Step(position=position, wake=position["not_before"])
        # Without a run it was skipped, e.g. because a run started by hand is active: ask again later.
        after = position | {"not_before": now + _BACKOFF_S}
        return Step(position=after, wake=now + LOOK_S, fires=True)


def _ended(position: Document, result: str, now: float) -> Document:
    failures = position["failures"] + 1 if result in {"FAILED", "TIMEDOUT"} else 0
    pause_s = min(_BACKOFF_S * 2 ** min(failures - 1, 16), _LONGEST_S) if failures else 0.0
    return {"run_id": None, "failures": failures, "not_before": now + pause_s}
