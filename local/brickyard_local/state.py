"""The composition of the local account: every service is built once here and handed what it needs.

Service folders do not import each other; where one needs another it is given it here.
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from brickyard_local.account import Account, Home, Workspace
from brickyard_local.callers import Caller, Callers
from brickyard_local.catalog.bindings import BindingsService
from brickyard_local.catalog.containers import ContainersService
from brickyard_local.catalog.grants import GrantsService
from brickyard_local.catalog.kinds import ModelSecurables
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.storage import Storage
from brickyard_local.catalog.tables import TablesService
from brickyard_local.catalog.volumes import VolumesService
from brickyard_local.files.mounts import artifacts_mount, models_mount, volumes_mount, workspace_mount
from brickyard_local.files.service import FilesService
from brickyard_local.identity.service import IdentityService
from brickyard_local.jobs.compose import Jobs, compose_jobs
from brickyard_local.jobs.processes import PURPOSE as TASK_RUN
from brickyard_local.jobs.spark_sessions import SparkSessions
from brickyard_local.models.service import ModelsService
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.secrets.compose import compose_secrets
from brickyard_local.secrets.service import SecretsService
from brickyard_local.serving.deployments import Deployments
from brickyard_local.serving.service import ServingService
from brickyard_local.spark.server import SparkServer
from brickyard_local.store import Store
from brickyard_local.tracking.service import TrackingService
from brickyard_local.workspace.compose import compose_workspace
from brickyard_local.workspace.service import WorkspaceService


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalState:
    """All services of the running account."""

    home: Home
    store: Store
    account: Account
    callers: Callers
    identity: IdentityService
    permissions: PermissionsService
    secrets: SecretsService
    files: FilesService
    workspace: WorkspaceService
    tracking: TrackingService
    jobs: Jobs
    spark: SparkSessions
    serving: ServingService
    catalog: CatalogService
    containers: ContainersService
    volumes: VolumesService
    tables: TablesService
    grants: GrantsService
    bindings: BindingsService
    models: ModelsService

    @classmethod
    def open(cls, home: Home) -> "LocalState":
        """Open the account of a home folder, or make it."""
        home.create()
        store = Store(home.database)
        account = Account(store, home)
        identity = IdentityService(store)
        permissions = PermissionsService(store, identity)
        identity.when_name_changed(permissions.principal_changed)
        secrets = compose_secrets(home, store, identity)
        identity.when_name_changed(secrets.scopes.principal_changed)
        files = FilesService(home.files)
        files.mount("WorkspaceInternal", artifacts_mount(permissions, home.files))
        workspace = compose_workspace(store, home.files, permissions, identity)
        files.mount("Workspace", workspace_mount(workspace))
        tracking = TrackingService(store, home, permissions, workspace, files)
        workspace.when_experiment_deleted(tracking.experiment_deleted)
        catalog = CatalogService(store, account, Storage(store, home), identity)
        identity.when_name_changed(catalog.principal_changed)
        catalog.start()
        tables = TablesService(store, catalog)
        tables.start()
        files.mount("Volumes", volumes_mount(catalog))
        models = ModelsService(store, ModelSecurables(catalog))
        files.mount("Models", models_mount(models))
        callers = Callers(store)
        caller_of = partial(_caller_of, account, callers)
        jobs = compose_jobs(home, store, caller_of=caller_of, permissions=permissions, tokens=identity, files=files)
        permissions.register("jobs", jobs.service.exists)
        serving = ServingService(
            store,
            Deployments(home),
            permissions=permissions,
            catalog=catalog,
            models=models,
            caller_of=caller_of,
        )
        permissions.register("serving-endpoints", serving.exists)
        return cls(
            home=home,
            store=store,
            account=account,
            callers=callers,
            identity=identity,
            permissions=permissions,
            secrets=secrets,
            files=files,
            workspace=workspace,
            tracking=tracking,
            jobs=jobs,
            serving=serving,
            spark=SparkSessions(partial(_spark_server, home), catalog.catalog_names),
            catalog=catalog,
            containers=ContainersService(catalog),
            volumes=VolumesService(catalog),
            tables=tables,
            grants=GrantsService(catalog),
            bindings=BindingsService(catalog, account),
            models=models,
        )

    def recover(self) -> None:
        """End what an earlier process left: called once, before any request is answered."""
        self.files.start()
        _revoke_lost_tokens(self.identity)
        self.jobs.runner.recover(self._workspace_ids())

    def start(self) -> None:
        """Take up what needs the HTTP server: called once, when all workspaces answer."""
        self.tracking.start(self.account.workspaces())
        workspace_ids = self._workspace_ids()
        self.jobs.runner.start(workspace_ids)
        self.serving.start(workspace_ids)

    def _workspace_ids(self) -> list[int]:
        return [workspace.workspace_id for workspace in self.account.workspaces()]

    def close(self) -> None:
        """Stop every child process."""
        self.jobs.runner.close()
        self.serving.close()
        self.tracking.close()
        self.spark.close()


def _revoke_lost_tokens(identity: IdentityService) -> None:
    """Tokens of tasks that were killed with an earlier server; those of finished tasks are gone already."""
    for known in identity.tokens.listed():
        if known["purpose"].startswith(TASK_RUN):
            identity.tokens.revoke_id(known["token_id"])


def _caller_of(account: Account, callers: Callers, workspace_id: int, principal: str) -> Caller:
    found = next(workspace for workspace in account.workspaces() if workspace.workspace_id == workspace_id)
    return callers.caller(principal, found)


def _spark_server(home: Home, workspace: Workspace) -> SparkServer:
    return SparkServer(home.root, home.cache, workspace.host, Path(sys.executable))


def local_state(request: Request) -> LocalState:
    """FastAPI dependency: the account that the request's application serves."""
    state: LocalState = request.app.state.local
    return state


Local = Annotated[LocalState, Depends(local_state)]
