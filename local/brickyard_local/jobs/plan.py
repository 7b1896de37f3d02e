"""Where every task of a run stands and what comes next. Pure: no threads, no clock, no store.

`Plan` is told what happened and answers what to do; `execution` does it. Every task that runs gets one `Begin` for
each attempt, after all its dependencies have ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brickyard_local.jobs import graph

NOT_RUN = {
    "UPSTREAM_FAILED": "An upstream task failed.",
    "UPSTREAM_CANCELED": "An upstream task was canceled.",
    "EXCLUDED": "Its run_if condition was not met.",
    "DISABLED": "The task is disabled, or its run_if condition was not met because an upstream task is.",
    "CANCELED": "Run cancelled.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The end of a task that is not to run (again)."""

    result: str
    outcome: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Begin:
    """Start an attempt of a task now."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Skip:
    """The task ends with this result without running."""

    key: str
    result: str


@dataclass(slots=True)
class _Step:
    task: Mapping[str, Any]
    end: Ended | None = None
    running: bool = False
    retry_at: float | None = None
    retries: int = 0

    @property
    def waiting(self) -> bool:
        return self.end is None and not self.running and self.retry_at is None


@dataclass(slots=True)
class Plan:
    """The tasks of one run. `known` are those that ended before, e.g. in the run that is repaired."""

    tasks: Sequence[Mapping[str, Any]]
    known: Mapping[str, Ended] = field(default_factory=dict)
    stopped: bool = False
    _steps: dict[str, _Step] = field(init=False)
    _blocked: dict[str, set[str]] = field(init=False)
    _after: dict[str, list[str]] = field(init=False)
    _free: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._steps = {task["task_key"]: _Step(task, self.known.get(task["task_key"])) for task in self.tasks}
        self._after = {key: [] for key in self._steps}
        self._blocked = {}
        for key, step in self._steps.items():
            before = set(graph.upstream(step.task))
            for upstream in before:
                self._after[upstream].append(key)
            self._blocked[key] = {upstream for upstream in before if self._steps[upstream].end is None}
        self._free = [key for key, step in self._steps.items() if step.waiting and not self._blocked[key]]

    @property
    def finished(self) -> bool:
        """Whether every task has ended."""
        return all(step.end is not None for step in self._steps.values())

    def results(self) -> dict[str, str]:
        """The result of every task that has ended."""
        return {key: step.end.result for key, step in self._steps.items() if step.end is not None}

    def running(self) -> list[str]:
        """Tasks with an attempt that was begun and has not ended."""
        return [key for key, step in self._steps.items() if step.running]

    def ready(self) -> list[Begin | Skip]:
        """Everything that can begin or is skipped now; skipping a task can free others."""
        found: list[Begin | Skip] = []
        while self._free:
            step = self._steps[key := self._free.pop(0)]
            if not step.waiting:
                continue
            decision = self._decide(step.task)
            if decision == graph.RUN:
                step.running = True
                found.append(Begin(key=key))
            else:
                self._end(key, Ended(result=decision))
                found.append(Skip(key=key, result=decision))
        return found

    def ended(self, key: str, end: Ended, now: float) -> float | None:
        """An attempt ended. Answers when the next one is due; None when the task has ended with it."""
        step = self._steps[key]
        step.running = False
        limit = step.task.get("max_retries") or 0
        again = end.result == "FAILED" or (end.result == "TIMEDOUT" and bool(step.task.get("retry_on_timeout")))
        if again and not self.stopped and (limit < 0 or step.retries < limit):
            step.retries += 1
            step.retry_at = now + (step.task.get("min_retry_interval_millis") or 0) / 1000
            return step.retry_at
        self._end(key, end)
        return None

    def due(self, now: float) -> list[Begin]:
        """Retries whose time has come."""
        found = []
        for key, step in self._steps.items():
            if step.retry_at is not None and step.retry_at <= now:
                step.retry_at, step.running = None, True
                found.append(Begin(key=key))
        return found

    def next_due(self) -> float | None:
        """When the next retry is due."""
        return min((step.retry_at for step in self._steps.values() if step.retry_at is not None), default=None)

    def cancel(self, key: str) -> bool:
        """Cancel one task. False when it runs (end its attempt) or has ended."""
        step = self._steps[key]
        if step.running or step.end is not None:
            return False
        self._end(key, Ended(result="CANCELED"))
        return True

    def stop(self, result: str) -> list[str]:
        """Nothing begins any more: what waits ends with this result. Answers the tasks that ended so."""
        self.stopped = True
        stopped = [key for key, step in self._steps.items() if step.end is None and not step.running]
        for key in stopped:
            self._end(key, Ended(result=result))
        return stopped

    def _decide(self, task: Mapping[str, Any]) -> str:
        if self.stopped:
            return "CANCELED"
        if task.get("disabled"):
            return "DISABLED"
        dependencies = task.get("depends_on") or []
        ends = [(self._steps[dependency["task_key"]].end, dependency.get("outcome")) for dependency in dependencies]
        if any(wanted and end and end.result == "SUCCESS" and end.outcome != wanted for end, wanted in ends):
            return "EXCLUDED"
        return graph.decide(task.get("run_if") or "ALL_SUCCESS", [end.result for end, _ in ends if end is not None])

    def _end(self, key: str, end: Ended) -> None:
        step = self._steps[key]
        step.end, step.retry_at, step.running = end, None, False
        for after in self._after[key]:
            self._blocked[after].discard(key)
            if not self._blocked[after]:
                self._free.append(after)
