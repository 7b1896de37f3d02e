"""Secret scopes of a workspace and who may do what with them.

Source: docs.databricks.com/api/workspace/secrets; docs.databricks.com/security/auth/access-control/secret-acl
Deviation: `scopes/list` shows the scopes that the caller may READ.
"""

import re

from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, ApiError, InvalidParameter, NotFound, PermissionDenied
from brickyard_local.secrets.needs import Principals
from brickyard_local.store import Document, Store

LEVELS = ("READ", "WRITE", "MANAGE")
_KIND = "secret_scopes"
_MAX_SCOPES = 1000
_NAME = re.compile(r"[\w.@/-]{1,128}", re.ASCII)


class Scopes:
    """Scopes with their access control lists. Administrators pass every check."""

    def __init__(self, store: Store, principals: Principals) -> None:
        self._store = store
        self._principals = principals

    def create(self, caller: Caller, name: str, manager: str | None) -> None:
        """The creator manages the scope, or all users do. Errors: InvalidParameter, AlreadyExists."""
        check_name(name, "scope")
        if manager not in {None, "", "users"}:
            raise InvalidParameter(
                f"initial_manage_principal is '{manager}'; it can only be 'users', which lets everybody manage the "
                "scope. Leave it out and only you do; grant others with secrets/acls/put."
            )
        workspace_id = caller.workspace.workspace_id
        document = {"name": name, "backend_type": "DATABRICKS", "acls": {manager or caller.principal: "MANAGE"}}
        with self._store.write():
            if self._store.get(_KIND, name, scope=workspace_id) is not None:
                raise AlreadyExists(f"Scope {name} already exists!", status=400)
            refuse_beyond(len(self._store.all(_KIND, scope=workspace_id)), _MAX_SCOPES, "scopes in a workspace")
            self._store.put(_KIND, name, document, scope=workspace_id)

    def listed(self, caller: Caller) -> list[Document]:
        """Scopes that the caller may read, oldest first."""
        known = self._store.all(_KIND, scope=caller.workspace.workspace_id)
        return [scope for scope in known if _holds(caller, scope, "READ")]

    def require(self, caller: Caller, name: str, level: str) -> Document:
        """The scope. Errors: NotFound, PermissionDenied."""
        scope = self._store.get(_KIND, name, scope=caller.workspace.workspace_id)
        if scope is None:
            raise NotFound(f"Scope {name} does not exist!")
        if not _holds(caller, scope, level):
            raise PermissionDenied(
                f"'{caller.principal}' does not have {level} permission on scope {name}. Somebody with MANAGE can "
                "grant it with secrets/acls/put."
            )
        return scope

    def remove(self, caller: Caller, name: str) -> None:
        """Forget the scope, not its secrets. Errors: NotFound, PermissionDenied."""
        self.require(caller, name, "MANAGE")
        self._store.delete(_KIND, name, scope=caller.workspace.workspace_id)

    def put_acl(self, caller: Caller, name: str, principal: str, permission: str) -> None:
        """Errors: NotFound for the scope or the principal, PermissionDenied, InvalidParameter."""
        if permission not in LEVELS:
            raise InvalidParameter(f"permission is '{permission}'; it is one of {', '.join(LEVELS)}.")
        with self._store.write():
            scope = self.require(caller, name, "MANAGE")
            if not self._principals.principal_exists(principal):
                raise NotFound(
                    f"Principal '{principal}' does not exist in this account. Name a user's e-mail, a group, or a "
                    "service principal's application id."
                )
            self._keep(caller.workspace.workspace_id, scope, {**scope["acls"], principal: permission})

    def acl(self, caller: Caller, name: str, principal: str) -> Document:
        """Errors: NotFound for the scope or for a principal without permission, PermissionDenied."""
        acls = self.require(caller, name, "MANAGE")["acls"]
        if principal not in acls:
            raise NotFound(f"No ACL of principal '{principal}' on scope {name}.")
        return {"principal": principal, "permission": acls[principal]}

    def acls(self, caller: Caller, name: str) -> list[Document]:
        """Errors: NotFound, PermissionDenied."""
        acls = self.require(caller, name, "MANAGE")["acls"]
        return [{"principal": principal, "permission": permission} for principal, permission in acls.items()]

    def delete_acl(self, caller: Caller, name: str, principal: str) -> None:
        """Errors: as `acl`."""
        with self._store.write():
            self.acl(caller, name, principal)
            scope = self.require(caller, name, "MANAGE")
            left = {known: permission for known, permission in scope["acls"].items() if known != principal}
            self._keep(caller.workspace.workspace_id, scope, left)

    def principal_changed(self, old: str, new: str | None) -> None:
        """A principal was renamed, or is gone: so are its permissions, in every workspace."""
        with self._store.write():
            for workspace in self._store.all("workspaces"):
                for scope in self._store.all(_KIND, scope=workspace["workspace_id"]):
                    if old in scope["acls"]:
                        changed = dict(scope["acls"])
                        level = changed.pop(old)
                        self._keep(workspace["workspace_id"], scope, {**changed, **({new: level} if new else {})})

    def _keep(self, workspace_id: int, scope: Document, acls: Document) -> None:
        self._store.put(_KIND, scope["name"], {**scope, "acls": acls}, scope=workspace_id)


def check_name(name: str, what: str) -> None:
    """Errors: InvalidParameter for the name of a scope or of a secret."""
    if not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"The {what} name '{name[:128]}' must consist of 1 to 128 letters, digits, dashes, underscores, periods, "
            "@ and slashes."
        )


def refuse_beyond(known: int, limit: int, what: str) -> None:
    """Errors: ApiError RESOURCE_LIMIT_EXCEEDED."""
    if known >= limit:
        raise ApiError(
            f"There are {known} {what}; {limit} is the limit. Delete one first.",
            error_code="RESOURCE_LIMIT_EXCEEDED",
            status=400,
        )


def _holds(caller: Caller, scope: Document, level: str) -> bool:
    held = [LEVELS.index(granted) for principal, granted in scope["acls"].items() if principal in caller.principals]
    return caller.is_admin or max(held, default=-1) >= LEVELS.index(level)
