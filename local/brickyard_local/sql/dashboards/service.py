"""Dashboards: their drafts, what is published of them, and the trash. Definitions only.

Source: docs.databricks.com/api/workspace/lakeview.
Gaps: no page is drawn, and nothing of a definition but its JSON is looked at (run its queries by the SQL API);
schedules, subscriptions, embedding and migration are not emulated (501); the workspace tree does not list dashboards;
one that was trashed is not removed after 30 days.
"""

import json
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.errors import (
    AlreadyExists,
    InvalidParameter,
    NotEmulated,
    NotFound,
    PermissionDenied,
    ResourceConflict,
)
from brickyard_local.sql.dashboards.payloads import DashboardBody, PublishBody
from brickyard_local.sql.objects import Objects, now
from brickyard_local.store import Document

_TRASHED = "TRASHED"
_EMPTY = '{"pages":[{"name":"page1","displayName":"Page 1"}]}'  # what a new dashboard holds
_SUFFIX = ".lvdash.json"
_ANSWERED = ("create_time", "display_name", "lifecycle_state", "serialized_dashboard", "update_time", "warehouse_id")
_LISTED = ("create_time", "dashboard_id", "display_name", "lifecycle_state", "warehouse_id")


class DashboardsService:
    """Dashboards of every workspace."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def create(self, caller: Caller, body: DashboardBody, *, defaults: bool = False) -> Document:
        """Errors: InvalidParameter, NotEmulated for default names, AlreadyExists, NotFound, PermissionDenied."""
        _refuse_default_names(defaults)
        given = body.given()
        given.pop("etag", None)
        if not str(given.get("display_name", "")).strip():
            raise InvalidParameter("A dashboard needs a `display_name`.")
        fields: Document = {"serialized_dashboard": _EMPTY, **given, "revision": 1}
        _check_definition(fields["serialized_dashboard"])
        try:
            return _shown(self._objects.add(caller, fields, lambda document: self._check_name(caller, document)))
        except NotFound as error:
            # These words are what clients know a missing folder by: the Terraform provider makes it then.
            raise NotFound(f"Path ({given.get('parent_path', '')}) doesn't exist.") from error

    def get(self, caller: Caller, dashboard_id: str) -> Document:
        """Of one in the trash as well. Errors: NotFound, PermissionDenied."""
        return _shown(self._objects.require(caller, dashboard_id, "CAN_READ"))

    def listed(self, caller: Caller, *, trashed: bool = False) -> list[Document]:
        """Those that the caller may read, oldest first, without what only `get` answers."""
        found = self._objects.listed(caller, states=("ACTIVE", *((_TRASHED,) if trashed else ())))
        return [{key: value for key, value in _shown(each).items() if key in _LISTED} for each in found]

    def update(self, caller: Caller, dashboard_id: str, body: DashboardBody, *, defaults: bool = False) -> Document:
        """Errors: NotFound, PermissionDenied, InvalidParameter, AlreadyExists, ResourceConflict for an old `etag`."""
        _refuse_default_names(defaults)
        given = body.given()
        _check_definition(given.get("serialized_dashboard", _EMPTY))

        def changed(known: Document) -> Document:
            self._refuse_trashed(known)
            if given.get("etag", _etag(known)) != _etag(known):
                raise ResourceConflict(
                    f"The dashboard {dashboard_id} was changed meanwhile: its etag is {_etag(known)}."
                )
            if _folder(given, known) != known["folder"]:
                raise InvalidParameter("`parent_path` cannot be changed: move the dashboard, or make it anew there.")
            fields = {key: value for key, value in given.items() if key not in ("etag", "parent_path")}
            document = {**known, **fields, "revision": known["revision"] + 1}
            self._check_name(caller, document)
            return document

        return _shown(self._objects.change(caller, dashboard_id, changed))

    def trash(self, caller: Caller, dashboard_id: str) -> None:
        """Errors: NotFound, PermissionDenied, also when it is in the trash already."""
        self._refuse_trashed(self._objects.require(caller, dashboard_id, "CAN_MANAGE"))
        self._objects.trash(caller, dashboard_id, state=_TRASHED)

    def publish(self, caller: Caller, dashboard_id: str, body: PublishBody) -> Document:
        """Show what the draft is now to who may read it. Errors: NotFound, PermissionDenied, InvalidParameter."""

        def changed(known: Document) -> Document:
            self._refuse_trashed(known)
            warehouse = body.warehouse_id or known.get("warehouse_id")
            if not warehouse:
                raise InvalidParameter("A published dashboard needs a `warehouse_id`, and the draft has none.")
            published = {
                "display_name": known["display_name"],
                "embed_credentials": body.embed_credentials,
                "revision_create_time": now(),
                "warehouse_id": warehouse,
            }
            return {**known, "published": published}

        return _published(self._objects.change(caller, dashboard_id, changed))

    def published(self, caller: Caller, dashboard_id: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        return _published(self._objects.require(caller, dashboard_id, "CAN_READ"))

    def unpublish(self, caller: Caller, dashboard_id: str) -> None:
        """Errors: NotFound, PermissionDenied."""

        def changed(known: Document) -> Document:
            _published(known)
            return {key: value for key, value in known.items() if key != "published"}

        self._objects.change(caller, dashboard_id, changed)

    def _refuse_trashed(self, document: Document) -> None:
        if document["lifecycle_state"] == _TRASHED:
            raise PermissionDenied(f"The dashboard {document['id']} is in the trash.")

    def _check_name(self, caller: Caller, document: Document) -> None:
        """A dashboard is a file of its folder. Errors: AlreadyExists."""
        for each in self._objects.all(caller.workspace.workspace_id):
            same = each["lifecycle_state"] == "ACTIVE" and each["id"] != document["id"]
            if same and _path(each) == _path(document):
                raise AlreadyExists(f"Node named '{document['display_name']}{_SUFFIX}' already exists.", status=400)


def _refuse_default_names(given: bool) -> None:
    if given:
        raise NotEmulated("dataset_catalog and dataset_schema of dashboards: write three-level names into the queries")


def _check_definition(serialized: str) -> None:
    """Errors: InvalidParameter."""
    try:
        document: Any = json.loads(serialized)
    except ValueError as error:
        raise InvalidParameter(f"`serialized_dashboard` is no JSON: {error}") from error
    if not isinstance(document, dict) or not all(
        isinstance(document.get(key, []), list) for key in ("datasets", "pages")
    ):
        raise InvalidParameter("`serialized_dashboard` is an object with lists of `datasets` and `pages`.")


def _folder(given: Document, known: Document) -> str:
    return str(given.get("parent_path") or known["folder"]).removeprefix("/Workspace").rstrip("/")


def _path(document: Document) -> str:
    return f"{document['folder'].rstrip('/')}/{document['display_name']}{_SUFFIX}"


def _etag(document: Document) -> str:
    """Another one after every change of the draft; publishing is none."""
    return str(document["revision"])


def _published(document: Document) -> Document:
    """Errors: NotFound."""
    found: Document | None = document.get("published")
    if found is None or document["lifecycle_state"] == _TRASHED:
        raise NotFound(f"The dashboard {document['id']} is not published.")
    return found


def _shown(document: Document) -> Document:
    return {
        **{key: document[key] for key in _ANSWERED if key in document},
        "dashboard_id": document["id"],
        "etag": _etag(document),
        "parent_path": document["folder"],
        "path": _path(document),
    }
