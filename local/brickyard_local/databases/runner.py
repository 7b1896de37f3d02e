"""Copies tables one after the other: a thread that lives while there is something to copy.

First what was copied before and is not there any more, since Postgres lost its files; then the updates that wait.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from brickyard_local.databases.answers import CANCELED, COMPLETED, FAILED, QUEUED, RUNNING
from brickyard_local.databases.copying import Canceled, Copier
from brickyard_local.databases.records import Records
from brickyard_local.errors import LocalWorkspaceError
from brickyard_local.store import Document
from brickyard_local.woken import WokenThread

_CANCEL_S = 30.0
_BUG = "The copy failed inside the local workspace; the server's log says how."
_log = logging.getLogger("brickyard_local.databases")


@dataclass(kw_only=True, slots=True)
class _Current:
    """What is copied now."""

    pipeline_id: str
    stopping: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Runner:
    """Takes what waits in order. Safe to use from any thread.

    `forget` is told the workspace and the id of a pipeline whose synced table was dropped.
    """

    def __init__(self, records: Records, copier: Copier, forget: Callable[[int, str], None]) -> None:
        self._records = records
        self._forget = forget
        self._copier = copier
        self._lock = threading.Lock()
        self._restored = threading.Condition(self._lock)
        self._thread = WokenThread("synced-tables", self._work)
        self._current: _Current | None = None

    def wake(self) -> None:
        """There may be something to do."""
        self._thread.wake()

    def wait_for_rows(self, instance_uid: str, timeout_s: float) -> bool:
        """Until what was copied into an instance is there, as far as it can be. False when time is up."""
        if not self._lost(instance_uid):
            return True
        self.wake()
        deadline = time.monotonic() + timeout_s
        with self._restored:
            while self._lost(instance_uid) and not self._thread.closing:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._restored.wait(left)
        return not self._thread.closing

    def cancel(self, pipeline_id: str) -> None:
        """End the active update of a pipeline, whether it waits or runs; returns when it has ended."""
        with self._records.store.write():
            for update in self._records.updates(pipeline_id):
                if update["state"] == QUEUED:
                    self._records.turn(update, CANCELED, "The update was stopped before it began.")
        with self._lock:
            current = self._current
        if current is not None and current.pipeline_id == pipeline_id:
            current.stopping.set()
            current.ended.wait(_CANCEL_S)

    def close(self) -> None:
        """Stop what runs; the next start says of it that it failed."""
        self._thread.close(self._interrupt)

    def _interrupt(self) -> None:
        with self._restored:
            current = self._current
            self._restored.notify_all()
        if current is not None:
            current.stopping.set()

    def _lost(self, instance_uid: str) -> list[Document]:
        """Synced tables whose rows are to be copied again."""
        found = [each for each in self._records.synced_tables() if each["instance_uid"] == instance_uid]
        incarnation = self._copier.incarnation()
        for synced in found:
            if synced["present"] and synced["incarnation"] != incarnation:
                self._records.change(synced["pipeline_id"], present=False, restoring=True)
        return [each for each in found if each["restoring"] or (each["present"] and each["incarnation"] != incarnation)]

    def _work(self) -> None:
        try:
            self._round()
        except Exception:  # noqa: BLE001 - a bug of ours must not end the thread
            _log.exception("copying synced tables")

    def _round(self) -> None:
        self._records.sweep(self._forget)
        try:
            self._copier.drop_forgotten()
        except LocalWorkspaceError as error:  # what is to be copied now says so in its state
            _log.warning("rows of dropped synced tables stay for now: %s", error)
        for synced in self._records.synced_tables():
            if synced["restoring"]:
                self._take(synced["pipeline_id"], None)
        for update in self._records.waiting():
            self._take(update["pipeline_id"], update)

    def _take(self, pipeline_id: str, update: Document | None) -> None:
        if self._thread.closing:
            return
        current = _Current(pipeline_id=pipeline_id)
        with self._lock:
            self._current = current
        try:
            if update is None:
                self._restore(current)
            elif self._records.turn(update, RUNNING):
                self._update(current, update)
        finally:
            with self._restored:
                self._current = None
                self._restored.notify_all()
            current.ended.set()

    def _restore(self, current: _Current) -> None:
        """As an update may end it, which then copies itself. A workspace that ends leaves it to the next."""
        try:
            self._copier.restore(current.pipeline_id, current.stopping)
            changes: Document = {"restoring": False}
        except Canceled:
            return
        except LocalWorkspaceError as error:
            changes = {"restoring": False, "failure": str(error)}
        except Exception:  # noqa: BLE001 - see `_update`
            _log.exception("pipeline %s", current.pipeline_id)
            changes = {"restoring": False, "failure": _BUG}
        self._records.change(current.pipeline_id, **changes)

    def _update(self, current: _Current, update: Document) -> None:
        try:
            self._copier.update(current.pipeline_id, current.stopping)
        except Canceled:
            if not self._thread.closing:
                self._records.turn(update, CANCELED, "The update was stopped.")
            return
        except LocalWorkspaceError as error:
            message = str(error)
        except Exception:  # noqa: BLE001 - a bug of ours must not leave the update running
            _log.exception("pipeline %s", current.pipeline_id)
            message = _BUG
        else:
            self._records.turn(update, COMPLETED)
            return
        with self._records.store.write():
            self._records.turn(update, FAILED, message)
            self._records.change(current.pipeline_id, failure=message)
