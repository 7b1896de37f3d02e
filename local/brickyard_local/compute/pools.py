"""Instance pools of a workspace: recorded and permitted. There are no instances behind them, idle or used.

Source: docs.databricks.com/api/workspace/instancepools
Gaps: docker images and instance fleets: 501; clusters in a pool: 501, since there are no instances.
"""

import secrets

from brickyard_local.callers import Caller
from brickyard_local.compute import catalogue
from brickyard_local.compute.needs import Entitlements, Permissions
from brickyard_local.compute.payloads import EditPool, PoolFields
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound, PermissionDenied
from brickyard_local.store import Document, Store

OBJECT_TYPE = "instance-pools"
POOLS = "instance_pools"
_FREELY = "allow-instance-pool-create"
_CHANGEABLE = frozenset(
    {
        "custom_tags",
        "idle_instance_autotermination_minutes",
        "instance_pool_name",
        "max_capacity",
        "min_idle_instances",
        "node_type_flexibility",
        "remote_disk_throughput",
        "total_initial_remote_disk_size",
    }
)
_NO_INSTANCES = {"used_count": 0, "idle_count": 0, "pending_used_count": 0, "pending_idle_count": 0}


class PoolsService:
    """Pools of all workspaces. Who makes one manages it; CAN_ATTACH_TO lets others see it."""

    def __init__(self, store: Store, permissions: Permissions, entitlements: Entitlements) -> None:
        self._store = store
        self._permissions = permissions
        self._entitlements = entitlements

    def exists(self, workspace_id: int, pool_id: str) -> bool:
        """Whether there is such a pool; the permissions service asks."""
        return self._store.get(POOLS, pool_id, scope=workspace_id) is not None

    def create(self, caller: Caller, body: PoolFields) -> str:
        """Errors: PermissionDenied, InvalidParameter, NotEmulated."""
        if not caller.is_admin and _FREELY not in self._entitlements(caller):
            raise PermissionDenied(
                f"'{caller.principal}' may not create instance pools: that needs the entitlement {_FREELY}."
            )
        fields = _checked(body)
        pool_id = secrets.token_hex(10)
        facts = {"instance_pool_id": pool_id, "creator": caller.principal}
        with self._store.write():
            self._refuse_taken(caller, fields["instance_pool_name"], pool_id)
            self._store.put(POOLS, pool_id, {**fields, **facts}, scope=caller.workspace.workspace_id)
            self._permissions.own(caller, OBJECT_TYPE, pool_id)
        return pool_id

    def edit(self, caller: Caller, body: EditPool) -> None:
        """Errors: as `create`; InvalidParameter for what a pool keeps for life."""
        self._permissions.require(caller, OBJECT_TYPE, body.instance_pool_id, "CAN_MANAGE")
        fields = _checked(body)
        with self._store.write():
            known = self._find(caller, body.instance_pool_id)
            kept = sorted(
                name for name, value in fields.items() if name not in _CHANGEABLE and value != known.get(name)
            )
            if kept:
                raise InvalidParameter(f"{', '.join(kept)} of an instance pool cannot be changed; make another pool.")
            self._refuse_taken(caller, fields["instance_pool_name"], body.instance_pool_id)
            lasting = {name: value for name, value in known.items() if name not in _CHANGEABLE}
            self._store.put(POOLS, body.instance_pool_id, {**lasting, **fields}, scope=caller.workspace.workspace_id)

    def delete(self, caller: Caller, pool_id: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        self._permissions.require(caller, OBJECT_TYPE, pool_id, "CAN_MANAGE")
        workspace_id = caller.workspace.workspace_id
        with self._store.write():
            self._find(caller, pool_id)
            self._store.delete(POOLS, pool_id, scope=workspace_id)
            self._permissions.forget(workspace_id, OBJECT_TYPE, pool_id)

    def get(self, caller: Caller, pool_id: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        found = self._find(caller, pool_id)
        self._permissions.require(caller, OBJECT_TYPE, pool_id, "CAN_ATTACH_TO")
        return _shown(found)

    def listed(self, caller: Caller) -> list[Document]:
        """Those that the caller may attach to, oldest first."""
        reached = self._permissions.reached(caller, OBJECT_TYPE, "CAN_ATTACH_TO")
        known = self._store.all(POOLS, scope=caller.workspace.workspace_id)
        return [_shown(pool) for pool in known if reached is None or pool["instance_pool_id"] in reached]

    def _find(self, caller: Caller, pool_id: str) -> Document:
        found = self._store.get(POOLS, pool_id, scope=caller.workspace.workspace_id)
        if found is None:
            raise NotFound(f"Can't find an instance pool with id: {pool_id}.")
        return found

    def _refuse_taken(self, caller: Caller, name: str, pool_id: str) -> None:
        others = self._store.all(POOLS, scope=caller.workspace.workspace_id)
        if any(pool["instance_pool_name"] == name and pool["instance_pool_id"] != pool_id for pool in others):
            raise InvalidParameter(f"The instance pool name '{name}' is taken; names are unique.")


def _checked(body: PoolFields) -> Document:
    sent = body.model_dump(exclude_none=True, exclude={"instance_pool_id"})
    for name in ("preloaded_docker_images", "instance_pool_fleet_attributes"):
        if sent.get(name):
            raise NotEmulated(f"'{name}' of an instance pool")
    catalogue.check_node_type(body.node_type_id, "node_type_id")
    for version in body.preloaded_spark_versions or []:
        catalogue.check_spark_version(version)
    if body.max_capacity is not None and body.max_capacity < (body.min_idle_instances or 0):
        raise InvalidParameter(
            f"max_capacity {body.max_capacity} is below min_idle_instances {body.min_idle_instances}."
        )
    return sent


def _shown(pool: Document) -> Document:
    """Databricks adds tags of its own, and tells how many instances there are."""
    tags = {
        "Vendor": "Databricks",
        "DatabricksInstancePoolCreatorId": pool["creator"],
        "DatabricksInstancePoolId": pool["instance_pool_id"],
    }
    fields = {name: value for name, value in pool.items() if name != "creator"}
    return {**fields, "default_tags": tags, "state": "ACTIVE", "stats": _NO_INSTANCES, "status": {}}
