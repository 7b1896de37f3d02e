"""Builds the services of database instances from what they need: called once, where the account is composed."""

from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.databases.copying import Copier
from brickyard_local.databases.credentials import CredentialsService
from brickyard_local.databases.door import Door
from brickyard_local.databases.instances import InstancesService
from brickyard_local.databases.needs import BudgetPolicies, CallerOf, Permissions, SyncedSecurables
from brickyard_local.databases.pipelines import PIPELINES, PipelinesService
from brickyard_local.databases.postgres import Postgres
from brickyard_local.databases.records import SYNCED, Records
from brickyard_local.databases.runner import Runner
from brickyard_local.databases.synced_tables import SyncedTablesService
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """What database instances are given."""

    permissions: Permissions
    securables: SyncedSecurables
    budget_policies: BudgetPolicies
    caller_of: CallerOf
    admitted: CallerOf


@dataclass(frozen=True, kw_only=True, slots=True)
class Databases:
    """The services of database instances, ready to answer."""

    instances: InstancesService
    credentials: CredentialsService
    synced_tables: SyncedTablesService
    pipelines: PipelinesService
    records: Records
    _copier: Copier
    _runner: Runner
    _door: Door
    _postgres: Postgres

    def recover(self) -> None:
        """Say of updates that an earlier process ran that they failed; no row is known to be there."""
        self._copier.sweep()
        self.records.recover()

    def start(self) -> None:
        """Let clients in, and copy what waits or was lost."""
        self._door.open()
        if self.records.waits():
            self._runner.wake()

    def require_usable(self, caller: Caller, name: str) -> None:
        """As `InstancesService.require_usable`."""
        self.instances.require_usable(caller, name)

    def principal_changed(self, old: str, new: str | None) -> None:
        """Called when a principal got another name, or is gone."""
        if new is None:
            self.records.revoke_credentials(old)

    def environment(self) -> Mapping[str, str]:
        """As `Door.environment`."""
        return self._door.environment()

    def close(self) -> None:
        """Stop the copy that runs, and Postgres."""
        self._runner.close()
        self._door.close()
        self._postgres.close()


def compose_databases(home: Home, store: Store, given: Neighbours) -> Databases:
    """The services of database instances of all workspaces."""
    records = Records(store)
    postgres = Postgres(home.root / "postgres", home.logs / "databases.log")
    copier = Copier(
        home=home,
        records=records,
        securables=given.securables,
        postgres=postgres,
        caller_of=given.caller_of,
    )

    def forget(workspace_id: int, pipeline_id: str) -> None:
        given.permissions.forget(workspace_id, PIPELINES, pipeline_id)

    runner = Runner(records, copier, forget)
    given.securables.follow(SYNCED, runner.wake)
    doors: list[Door] = []

    def changed() -> None:
        for door in doors:
            door.open()
        runner.wake()

    instances = InstancesService(
        records, given.permissions, given.budget_policies, available=postgres.check_installed, changed=changed
    )
    credentials = CredentialsService(records, instances, given.securables, given.permissions, given.admitted)
    door = Door(home, records, postgres, credentials, runner)
    doors.append(door)
    pipelines = PipelinesService(records, given.permissions, wake=runner.wake, cancel=runner.cancel)
    return Databases(
        instances=instances,
        credentials=credentials,
        synced_tables=SyncedTablesService(records, instances, pipelines, given.securables, given.budget_policies),
        pipelines=pipelines,
        records=records,
        _copier=copier,
        _runner=runner,
        _door=door,
        _postgres=postgres,
    )
