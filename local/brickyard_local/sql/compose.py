"""Builds the services of SQL from what they need: called once, by `state`."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from brickyard_local.account import Home
from brickyard_local.sleeper import Sleeper
from brickyard_local.sql.access import Access
from brickyard_local.sql.alerts.clock import AlertClock
from brickyard_local.sql.alerts.evaluator import Evaluator
from brickyard_local.sql.alerts.service import AlertsService
from brickyard_local.sql.dashboards.service import DashboardsService
from brickyard_local.sql.front.service import Front
from brickyard_local.sql.needs import (
    CallerOf,
    Entitlements,
    ParseSchedule,
    Permissions,
    Principals,
    Signer,
    SparkSessions,
    Tree,
)
from brickyard_local.sql.objects import Objects
from brickyard_local.sql.queries.service import QueriesService
from brickyard_local.sql.statements.records import Records
from brickyard_local.sql.statements.runner import Runner
from brickyard_local.sql.statements.service import StatementsService
from brickyard_local.sql.warehouses.configuration import Configuration
from brickyard_local.sql.warehouses.service import OBJECTS as WAREHOUSES
from brickyard_local.sql.warehouses.service import WarehousesService
from brickyard_local.store import Store

_TEND_EVERY_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """What SQL is given."""

    permissions: Permissions
    principals: Principals
    spark: SparkSessions
    entitlements: Entitlements
    signer: Signer
    tree: Tree
    caller_of: CallerOf
    parse_schedule: ParseSchedule


@dataclass(frozen=True, kw_only=True, slots=True)
class Sql:
    """The services of SQL, ready to answer."""

    warehouses: WarehousesService
    configuration: Configuration
    statements: StatementsService
    queries: QueriesService
    alerts: AlertsService
    dashboards: DashboardsService
    evaluator: Evaluator
    clock: AlertClock
    sleeper: Sleeper
    records: Records
    _stopping: threading.Event = field(default_factory=threading.Event)

    def recover(self, workspace_ids: Sequence[int]) -> None:
        """Say of what an earlier process ran that it ended."""
        self.records.recover(list(workspace_ids))

    def start(self, workspace_ids: Sequence[int]) -> None:
        """Begin what happens by itself: idle warehouses stop, old results go, alerts are evaluated."""
        threading.Thread(target=self._tend, args=(list(workspace_ids),), name="sql-tend", daemon=True).start()
        self.sleeper.start(partial(self.clock.tick, list(workspace_ids)))

    def close(self) -> None:
        """Stop every process."""
        self._stopping.set()
        self.sleeper.close()
        self.warehouses.close()

    def _tend(self, workspace_ids: list[int]) -> None:
        while not self._stopping.wait(_TEND_EVERY_S):
            self.warehouses.stop_idle()
            self.records.sweep(workspace_ids)


def compose_sql(home: Home, store: Store, given: Neighbours) -> Sql:
    """The services of SQL of all workspaces."""
    sleeper = Sleeper("alerts")
    access = Access(given.principals, given.spark)
    warehouses = WarehousesService(store, home, given.permissions, access, given.entitlements)
    records = Records(store, home)
    runner = Runner(records, warehouses, Front(), access)
    statements = StatementsService(records, runner, warehouses, given.signer)
    queries = Objects(store, given.permissions, given.tree, kind="sql_queries", request_type="sql/queries")
    saved = Objects(store, given.permissions, given.tree, kind="alerts_v2", request_type="alertsv2")
    drawn = Objects(store, given.permissions, given.tree, kind="dashboards", request_type="dashboards")
    alerts = AlertsService(saved, warehouses, given.principals, given.parse_schedule, sleeper.wake)
    evaluator = Evaluator(store, saved, statements, given.caller_of)
    given.permissions.register(WAREHOUSES, warehouses.exists)
    for objects in (queries, saved, drawn):
        given.permissions.register(objects.request_type, objects.exists, inherited=objects.inherited)
    return Sql(
        warehouses=warehouses,
        configuration=Configuration(store),
        statements=statements,
        queries=QueriesService(queries, given.principals),
        alerts=alerts,
        dashboards=DashboardsService(drawn),
        evaluator=evaluator,
        clock=AlertClock(alerts, evaluator, given.parse_schedule),
        sleeper=sleeper,
        records=records,
    )
