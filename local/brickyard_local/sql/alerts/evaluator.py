"""Evaluates one alert: runs its query, compares, keeps the state, and records who would be told.

There is no mail server here: a notification is a document and a line in the server's log.
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from brickyard_local.errors import ApiError
from brickyard_local.sql.alerts.condition import ERROR, OK, TRIGGERED, CannotEvaluate, Row, state
from brickyard_local.sql.needs import CallerOf
from brickyard_local.sql.objects import Objects, now
from brickyard_local.sql.statements.payloads import StatementBody
from brickyard_local.sql.statements.records import SUCCEEDED
from brickyard_local.sql.statements.service import StatementsService
from brickyard_local.store import Document, Store

_KIND = "alert_notifications"
_KEPT = 100
_log = logging.getLogger("brickyard_local.alerts")


class Evaluator:
    """Stateless but for the store."""

    def __init__(self, store: Store, objects: Objects, statements: StatementsService, caller_of: CallerOf) -> None:
        self._store = store
        self._objects = objects
        self._statements = statements
        self._caller_of = caller_of

    def evaluate(self, workspace_id: int, alert_id: str) -> str:
        """The new state. Errors: NotFound when the alert is gone."""
        alert = self._objects.document(workspace_id, alert_id)
        try:
            found, reason = state(alert["evaluation"], *self._result(workspace_id, alert)), ""
        except (ApiError, CannotEvaluate) as error:
            found, reason = ERROR, str(error)
            _log.warning("alert %s (%s): %s", alert_id, alert["display_name"], reason)
        self._keep(workspace_id, alert_id, found, reason)
        return found

    def notifications(self, workspace_id: int, alert_id: str) -> list[Document]:
        """What would have been sent, oldest first."""
        known = self._store.get(_KIND, alert_id, scope=workspace_id) or {"sent": []}
        return list(known["sent"])

    def _result(self, workspace_id: int, alert: Document) -> tuple[list[Mapping[str, Any]], list[Row]]:
        """Columns and all rows. Errors: CannotEvaluate with the statement's error."""
        caller = self._caller_of(workspace_id, next(iter(alert["effective"].values())))
        body = StatementBody.model_validate(
            {
                "statement": alert["query_text"],
                "warehouse_id": alert["warehouse_id"],
                "parameters": alert.get("parameters") or [],
            }
        )
        statement_id, live = self._statements.submit(caller, body)
        live.done.wait()
        answer = self._statements.get(caller, statement_id)
        if answer["status"]["state"] != SUCCEEDED:
            raise CannotEvaluate(json.dumps(answer["status"].get("error") or answer["status"]))
        rows: list[Row] = []
        for chunk in answer["manifest"]["chunks"]:
            rows += self._statements.chunk(caller, statement_id, chunk["chunk_index"])["data_array"]
        return answer["manifest"]["schema"]["columns"], rows

    def _keep(self, workspace_id: int, alert_id: str, found: str, reason: str) -> None:
        """The state, and the notification that it causes, in one write."""
        with self._store.write():
            alert = self._objects.document(workspace_id, alert_id)
            before = alert["evaluation"].get("state")
            evaluation = {**alert["evaluation"], "state": found, "last_evaluated_at": now()}
            told = _is_told(alert, before, found)
            notified = {"notified_at": datetime.now(UTC).timestamp()} if told else {}
            self._objects.put(workspace_id, {**alert, **notified, "evaluation": evaluation})
            if told:
                self._record(workspace_id, alert, found, reason)

    def _record(self, workspace_id: int, alert: Document, found: str, reason: str) -> None:
        subscriptions = (alert["evaluation"].get("notification") or {}).get("subscriptions", [])
        to = [each["user_email"] for each in subscriptions if each.get("user_email")]
        entry = {"time": now(), "state": found, "to": to, "subject": f"{alert['display_name']} is {found}"}
        sent = [*self.notifications(workspace_id, alert["id"]), {**entry, "reason": reason, "delivered": False}]
        self._store.put(_KIND, alert["id"], {"sent": sent[-_KEPT:]}, scope=workspace_id)
        _log.info("alert %s is %s; not sent, since there is no mail server here", alert["id"], found)


def _is_told(alert: Document, before: str | None, found: str) -> bool:
    """Whether this evaluation notifies: on the first trigger, again as configured, and on OK when asked for."""
    notification = alert["evaluation"].get("notification") or {}
    if not notification.get("subscriptions"):
        return False
    if found == TRIGGERED:
        again = notification.get("retrigger_seconds") or 0
        waited = datetime.now(UTC).timestamp() - alert.get("notified_at", 0)
        return before != TRIGGERED or bool(again and waited >= again)
    return bool(found == OK and before == TRIGGERED and notification.get("notify_on_ok"))
