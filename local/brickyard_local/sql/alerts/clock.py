"""Evaluates alerts when they are due. What was due while the local workspace was down is not made up for."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from brickyard_local.errors import ApiError
from brickyard_local.sql.alerts.evaluator import Evaluator
from brickyard_local.sql.alerts.service import AlertsService
from brickyard_local.sql.needs import ParseSchedule
from brickyard_local.store import Document

_log = logging.getLogger("brickyard_local.alerts")
_Key = tuple[int, str]


class AlertClock:
    """Acts for a sleeper; each evaluation that runs has a thread of its own."""

    def __init__(self, alerts: AlertsService, evaluator: Evaluator, parse_schedule: ParseSchedule) -> None:
        self._alerts = alerts
        self._evaluator = evaluator
        self._parse_schedule = parse_schedule
        self._due: dict[_Key, datetime] = {}
        self._schedules: dict[_Key, Document] = {}
        self._running: set[_Key] = set()

    def tick(self, workspace_ids: Sequence[int], moment: datetime) -> datetime | None:
        """Start what is due at a moment; when to look again, None when no alert is scheduled."""
        self._load(workspace_ids, moment)
        for key, due in list(self._due.items()):
            if due > moment:
                continue
            self._plan(key, moment)
            if key not in self._running:  # a query that takes longer than its schedule is not started twice
                self._running.add(key)
                threading.Thread(target=self._evaluate, args=(key,), name=f"alert-{key[1]}", daemon=True).start()
        return min(self._due.values(), default=None)

    def _load(self, workspace_ids: Sequence[int], moment: datetime) -> None:
        found = {
            (workspace_id, each["id"]): each["schedule"]
            for workspace_id in workspace_ids
            for each in self._alerts.active(workspace_id)
        }
        changed = [key for key, schedule in found.items() if self._schedules.get(key) != schedule]
        self._schedules = found
        self._due = {key: due for key, due in self._due.items() if key in found}
        for key in changed:
            self._plan(key, moment)

    def _plan(self, key: _Key, moment: datetime) -> None:
        schedule = self._schedules[key]
        following = self._parse_schedule(schedule["quartz_cron_schedule"], schedule["timezone_id"]).next_after(moment)
        if following is None:
            self._due.pop(key, None)
        else:
            self._due[key] = following

    def _evaluate(self, key: _Key) -> None:
        try:
            self._evaluator.evaluate(*key)
        except ApiError as error:
            _log.info("alert %s: %s", key[1], error)
        except Exception:  # noqa: BLE001 - it is in the log, and the alert is due again
            _log.exception("alert %s", key[1])
        finally:
            self._running.discard(key)
