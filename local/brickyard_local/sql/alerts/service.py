"""Alerts v2: what is asked for. When and how they are evaluated: `clock`, `evaluator`.

Only fields that a client set are answered: the provider takes another `parent_path` or `run_as` for an inconsistent
result. Source: docs.databricks.com/api/workspace/alertsv2.
Gaps: notification destinations: 501; e-mails are recorded, not sent; an alert that was trashed is not removed after
30 days; the templates of summary and description are kept, not rendered.
"""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotEmulated, PermissionDenied
from brickyard_local.sql.alerts.condition import UNKNOWN
from brickyard_local.sql.alerts.payloads import AlertBody, CronSchedule, Evaluation
from brickyard_local.sql.masks import masked
from brickyard_local.sql.needs import ParseSchedule, Principals
from brickyard_local.sql.objects import Objects
from brickyard_local.sql.warehouses.service import WarehousesService
from brickyard_local.store import Document

_NEEDED = ("display_name", "query_text", "warehouse_id", "evaluation", "schedule")
_CHANGEABLE = frozenset(
    {
        *_NEEDED,
        "parameters",
        "custom_description",
        "custom_summary",
        "custom_template_format",
        "parent_path",
        "run_as",
        "run_as_user_name",
    }
)
_RUN = ("query_text", "parameters", "warehouse_id")
_INTERNAL = frozenset({"folder", "notified_at", "effective"})


class AlertsService:
    """Alerts of every workspace. `changed` is told that their schedules may have changed."""

    def __init__(
        self,
        objects: Objects,
        warehouses: WarehousesService,
        principals: Principals,
        parse_schedule: ParseSchedule,
        changed: Callable[[], None],
    ) -> None:
        self._objects = objects
        self._warehouses = warehouses
        self._principals = principals
        self._parse_schedule = parse_schedule
        self._changed = changed

    def create(self, caller: Caller, body: AlertBody) -> Document:
        """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
        given = body.given()
        missing = [field for field in _NEEDED if field not in given]
        if missing:
            raise InvalidParameter(f"An alert needs {', '.join(_NEEDED)}; it lacks {', '.join(missing)}.")
        given["evaluation"] = {**given["evaluation"], "state": UNKNOWN}

        def check(document: Document) -> None:
            self._check(caller, document, {})

        return self._answer(self._objects.add(caller, given, check))

    def get(self, caller: Caller, alert_id: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        return _shown(self._objects.require(caller, alert_id, "CAN_READ"))

    def runnable(self, caller: Caller, alert_id: str) -> Document:
        """The alert, for a caller who may evaluate it. Errors: NotFound, PermissionDenied."""
        return _shown(self._objects.require(caller, alert_id, "CAN_RUN"))

    def listed(self, caller: Caller) -> list[Document]:
        """Those that the caller may read, oldest first."""
        return [_shown(each) for each in self._objects.listed(caller)]

    def update(self, caller: Caller, alert_id: str, body: AlertBody, mask: str) -> Document:
        """Errors: NotFound, PermissionDenied, InvalidParameter, NotEmulated."""

        def changed(known: Document) -> Document:
            document = masked(known, body.given(), mask, changeable=_CHANGEABLE)
            if document.get("parent_path") != known.get("parent_path"):
                raise InvalidParameter("`parent_path` cannot be changed: make the alert anew in the other folder.")
            kept = {
                key: known["evaluation"][key] for key in ("state", "last_evaluated_at") if key in known["evaluation"]
            }
            document["evaluation"] = {**(document.get("evaluation") or {}), **kept}
            self._check(caller, document, known)
            return document

        return self._answer(self._objects.change(caller, alert_id, changed))

    def delete(self, caller: Caller, alert_id: str, *, purge: bool) -> None:
        """Into the trash, or for good. Errors: NotFound, PermissionDenied."""
        if purge:
            self._objects.purge(caller, alert_id)
        else:
            self._objects.trash(caller, alert_id, state="DELETED")
        self._changed()

    def active(self, workspace_id: int) -> list[Document]:
        """Those that are evaluated on schedule."""
        return [
            each
            for each in self._objects.all(workspace_id)
            if each["lifecycle_state"] == "ACTIVE" and each["schedule"].get("pause_status") != "PAUSED"
        ]

    def _answer(self, document: Document) -> Document:
        self._changed()
        return _shown(document)

    def _check(self, caller: Caller, document: Document, known: Document) -> None:
        """Errors: InvalidParameter, NotEmulated, NotFound, PermissionDenied."""
        missing = [field for field in _NEEDED if not document.get(field)]
        if missing:
            raise InvalidParameter(f"An alert cannot be without {', '.join(missing)}.")
        _refuse_incomplete(document)
        schedule = document["schedule"]
        self._parse_schedule(schedule["quartz_cron_schedule"], schedule["timezone_id"])
        if document["warehouse_id"] != known.get("warehouse_id"):
            self._warehouses.require(caller, document["warehouse_id"], "CAN_USE")
        notification = document["evaluation"].get("notification") or {}
        if any(each.get("destination_id") for each in notification.get("subscriptions", [])):
            raise NotEmulated("notification destinations of alerts; `user_email` is recorded, and nothing is sent")
        asked = _asked_run_as(document)
        # Who changes what runs answers for it: else whoever may edit an alert could do all that its owner may.
        another = caller.principal not in document.get("effective", {}).values()
        rewritten = any(document.get(field) != known.get(field) for field in _RUN)
        if asked != _asked_run_as(known) or (another and rewritten):
            document["effective"] = self._run_as(caller, asked)

    def _run_as(self, caller: Caller, asked: dict[str, Any]) -> dict[str, str]:
        """Whose rights it has. Errors: InvalidParameter, PermissionDenied."""
        names = [name for name in asked.values() if name]
        if not names:
            return {self._field(caller.principal): caller.principal}
        name = names[0]
        field = self._field(name)
        if field == "user_name" and name != caller.principal:
            raise PermissionDenied(f"An alert of '{caller.principal}' cannot run as user '{name}', only as itself.")
        if field == "service_principal_name" and not (caller.is_admin or name == caller.principal):
            raise PermissionDenied(
                f"'{caller.principal}' may not use service principal '{name}': ask an administrator."
            )
        return {field: name}

    def _field(self, name: str) -> str:
        field = self._principals.principal_field(name)
        if field not in {"user_name", "service_principal_name"}:
            raise InvalidParameter(f"'{name}' is no user or service principal of this account.")
        return str(field)


def _refuse_incomplete(document: Document) -> None:
    """A mask can name a part of a part, and so take away what a whole one must have. Errors: InvalidParameter."""
    try:
        Evaluation.model_validate(document["evaluation"])
        CronSchedule.model_validate(document["schedule"])
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InvalidParameter(f"The alert would not be whole: {found}.") from error


def _asked_run_as(document: Document) -> dict[str, Any]:
    run_as = document.get("run_as") or {}
    return {**run_as, **({"old": document["run_as_user_name"]} if document.get("run_as_user_name") else {})}


def _shown(document: Document) -> Document:
    shown = {key: value for key, value in document.items() if key not in _INTERNAL}
    return {**shown, "effective_run_as": document["effective"]}
