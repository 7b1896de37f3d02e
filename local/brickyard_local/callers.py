"""Who calls: a bearer token becomes a principal of the account, in one workspace."""

import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from brickyard_local.account import ADMIN, Workspace, token_digest
from brickyard_local.errors import Unauthenticated
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
    """Finds the caller of a token."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def authenticate(self, authorization: str | None, workspace: Workspace) -> Caller:
        """Errors: Unauthenticated when the header is missing or its token unknown or expired."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(
                "A bearer token is needed: set DATABRICKS_TOKEN, or DATABRICKS_CONFIG_FILE to the databrickscfg "
                "that `brickyard status --json` names."
            )
        known = self._store.get("tokens", token_digest(token.strip()))
        if known is None or (known["expires_at"] is not None and known["expires_at"] < time.time()):
            raise Unauthenticated("The token is unknown to this account, revoked or expired.")
        return self.caller(known["principal"], workspace)

    def caller(self, principal: str, workspace: Workspace) -> Caller:
        """The caller that a principal would be, e.g. the run_as of a job."""
        groups = self._groups_of(principal)
        is_admin = principal == ADMIN or "admins" in groups
        return Caller(principal=principal, groups=groups, is_admin=is_admin, workspace=workspace)

    def _groups_of(self, principal: str) -> frozenset[str]:
        member_id = self._id_of(principal)
        if member_id is None:
            return frozenset({"account users"})
        groups = self._store.all("groups")
        found: dict[str, str] = {}
        wanted = {member_id}
        while wanted:
            holding = [
                group
                for group in groups
                if group["id"] not in found and wanted & {member["value"] for member in group.get("members", [])}
            ]
            found |= {group["id"]: group["displayName"] for group in holding}
            wanted = {group["id"] for group in holding}
        return frozenset(found.values()) | {"account users"}

    def _id_of(self, principal: str) -> str | None:
        for kind, field in (("users", "userName"), ("service_principals", "applicationId")):
            for document in self._store.all(kind):
                if document[field] == principal:
                    return str(document["id"])
        return None


def current_caller(request: Request) -> Caller:
    """FastAPI dependency: the caller that the authentication middleware found."""
    caller: Caller = request.state.caller
    return caller


CurrentCaller = Annotated[Caller, Depends(current_caller)]
