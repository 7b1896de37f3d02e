"""Which principals may enter which workspace.

A principal is let in by an assignment of its own or of a group that holds it; administrators always are.
Source: docs.databricks.com/api/account/workspaceassignment; docs.databricks.com/aws/en/admin/users-groups/users.
Gap: ADMIN for a principal that does not administer the account: 501.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from brickyard_local.callers import Caller
from brickyard_local.directory import ADMINS_GROUP, Directory
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound, PermissionDenied
from brickyard_local.identity.resource_types import BUILT_IN_GROUPS, GROUPS, RESOURCE_TYPES, USERS, ResourceType
from brickyard_local.store import Document, Store

_FIELDS = {"users": "user_name", "groups": "group_name", "service_principals": "service_principal_name"}


class Permissions(BaseModel, defer_build=True):
    """What a principal may do in a workspace; nothing takes the assignment away."""

    model_config = ConfigDict(extra="forbid")

    permissions: list[Literal["USER", "ADMIN"]] = []


class NamedPermissions(Permissions):
    """The same for a principal by its name."""

    user_name: str | None = None
    group_name: str | None = None
    service_principal_name: str | None = None


class AssignMany(BaseModel, defer_build=True):
    """The body of POST."""

    model_config = ConfigDict(extra="forbid")

    permission_assignments: list[NamedPermissions]


class Assignments:
    """Assigns principals to workspaces."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def listed(self, caller: Caller, workspace_id: int) -> Document:
        """Errors: PermissionDenied, NotFound."""
        self._check(caller, workspace_id)
        known = self._directory.snapshot().assigned(workspace_id)
        return {"permission_assignments": [self._shown(document) for document in known]}

    def assign(self, caller: Caller, workspace_id: int, principal_id: str, body: Permissions) -> Document:
        """ADMIN takes precedence over USER. Errors: PermissionDenied, NotFound, NotEmulated, InvalidParameter."""
        self._check(caller, workspace_id)
        with self._store.write():
            kind, found = self._principal(principal_id)
            if "ADMIN" in body.permissions:
                self._require_admin(kind, found)
            wanted = ["ADMIN"] if "ADMIN" in body.permissions else body.permissions[:1]
            self._directory.assign(workspace_id, principal_id, wanted)
        return self._shown({"principal_id": principal_id, "permissions": wanted})

    def assign_named(self, caller: Caller, body: AssignMany) -> Document:
        """Errors: as `assign`; nothing is assigned then."""
        with self._store.write():
            done = [
                self.assign(caller, caller.workspace.workspace_id, self._id_of(wanted), wanted)
                for wanted in body.permission_assignments
            ]
        return {"permission_assignments": done}

    def unassign(self, caller: Caller, workspace_id: int, principal_id: str) -> Document:
        """Errors: PermissionDenied, NotFound."""
        self.assign(caller, workspace_id, principal_id, Permissions())
        return {}

    def _check(self, caller: Caller, workspace_id: int) -> None:
        if not caller.is_admin:
            raise PermissionDenied(f"'{caller.principal}' is no administrator: only they assign principals.")
        if all(known["workspace_id"] != workspace_id for known in self._store.all("workspaces")):
            raise NotFound(f"This account has no workspace {workspace_id}.")

    def _require_admin(self, kind: ResourceType, found: Document) -> None:
        snapshot = self._directory.snapshot()
        standing = None if kind is GROUPS else snapshot.standing(found[kind.name_field])
        if standing is None or ADMINS_GROUP not in standing.groups:
            raise NotEmulated(
                f"an administrator of one workspace: add '{found['displayName']}' to the group '{ADMINS_GROUP}', "
                "whose members administer every workspace of the local account, or assign it as USER"
            )

    def _principal(self, principal_id: str) -> tuple[ResourceType, Document]:
        for kind in RESOURCE_TYPES:
            found = self._directory.snapshot().find(kind.kind, principal_id)
            if found is not None and found[kind.name_field] in BUILT_IN_GROUPS:
                raise InvalidParameter(f"The built-in group '{found['displayName']}' is in every workspace already.")
            if found is not None:
                return kind, found
        raise NotFound(f"No user, group or service principal has the id {principal_id}.")

    def _id_of(self, wanted: NamedPermissions) -> str:
        snapshot = self._directory.snapshot()
        names = {kind: getattr(wanted, field) for kind, field in _FIELDS.items() if getattr(wanted, field)}
        if len(names) != 1:
            raise InvalidParameter(f"Give exactly one of {', '.join(_FIELDS.values())}.")
        kind, name = next(iter(names.items()))
        found = snapshot.named(kind, name)
        if found is None:
            raise NotFound(f"No principal is called '{name}' ({_FIELDS[kind]}).")
        return str(found["id"])

    def _shown(self, document: Document) -> Document:
        kind, found = self._principal(document["principal_id"])
        principal = {
            "principal_id": int(found["id"]),
            "display_name": found["displayName"],
            _FIELDS[kind.kind]: found[kind.name_field],
        }
        if kind is USERS:
            principal["display_name"] = found.get("displayName") or found["userName"]
        return {"permissions": document["permissions"], "principal": principal}
