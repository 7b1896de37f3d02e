"""The running local account: its services, as `composition` builds them, and their life."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from brickyard_local.account import Account, Home
from brickyard_local.billing.service import BudgetPolicies
from brickyard_local.callers import Callers
from brickyard_local.catalog.bindings import BindingsService
from brickyard_local.catalog.compose import UnityCatalog
from brickyard_local.catalog.containers import ContainersService
from brickyard_local.catalog.grants import GrantsService
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import TablesService
from brickyard_local.catalog.volumes import VolumesService
from brickyard_local.composition.data import compose_data
from brickyard_local.composition.people import compose_people
from brickyard_local.composition.work import compose_work
from brickyard_local.compute.compose import Compute
from brickyard_local.databases.compose import Databases
from brickyard_local.endpoints import from_request
from brickyard_local.errors import NotFound
from brickyard_local.files.service import FilesService
from brickyard_local.identity.service import IdentityService
from brickyard_local.jobs.compose import Jobs
from brickyard_local.jobs.processes import PURPOSE as TASK_RUN
from brickyard_local.jobs.processes import sweep as sweep_tasks
from brickyard_local.jobs.spark_sessions import SparkSessions
from brickyard_local.models.service import ModelsService
from brickyard_local.monitors.compose import Monitors
from brickyard_local.monitors.process import PURPOSE as MONITOR_REFRESH
from brickyard_local.notifications.service import NotificationsService
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.secrets.service import SecretsService
from brickyard_local.serving.compose import Serving
from brickyard_local.sql.access import PURPOSE as SQL_STATEMENT
from brickyard_local.sql.compose import Sql
from brickyard_local.store import Store
from brickyard_local.tracking.service import TrackingService
from brickyard_local.triggers.loop import TriggerLoop
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
    budget_policies: BudgetPolicies
    compute: Compute
    files: FilesService
    workspace: WorkspaceService
    tracking: TrackingService
    jobs: Jobs
    triggers: TriggerLoop
    spark: SparkSessions
    serving: Serving
    sql: Sql
    monitors: Monitors
    databases: Databases
    notifications: NotificationsService
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
        people = compose_people(home)
        data = compose_data(home, people)
        work = compose_work(home, people, data)
        unity = data.unity
        return cls(
            home=home,
            store=people.store,
            account=people.account,
            callers=people.callers,
            identity=people.identity,
            permissions=people.permissions,
            secrets=people.secrets,
            budget_policies=people.budget_policies,
            files=data.files,
            workspace=data.workspace,
            tracking=data.tracking,
            unity=unity,
            catalog=unity.catalog,
            containers=unity.containers,
            volumes=unity.volumes,
            tables=unity.tables,
            grants=unity.grants,
            bindings=unity.bindings,
            models=data.models,
            compute=work.compute,
            jobs=work.jobs,
            triggers=work.triggers,
            serving=work.serving,
            spark=work.spark,
            sql=work.sql,
            monitors=work.monitors,
            databases=work.databases,
            notifications=NotificationsService(people.store),
        )

    def recover(self) -> None:
        """End what an earlier process left: called once, before any request is answered."""
        self.files.start()
        self.workspace.start()
        _revoke_lost_tokens(self.identity)
        sweep_tasks(self.home, self.jobs.runner.interrupted(self._workspace_ids()))
        self.jobs.runner.recover(self._workspace_ids())
        self.serving.recover(self._workspace_ids())
        self.sql.recover(self._workspace_ids())
        self.monitors.recover()
        self.databases.recover()

    def start(self) -> None:
        """Take up what needs the HTTP server: called once, when all workspaces answer."""
        workspace_ids = self._workspace_ids()
        self.databases.start()
        self.compute.lifecycle.start()
        self.jobs.runner.start(workspace_ids)
        self.models.start_deployments()
        self.triggers.start(workspace_ids)
        self.sql.start(workspace_ids)
        self.monitors.start()

    def _workspace_ids(self) -> list[int]:
        return [workspace.workspace_id for workspace in self.account.workspaces()]

    def close(self) -> None:
        """Stop every child process."""
        self.triggers.close()
        self.compute.lifecycle.close()
        self.jobs.runner.close()
        self.serving.close()
        self.monitors.close()
        self.databases.close()
        self.sql.close()
        self.tracking.close()
        self.spark.close()


def _revoke_lost_tokens(identity: IdentityService) -> None:
    """Tokens of tasks that were killed with an earlier server; those of finished tasks are gone already."""
    for known in identity.tokens.listed():
        if known["purpose"].startswith((TASK_RUN, SQL_STATEMENT, MONITOR_REFRESH)):
            identity.tokens.revoke_id(known["token_id"])


def _served(request: Request) -> LocalState:
    state: LocalState = request.app.state.local
    return state


Local = Annotated[LocalState, Depends(from_request(_served))]


def of_this_account(account_id: str, local: Local) -> None:
    """What routes of an account begin with: there is one. Errors: NotFound."""
    if account_id != local.account.account_id:
        raise NotFound(f"This is account {local.account.account_id}, not {account_id}.")
