"""The loop that starts runs: asks each trigger when its time has come, and sleeps until the next.

Positions are documents. Before a run is started the position says so, with the token under which it starts; so a
`kill -9` neither starts it twice nor loses it: the next process starts it under the same token, then moves on.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brickyard_local.store import Document, Store
from brickyard_local.triggers.kinds import Kind, Step
from brickyard_local.triggers.needs import Jobs

POSITIONS = "triggers"
_LONGEST_SLEEP_S = 60.0  # a machine that slept must not wait on
_AFTER_FAULT_S = 30.0
_log = logging.getLogger("brickyard_local.triggers")

KindOf = Callable[[int, Document], tuple[Kind, Any] | None]
"""The trigger of a workspace's job with what defines it; None when nothing starts the job by itself."""


@dataclass(slots=True)
class _Entry:
    workspace_id: int
    job_id: int
    kind: Kind
    position: Document
    wake: float


class TriggerLoop:
    """Triggers of all jobs. `tick` does what is due; `start` gives it a thread."""

    def __init__(self, store: Store, jobs: Jobs, kind_of: KindOf, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._jobs = jobs
        self._kind_of = kind_of
        self._clock = clock
        self._changed = threading.Condition()
        self._entries: dict[tuple[int, int], _Entry] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, workspace_ids: list[int]) -> None:
        """Start runs from now on, in a thread."""
        self.take_up(workspace_ids)
        self._thread = threading.Thread(target=self._run, name="triggers", daemon=True)
        self._thread.start()

    def take_up(self, workspace_ids: list[int]) -> None:
        """Take up the triggers of these workspaces, where they stood."""
        for workspace_id in workspace_ids:
            for job in self._jobs.triggered_jobs(workspace_id):
                self._take(workspace_id, job)

    def close(self) -> None:
        """No run starts after this."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def job_changed(self, workspace_id: int, job_id: int) -> None:
        """Call after a job was created, changed or deleted, before that is answered: from here on changes count.

        Never call it inside a transaction: the loop holds its own lock while it stores a position.
        """
        while True:  # taking it up may be slow, and a later change overtake it: the one that looks last counts
            job = self._jobs.job(workspace_id, job_id)
            if job is None:
                self._forget(workspace_id, job_id)
            else:
                self._take(workspace_id, job)
            if self._jobs.job(workspace_id, job_id) == job:
                return

    def tick(self) -> None:
        """Do what is due."""
        now = self._clock()
        with self._changed:
            due = [entry for entry in self._entries.values() if entry.wake <= now]
        for entry in due:
            try:
                self._step(entry, now)
            except Exception:  # noqa: BLE001 - one job's trouble must not keep the others from starting
                _log.exception("trigger of job %s", entry.job_id)
                entry.wake = now + _AFTER_FAULT_S

    def next_wake(self) -> float | None:
        """When something is due next."""
        wake = min((entry.wake for entry in self._entries.values()), default=math.inf)
        return None if wake == math.inf else wake

    def _run(self) -> None:
        while not self._closed:
            self.tick()
            with self._changed:
                if self._closed:
                    return
                wake = self.next_wake()
                self._changed.wait(None if wake is None else min(max(0.0, wake - self._clock()), _LONGEST_SLEEP_S))

    def _take(self, workspace_id: int, job: Document) -> None:
        """The job is saved by now, and others wait: one whose trigger cannot be understood starts nothing."""
        job_id = int(job["job_id"])
        self._drop(workspace_id, job_id)  # first: what it was does not move from here on
        try:
            found = self._kind_of(workspace_id, job)
            if found is None:
                self._pause(workspace_id, job_id)
            else:
                self._enter(workspace_id, job_id, *found)
        except Exception:  # noqa: BLE001 - the workspace must start, whatever was stored by an earlier version
            _log.exception("the trigger of job %s starts nothing", job_id)

    def _enter(self, workspace_id: int, job_id: int, kind: Kind, definition: Any) -> None:
        stored = self._store.get(POSITIONS, job_id, scope=workspace_id)
        first = None if stored is not None and stored["of"] == definition else kind.first(self._clock())
        with self._changed:
            stored = self._store.get(POSITIONS, job_id, scope=workspace_id) or {"count": 0}
            if first is not None:
                stored = {"of": definition, "count": stored["count"], "position": first, "firing": None}
                self._store.put(POSITIONS, job_id, stored, scope=workspace_id)
            self._entries[workspace_id, job_id] = _Entry(
                workspace_id=workspace_id, job_id=job_id, kind=kind, position=stored, wake=self._clock()
            )
            self._changed.notify()

    def _drop(self, workspace_id: int, job_id: int) -> None:
        with self._changed:
            self._entries.pop((workspace_id, job_id), None)

    def _forget(self, workspace_id: int, job_id: int) -> None:
        self._drop(workspace_id, job_id)
        self._store.delete(POSITIONS, job_id, scope=workspace_id)

    def _pause(self, workspace_id: int, job_id: int) -> None:
        """Forget the position, not the count: a token that was used must not come again."""
        stored = self._store.get(POSITIONS, job_id, scope=workspace_id)
        if stored is not None and stored["of"] is not None:
            paused = {"of": None, "count": stored["count"], "position": None, "firing": None}
            self._store.put(POSITIONS, job_id, paused, scope=workspace_id)

    def _step(self, entry: _Entry, now: float) -> None:
        if entry.position["firing"] is not None:
            self._fire(entry)
        step = entry.kind.step(entry.position["position"], now)
        if step.fires:
            if self._announce(entry, step):
                self._fire(entry)
        elif step.position != entry.position["position"]:
            self._move(entry, position=step.position)
        entry.wake = math.inf if step.wake is None else step.wake

    def _announce(self, entry: _Entry, step: Step) -> bool:
        """Whether it may fire: not when the job was changed meanwhile."""
        count = entry.position["count"] + 1
        token = f"trigger-{entry.job_id}-{count}"
        return self._move(entry, count=count, firing={"token": token, "position": step.position})

    def _fire(self, entry: _Entry) -> None:
        firing = entry.position["firing"]
        run_id = self._jobs.start_triggered(
            entry.workspace_id, entry.job_id, entry.kind.trigger, idempotency_token=firing["token"]
        )
        _log.info("trigger of job %s: %s", entry.job_id, "skipped" if run_id is None else f"run {run_id}")
        position = firing["position"]
        if "run_id" in position:
            position = position | {"run_id": run_id}
        self._move(entry, position=position, firing=None)

    def _move(self, entry: _Entry, **changes: Any) -> bool:
        """Store where the trigger stands, unless the job was changed meanwhile: then that is the truth."""
        entry.position = entry.position | changes
        with self._changed:
            current = self._entries.get((entry.workspace_id, entry.job_id)) is entry
            if current:
                self._store.put(POSITIONS, entry.job_id, entry.position, scope=entry.workspace_id)
        return current
