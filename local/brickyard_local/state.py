"""The composition of the local account: every service is built once here and handed what it needs.

Service folders do not import each other; where one needs another it is given it here.
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request

from brickyard_local.account import Account, Home, Workspace
from brickyard_local.callers import Caller, Callers
from brickyard_local.catalog.bindings import BindingsService
from brickyard_local.catalog.compose import UnityCatalog, compose_catalog
from brickyard_local.catalog.containers import ContainersService
from brickyard_local.catalog.grants import GrantsService
from brickyard_local.catalog.kinds import ModelSecurables
from brickyard_local.catalog.made_tables import MadeTables
from brickyard_local.catalog.securables import TABLE
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import TablesService
from brickyard_local.catalog.volumes import VolumesService
from brickyard_local.compute.compose import Compute, compose_compute
from brickyard_local.directory import Directory
from brickyard_local.files.mounts import artifacts_mount, models_mount, volumes_mount, workspace_mount
from brickyard_local.files.service import FilesService
from brickyard_local.identity.service import IdentityService
from brickyard_local.jobs.cluster_libraries import ClusterLibraries
from brickyard_local.jobs.compose import Jobs, compose_jobs
from brickyard_local.jobs.compose import Neighbours as JobsNeighbours
from brickyard_local.jobs.processes import PURPOSE as TASK_RUN
from brickyard_local.jobs.processes import sweep as sweep_tasks
from brickyard_local.jobs.spark_sessions import SparkSessions
from brickyard_local.models.service import ModelsService
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.secrets.compose import compose_secrets
from brickyard_local.secrets.service import SecretsService
from brickyard_local.serving.compose import Neighbours, Serving, compose_serving
from brickyard_local.spark.server import SparkServer
from brickyard_local.sql.access import PURPOSE as SQL_STATEMENT
from brickyard_local.sql.compose import Neighbours as SqlNeighbours
from brickyard_local.sql.compose import Sql, compose_sql
from brickyard_local.store import Store
from brickyard_local.tracking.service import TrackingService
from brickyard_local.triggers.compose import compose_triggers
from brickyard_local.triggers.loop import TriggerLoop
from brickyard_local.triggers.quartz import Quartz, zone_of
from brickyard_local.triggers.settings import check as check_triggers
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
    compute: Compute
    files: FilesService
    workspace: WorkspaceService
    tracking: TrackingService
    jobs: Jobs
    triggers: TriggerLoop
    spark: SparkSessions
    serving: Serving
    sql: Sql
    unity: UnityCatalog
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
        directory = Directory(store)
        identity = IdentityService(store, directory)
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
        unity = compose_catalog(store, account, home, identity)
        catalog, tables = unity.catalog, unity.tables
        identity.when_name_changed(catalog.principal_changed)
        files.mount("Volumes", volumes_mount(catalog), catalog.storage.change)
        models = ModelsService(store, ModelSecurables(catalog))
        files.mount("Models", models_mount(models), catalog.storage.change)
        callers = Callers(store, directory)
        caller_of = partial(_caller_of, account, callers)
        compute = compose_compute(
            store, permissions=permissions, provide=ClusterLibraries(home, files).provide, caller_of=caller_of
        )
        jobs = compose_jobs(
            home,
            store,
            JobsNeighbours(
                caller_of=caller_of,
                permissions=permissions,
                grant=permissions.grant,
                tokens=identity,
                files=files,
                secrets=secrets,
                compute=compute.service,
                check_triggers=check_triggers,
            ),
        )
        permissions.register("jobs", jobs.service.exists)
        models.deploy_with(jobs.deployment)
        triggers = compose_triggers(
            store,
            jobs.triggered,
            caller_of=caller_of,
            watched_folder=partial(_watched_folder, files, unity),
            table_folder=partial(_table_folder, unity),
        )
        jobs.service.when_changed(triggers.job_changed)
        serving = compose_serving(
            home,
            store,
            Neighbours(
                permissions=permissions,
                catalog=catalog,
                models=models,
                secrets=secrets,
                tables=MadeTables(catalog, tables),
                caller_of=caller_of,
            ),
        )
        permissions.register("serving-endpoints", serving.service.exists)
        spark = SparkSessions(partial(_spark_server, home), catalog.catalog_names)
        sql = compose_sql(
            home,
            store,
            SqlNeighbours(
                permissions=permissions,
                principals=identity,
                spark=spark,
                entitlements=callers.entitlements,
                signer=files.signer,
                tree=workspace,
                caller_of=caller_of,
                parse_schedule=_schedule,
            ),
        )
        return cls(
            home=home,
            store=store,
            account=account,
            callers=callers,
            identity=identity,
            permissions=permissions,
            secrets=secrets,
            compute=compute,
            files=files,
            workspace=workspace,
            tracking=tracking,
            jobs=jobs,
            triggers=triggers,
            serving=serving,
            spark=spark,
            sql=sql,
            unity=unity,
            catalog=catalog,
            containers=unity.containers,
            volumes=unity.volumes,
            tables=tables,
            grants=unity.grants,
            bindings=unity.bindings,
            models=models,
        )

    def recover(self) -> None:
        """End what an earlier process left: called once, before any request is answered."""
        self.files.start()
        self.workspace.start()
        _revoke_lost_tokens(self.identity)
        sweep_tasks(self.home)
        self.jobs.runner.recover(self._workspace_ids())
        self.serving.recover(self._workspace_ids())
        self.sql.recover(self._workspace_ids())

    def start(self) -> None:
        """Take up what needs the HTTP server: called once, when all workspaces answer."""
        self.tracking.start(self.account.workspaces())
        workspace_ids = self._workspace_ids()
        self.compute.lifecycle.start()
        self.jobs.runner.start(workspace_ids)
        self.models.start_deployments()
        self.triggers.start(workspace_ids)
        self.sql.start(workspace_ids)

    def _workspace_ids(self) -> list[int]:
        return [workspace.workspace_id for workspace in self.account.workspaces()]

    def close(self) -> None:
        """Stop every child process."""
        self.triggers.close()
        self.compute.lifecycle.close()
        self.jobs.runner.close()
        self.serving.close()
        self.sql.close()
        self.tracking.close()
        self.spark.close()


def _revoke_lost_tokens(identity: IdentityService) -> None:
    """Tokens of tasks that were killed with an earlier server; those of finished tasks are gone already."""
    for known in identity.tokens.listed():
        if known["purpose"].startswith((TASK_RUN, SQL_STATEMENT)):
            identity.tokens.revoke_id(known["token_id"])


def _schedule(cron: str, timezone_id: str) -> Quartz:
    return Quartz.parse(cron, zone_of(timezone_id))


def _caller_of(account: Account, callers: Callers, workspace_id: int, principal: str) -> Caller:
    found = next(workspace for workspace in account.workspaces() if workspace.workspace_id == workspace_id)
    return callers.caller(principal, found)


def _watched_folder(files: FilesService, unity: UnityCatalog, caller: Caller, path: str) -> Path:
    """A folder of a volume or of an external location, for a principal who may read it. Errors: ApiError."""
    if path.startswith("/"):
        return files.local_path(caller, path, write=False)
    return Path(unquote(unity.paths.credential(caller, path, "PATH_READ")["url"].removeprefix("file://")))


def _table_folder(unity: UnityCatalog, caller: Caller, full_name: str) -> Path:
    """Where a table lies, for a principal who may read it. Errors: NotFound, PermissionDenied."""
    return unity.tables.folder(unity.catalog.reach(caller, TABLE, full_name, "SELECT")[-1].document)


def _spark_server(home: Home, workspace: Workspace) -> SparkServer:
    return SparkServer(home.root, home.cache, workspace.host, Path(sys.executable))


async def local_state(request: Request) -> LocalState:
    """FastAPI dependency: the account that the request's application serves. Plain ones cost a change of threads."""
    state: LocalState = request.app.state.local
    return state


Local = Annotated[LocalState, Depends(local_state)]
