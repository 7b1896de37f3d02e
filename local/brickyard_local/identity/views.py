"""SCIM resources as clients read them: stored attributes and computed ones."""

from collections.abc import Callable
from typing import Any

from brickyard_local.identity.resource_types import (
    BUILT_IN_GROUPS,
    GROUPS,
    RESOURCE_TYPES,
    ResourceType,
)
from brickyard_local.identity.service import IdentityService
from brickyard_local.store import Document

_EMPTY: tuple[Any, ...] = ([], None, "")


class Views:
    """Adds to resources what is computed: groups, members' names, schemas. One snapshot per request."""

    def __init__(self, identity: IdentityService) -> None:
        self._groups = identity.listed(GROUPS)
        self._identity = identity
        self._names: dict[str, tuple[ResourceType, str]] | None = None

    def of(self, kind: ResourceType) -> Callable[[Document], Document]:
        """How to show resources of a type."""
        return lambda document: self.show(kind, document)

    def show(self, kind: ResourceType, document: Document) -> Document:
        """One resource; empty attributes are left out, as Databricks does."""
        shown = {"schemas": [kind.schema], **document, "groups": self._groups_of(document["id"])}
        if kind is GROUPS:
            shown["members"] = [self._member(entry["value"]) for entry in document["members"]]
            built_in = document["displayName"] in BUILT_IN_GROUPS
            shown["meta"] = {"resourceType": "WorkspaceGroup" if built_in else "Group"}
        return {key: value for key, value in shown.items() if value not in _EMPTY}

    def _groups_of(self, member_id: str) -> list[Document]:
        return [
            {
                "display": group["displayName"],
                "value": group["id"],
                "type": "direct",
                "$ref": f"Groups/{group['id']}",
            }
            for group in self._groups
            if any(member["value"] == member_id for member in group["members"])
        ]

    def _member(self, member_id: str) -> Document:
        if self._names is None:
            self._names = {
                document["id"]: (kind, document["displayName"])
                for kind in RESOURCE_TYPES
                for document in self._identity.listed(kind)
            }
        kind, display = self._names.get(member_id, (GROUPS, ""))
        return {"value": member_id, "display": display, "$ref": f"{kind.path}/{member_id}"}
