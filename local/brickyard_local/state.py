"""The composition of the local account: every service is built once here and handed what it needs.

Service folders do not import each other; where one needs another it is given it here.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from brickyard_local.account import Account, Home
from brickyard_local.callers import Callers
from brickyard_local.files.mounts import artifacts_mount
from brickyard_local.files.service import FilesService
from brickyard_local.identity.service import IdentityService
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalState:
    """All services of the running account."""

    home: Home
    store: Store
    account: Account
    callers: Callers
    identity: IdentityService
    permissions: PermissionsService
    files: FilesService

    @classmethod
    def open(cls, home: Home) -> "LocalState":
        """Open the account of a home folder, or make it."""
        home.create()
        store = Store(home.database)
        account = Account(store, home)
        identity = IdentityService(store)
        permissions = PermissionsService(store, identity)
        identity.when_name_changed(permissions.principal_changed)
        files = FilesService(home.files)
        files.mount("WorkspaceInternal", artifacts_mount(permissions, home.files))
        return cls(
            home=home,
            store=store,
            account=account,
            callers=Callers(store),
            identity=identity,
            permissions=permissions,
            files=files,
        )

    def start(self) -> None:
        """Take up what an earlier process left: called once, when all workspaces listen."""
        self.files.start()

    def close(self) -> None:
        """Stop every child process."""


def local_state(request: Request) -> LocalState:
    """FastAPI dependency: the account that the request's application serves."""
    state: LocalState = request.app.state.local
    return state


Local = Annotated[LocalState, Depends(local_state)]
