"""Instance pools: machines that wait, so that a cluster starts sooner."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.instance_pool import InstancePool as InstancePoolResource
from constructs import Construct

from brickyard_constructs.checks import check_at_least, check_between, check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over


@dataclass(frozen=True, kw_only=True, slots=True)
class InstancePoolProps:
    """How many machines of what type wait, for how long, and who may use them. What waits costs money."""

    name: str
    node_type: str
    permissions: tuple[Permission, ...]
    min_idle: int = 0
    max_capacity: int | None = None
    idle_autotermination_minutes: int = 15
    spark_version: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    ownership: Ownership = "create"
    import_id: str = ""
    protected: bool = False

    def __post_init__(self) -> None:
        for prop in ("name", "node_type", "permissions"):
            check_not_empty(prop, getattr(self, prop))
        check_at_least("min_idle", self.min_idle, 0)
        check_between("idle_autotermination_minutes", self.idle_autotermination_minutes, 0, 10_000)
        if self.max_capacity is not None and self.min_idle > self.max_capacity:
            raise InvalidProps("min_idle", self.min_idle, rule=f"at most max_capacity, {self.max_capacity}")
        check_ownership(self.ownership)
        if self.ownership == "adopt":
            check_not_empty("import_id", self.import_id)


class InstancePool(Construct):
    """A pool of idle machines that clusters take from. Type, tags and preloaded runtime are fixed once made.

    Creates: databricks_instance_pool; databricks_permissions.
    Gaps: the local workspace has no machines, and refuses pools.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/instance_pool
    """

    def __init__(self, scope: Construct, id_: str, props: InstancePoolProps) -> None:
        super().__init__(scope, id_)
        self.pool = InstancePoolResource(
            self,
            "Resource",
            instance_pool_name=props.name,
            node_type_id=props.node_type,
            min_idle_instances=props.min_idle,
            max_capacity=props.max_capacity,
            idle_instance_autotermination_minutes=props.idle_autotermination_minutes,
            preloaded_spark_versions=[props.spark_version] if props.spark_version else None,
            custom_tags=dict(props.tags) or None,
            lifecycle=protection(props.protected),
        )
        take_over(self.pool, props.ownership, props.import_id)
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.INSTANCE_POOL, name=props.name, object_id=self.pool.id),
            permissions=props.permissions,
        )
