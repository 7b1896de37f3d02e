"""Saved queries. Source: docs.databricks.com/api/workspace/queries.

Gaps: visualizations: 501; a query that was trashed is not removed after 30 days.
"""

from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, InvalidParameter, PermissionDenied
from brickyard_local.sql.masks import masked
from brickyard_local.sql.needs import Principals
from brickyard_local.sql.objects import Objects
from brickyard_local.sql.queries.payloads import CreateQuery, UpdateQuery
from brickyard_local.store import Document

_CHANGEABLE = frozenset(
    {
        "apply_auto_limit",
        "catalog",
        "description",
        "display_name",
        "owner_user_name",
        "parameters",
        "query_text",
        "run_as_mode",
        "schema",
        "tags",
        "warehouse_id",
    }
)
_DEFAULTS: Document = {"run_as_mode": "OWNER"}


class QueriesService:
    """Queries of every workspace."""

    def __init__(self, objects: Objects, principals: Principals) -> None:
        self._objects = objects
        self._principals = principals

    def create(self, caller: Caller, body: CreateQuery) -> Document:
        """Errors: InvalidParameter, AlreadyExists, NotFound or PermissionDenied for the folder."""
        fields = {**_DEFAULTS, **body.query.given(), "last_modifier_user_name": caller.principal}
        if "owner_user_name" in fields:
            raise InvalidParameter("`owner_user_name` cannot be set when a query is created: update it.")
        fields.setdefault("display_name", "New query")

        def check(document: Document) -> None:
            self._name(caller, document, resolve=body.auto_resolve_display_name)

        return _shown(self._objects.add(caller, fields, check))

    def get(self, caller: Caller, query_id: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        return _shown(self._objects.require(caller, query_id, "CAN_READ"))

    def listed(self, caller: Caller) -> list[Document]:
        """Those that the caller may read; without their folders, as on Databricks."""
        return [
            {key: value for key, value in _shown(each).items() if key != "parent_path"}
            for each in self._objects.listed(caller)
        ]

    def update(self, caller: Caller, query_id: str, body: UpdateQuery) -> Document:
        """Errors: NotFound, PermissionDenied, InvalidParameter, AlreadyExists."""

        def changed(known: Document) -> Document:
            document = masked(known, body.query.given(), body.update_mask, changeable=_CHANGEABLE)
            document = {**_DEFAULTS, "display_name": known["display_name"], **document}
            self._check_owner(caller, known, document)
            self._name(caller, document, resolve=body.auto_resolve_display_name)
            return {**document, "last_modifier_user_name": caller.principal}

        return _shown(self._objects.change(caller, query_id, changed))

    def delete(self, caller: Caller, query_id: str) -> None:
        """Into the trash. Errors: NotFound, PermissionDenied."""
        self._objects.trash(caller, query_id, state="TRASHED")

    def _check_owner(self, caller: Caller, known: Document, document: Document) -> None:
        owner = str(document.get("owner_user_name") or known["owner_user_name"])
        document["owner_user_name"] = owner
        if owner == known["owner_user_name"]:
            return
        if not (caller.is_admin or caller.principal == known["owner_user_name"]):
            raise PermissionDenied("Only the owner of a query and administrators give it to another owner.")
        if self._principals.principal_field(owner) not in {"user_name", "service_principal_name"}:
            raise InvalidParameter(f"'{owner}' is no user or service principal of this account.")

    def _name(self, caller: Caller, document: Document, *, resolve: bool) -> None:
        """Names differ in a folder. Errors: AlreadyExists."""
        taken = {
            each["display_name"]
            for each in self._objects.all(caller.workspace.workspace_id)
            if each["folder"] == document["folder"] and each["id"] != document["id"]
            if each["lifecycle_state"] == "ACTIVE"
        }
        name = document["display_name"]
        if name in taken and not resolve:
            raise AlreadyExists(f"Node named '{name}' already exists in {document['folder']}.", status=400)
        number = 0
        while document["display_name"] in taken:
            number += 1
            document["display_name"] = f"{name} ({number})"


def _shown(document: Document) -> Document:
    shown = {key: value for key, value in document.items() if key != "folder"}
    return {**shown, "parent_path": f"/Workspace{document['folder']}"}
