"""Builds the compute services from what they need: called once, by `state`."""

from dataclasses import dataclass
from typing import Protocol

from brickyard_local.clock import now_ms
from brickyard_local.compute.clusters import OBJECT_TYPE as CLUSTERS
from brickyard_local.compute.clusters import ClustersService
from brickyard_local.compute.libraries import Installer
from brickyard_local.compute.lifecycle import Lifecycle
from brickyard_local.compute.needs import CallerOf, Entitlements, Permissions, Provide
from brickyard_local.compute.policies import OBJECT_TYPE as POLICIES
from brickyard_local.compute.policies import PoliciesService
from brickyard_local.compute.pools import OBJECT_TYPE as POOLS
from brickyard_local.compute.pools import PoolsService
from brickyard_local.compute.records import Records
from brickyard_local.compute.service import ComputeService
from brickyard_local.store import Store


class Registry(Permissions, Protocol):
    """Permissions that can be told who knows their objects."""

    def register(self, request_type: str, exists: "Exists") -> None: ...


class Exists(Protocol):
    """Whether an object is there."""

    def __call__(self, workspace_id: int, object_id: str, /) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Compute:
    """The services of compute, ready to answer; `service` is the jobs' own."""

    service: ComputeService
    clusters: ClustersService
    policies: PoliciesService
    pools: PoolsService
    lifecycle: Lifecycle


def compose_compute(
    store: Store, *, permissions: Registry, provide: Provide, caller_of: CallerOf, entitlements: Entitlements
) -> Compute:
    """Clusters, policies and pools of all workspaces, registered for their permissions."""
    records = Records(store)
    lifecycle = Lifecycle(records, Installer(provide, caller_of), now_ms)
    policies = PoliciesService(records, permissions, entitlements)
    clusters = ClustersService(records, lifecycle, policies=policies, permissions=permissions, clock=now_ms)
    permissions.register(CLUSTERS, records.exists)
    permissions.register(POLICIES, policies.exists)
    pools = PoolsService(store, permissions, entitlements)
    permissions.register(POOLS, pools.exists)
    service = ComputeService(clusters, policies, lifecycle)
    return Compute(service=service, clusters=clusters, policies=policies, pools=pools, lifecycle=lifecycle)
