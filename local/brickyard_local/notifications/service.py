"""Notification destinations of a workspace: recorded. Nothing is sent to them from here.

What is secret in one, its URL included, is not kept at all: no API shows it, and nothing here would use it.
Source: docs.databricks.com/api/workspace/notificationdestinations
Gaps: nothing is sent; alerts that name a destination: 501.
"""

import uuid
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter, NotFound, PermissionDenied
from brickyard_local.notifications.payloads import Config, DestinationFields
from brickyard_local.store import Document, Store

_KIND = "notification_destinations"
_TYPES = {
    "email": "EMAIL",
    "generic_webhook": "WEBHOOK",
    "microsoft_teams": "MICROSOFT_TEAMS",
    "pagerduty": "PAGERDUTY",
    "slack": "SLACK",
}
_PLAIN = ("addresses",)


class NotificationsService:
    """Destinations of all workspaces. Administrators change them; everyone sees them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, caller: Caller, body: DestinationFields) -> Document:
        """Errors: PermissionDenied, InvalidParameter."""
        _only_admins(caller)
        if body.display_name is None or body.config is None:
            raise InvalidParameter("A notification destination needs a display_name and a config.")
        made = {"id": str(uuid.uuid4()), "display_name": body.display_name, **_shown(body.config, {})}
        with self._store.write():
            return self._keep(caller, made)

    def update(self, caller: Caller, destination_id: str, body: DestinationFields) -> Document:
        """What is not given stays. Errors: NotFound, PermissionDenied, InvalidParameter for another type."""
        _only_admins(caller)
        with self._store.write():
            known = self.get(caller, destination_id)
            changes = {} if body.config is None else _shown(body.config, known["config"])
            if changes and changes["destination_type"] != known["destination_type"]:
                raise InvalidParameter(
                    f"Destination {destination_id} is of type {known['destination_type']} for life; make another one."
                )
            return self._keep(caller, {**known, **changes, "display_name": body.display_name or known["display_name"]})

    def delete(self, caller: Caller, destination_id: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        _only_admins(caller)
        with self._store.write():
            self.get(caller, destination_id)
            self._store.delete(_KIND, destination_id, scope=caller.workspace.workspace_id)

    def get(self, caller: Caller, destination_id: str) -> Document:
        """Errors: NotFound."""
        found = self._store.get(_KIND, destination_id, scope=caller.workspace.workspace_id)
        if found is None:
            raise NotFound(f"Notification destination {destination_id} does not exist.")
        return found

    def listed(self, caller: Caller) -> list[Document]:
        """Names and types of all, oldest first."""
        known = self._store.all(_KIND, scope=caller.workspace.workspace_id)
        return [{name: each[name] for name in ("id", "display_name", "destination_type")} for each in known]

    def _keep(self, caller: Caller, document: Document) -> Document:
        others = self._store.all(_KIND, scope=caller.workspace.workspace_id)
        if any(o["display_name"] == document["display_name"] and o["id"] != document["id"] for o in others):
            raise InvalidParameter(f"The display_name '{document['display_name']}' is taken; names are unique.")
        return self._store.put(_KIND, document["id"], document, scope=caller.workspace.workspace_id)


def _shown(config: Config, known: Document) -> Document:
    """Type and configuration as they are shown: of a secret, that it is set."""
    given: dict[str, dict[str, Any]] = config.model_dump(exclude_none=True)
    if len(given) != 1:
        raise InvalidParameter(f"config holds exactly one of {', '.join(_TYPES)}; got {', '.join(given) or 'none'}.")
    ((kind, fields),) = given.items()
    before = known.get(kind, {})
    is_set = {f"{name}_set": True for name, value in fields.items() if not name.endswith("_set") and value}
    plain = {name: fields[name] for name in _PLAIN if name in fields}
    shown = plain if kind == "email" else {**before, **is_set}
    if kind != "email" and not shown.get("url_set") and not shown.get("integration_key_set"):
        needed = "integration_key" if kind == "pagerduty" else "url"
        raise InvalidParameter(f"config.{kind} needs '{needed}'.")
    return {"destination_type": _TYPES[kind], "config": {kind: shown}}


def _only_admins(caller: Caller) -> None:
    if not caller.is_admin:
        raise PermissionDenied(f"'{caller.principal}' is no administrator: only they change notification destinations.")
