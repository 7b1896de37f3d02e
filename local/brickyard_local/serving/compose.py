"""Builds the serving services from what they need: called once, by `state`."""

from dataclasses import dataclass

from brickyard_local.account import Home
from brickyard_local.serving.admission import Admission
from brickyard_local.serving.deployments import Deployments
from brickyard_local.serving.endpoints import Endpoints
from brickyard_local.serving.gateways import Gateways
from brickyard_local.serving.inference_tables import InferenceTables
from brickyard_local.serving.launches import Launches
from brickyard_local.serving.metrics import Metrics
from brickyard_local.serving.needs import (
    BudgetPolicies,
    CallerOf,
    Catalog,
    Databases,
    Libraries,
    Models,
    Permissions,
    Secrets,
    Tables,
    Tokens,
)
from brickyard_local.serving.passthrough import Passthrough
from brickyard_local.serving.payload_writer import PayloadWriter
from brickyard_local.serving.rate_limits import RateLimiter
from brickyard_local.serving.service import ServingService
from brickyard_local.serving.system_table import ServedEntities
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """The services of Model Serving, ready to answer."""

    service: ServingService
    admission: Admission
    gateways: Gateways
    tables: InferenceTables
    entities: ServedEntities
    passthrough: Passthrough

    def recover(self, workspace_ids: list[int]) -> None:
        """Before requests are answered."""
        self.passthrough.forget_all()
        self.tables.recover()
        self.service.recover(workspace_ids)

    def close(self) -> None:
        """End every process."""
        self.service.close()
        self.tables.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbours:
    """The services that serving asks."""

    permissions: Permissions
    catalog: Catalog
    models: Models
    secrets: Secrets
    budget_policies: BudgetPolicies
    tables: Tables
    libraries: Libraries
    databases: Databases
    tokens: Tokens
    caller_of: CallerOf


def compose_serving(home: Home, store: Store, neighbours: Neighbours) -> Serving:
    """The services of endpoints of all workspaces."""
    passthrough = Passthrough(neighbours.databases, neighbours.tokens)
    endpoints = Endpoints(store, neighbours.permissions)
    deployments = Deployments(home)
    entities = ServedEntities(store, endpoints)
    writer = PayloadWriter(home.root / "inference", home.tables, home.logs / "inference-tables.log", store.next_id)
    tables = InferenceTables(store, neighbours.tables, writer, neighbours.caller_of)
    gateways = Gateways(store, endpoints, tables, neighbours.catalog)
    admission = Admission(endpoints, deployments, RateLimiter(), Metrics(), tables)
    service = ServingService(
        store,
        endpoints=endpoints,
        entities=entities,
        deployments=deployments,
        launches=Launches(
            neighbours.catalog,
            neighbours.models,
            neighbours.secrets,
            neighbours.caller_of,
            neighbours.libraries,
            passthrough,
        ),
        gateways=gateways,
        admission=admission,
        budget_policies=neighbours.budget_policies,
    )
    return Serving(
        service=service,
        admission=admission,
        gateways=gateways,
        tables=tables,
        entities=entities,
        passthrough=passthrough,
    )
