"""Who calls: a bearer token becomes a principal of the account, in one workspace."""

import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from brickyard_local.account import ADMIN, Workspace, token_digest
from brickyard_local.directory import ADMINS_GROUP, EVERYBODY, Directory, Standing
from brickyard_local.endpoints import from_request
from brickyard_local.errors import PermissionDenied, Unauthenticated
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The authenticated principal of one request.

    `principal` is what grants name: a user's e-mail or a service principal's application id. `groups` are the
    display names of all groups that hold the principal, nested ones included, `account users` always.
    """

    principal: str
    groups: frozenset[str]
    is_admin: bool
    workspace: Workspace

    @property
    def principals(self) -> frozenset[str]:
        """Every name under which a grant or an ACL can reach this caller."""
        return self.groups | {self.principal}


class Callers:
    """Finds the caller of a token.

    A token is looked up by its SHA-256: what an index compares is a digest that nobody can steer towards a
    known one, so the time that a wrong token takes says nothing about a right one.
    """

    def __init__(self, store: Store, directory: Directory | None = None) -> None:
        self._store = store
        self._directory = directory or Directory(store)

    def authenticate(self, authorization: str | None, workspace: Workspace, call: str = "") -> Caller:
        """The caller of a request, `call` being its method and path.

        Errors: Unauthenticated when the header is missing or its token unknown or expired; PermissionDenied for a call
        that the token was not made for; as `admit`.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(
                "A bearer token is needed: set DATABRICKS_TOKEN, or DATABRICKS_CONFIG_FILE to the databrickscfg "
                "that `brickyard status --json` names."
            )
        known = self._store.shared("tokens", token_digest(token.strip()))
        if known is None or (known["expires_at"] is not None and known["expires_at"] < time.time()):
            raise Unauthenticated("The token is unknown to this account, revoked or expired.")
        reaches = known.get("reaches")
        if reaches is not None and not call.startswith(tuple(reaches)):
            raise PermissionDenied(
                f"This token was made for {known['comment']}: it reaches {', '.join(reaches)} and not {call or 'this'}."
            )
        return self.admit(known["principal"], workspace)

    def admit(self, principal: str, workspace: Workspace) -> Caller:
        """The caller of an active principal that is assigned to the workspace.

        Errors: Unauthenticated for a principal that is gone or inactive, PermissionDenied for one that is not
        assigned.
        """
        snapshot = self._directory.snapshot()
        standing = snapshot.standing(principal)
        if standing is None or not standing.active:
            raise Unauthenticated(f"'{principal}' was deleted or set inactive: it cannot sign in.")
        if not snapshot.may_enter(workspace.workspace_id, standing):
            raise PermissionDenied(
                f"'{principal}' is not assigned to workspace '{workspace.name}' ({workspace.workspace_id}). An "
                "administrator assigns it, or a group that holds it: databricks_permission_assignment in Terraform, "
                "PUT /api/2.0/preview/permissionassignments/principals/<id> on that workspace."
            )
        return _caller(principal, standing, workspace)

    def caller(self, principal: str, workspace: Workspace) -> Caller:
        """The caller that a principal would be, e.g. the run_as of a job. Nothing is checked."""
        return _caller(principal, self._directory.snapshot().standing(principal), workspace)

    def owner(self, name: str, workspace: Workspace) -> Caller | None:
        """The caller that the owner of a securable would be, a group too; None when it is gone or inactive."""
        snapshot = self._directory.snapshot()
        standing = snapshot.standing(name) or snapshot.group_standing(name)
        return _caller(name, standing, workspace) if standing is not None and standing.active else None

    def entitlements(self, caller: Caller) -> frozenset[str]:
        """What the caller is entitled to, itself or through its groups, e.g. `allow-cluster-create`."""
        standing = self._directory.snapshot().standing(caller.principal)
        return frozenset() if standing is None else standing.entitlements


def _caller(principal: str, standing: Standing | None, workspace: Workspace) -> Caller:
    groups = frozenset({EVERYBODY}) if standing is None else standing.groups
    is_admin = principal == ADMIN or ADMINS_GROUP in groups
    return Caller(principal=principal, groups=groups, is_admin=is_admin, workspace=workspace)


def _found_at_the_gate(request: Request) -> Caller:
    caller: Caller = request.scope["state"]["caller"]
    return caller


CurrentCaller = Annotated[Caller, Depends(from_request(_found_at_the_gate))]
