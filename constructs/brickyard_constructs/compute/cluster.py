"""All-purpose clusters, for people."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks import cluster as cluster_bindings
from cdktf_cdktf_provider_databricks.cluster import Cluster as ClusterResource
from constructs import Construct

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_between, check_not_empty
from brickyard_constructs.compute.cluster_spec import ClusterSpec
from brickyard_constructs.compute.library import Library
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterProps:
    """The cluster, how long it may idle, and who may attach to it."""

    name: str
    spec: ClusterSpec
    permissions: tuple[Permission, ...]
    autotermination_minutes: int = 30
    libraries: tuple[Library, ...] = ()
    pinned: bool = False
    ownership: Ownership = "create"
    import_id: str = ""
    protected: bool = False

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        check_not_empty("permissions", self.permissions)
        check_between("autotermination_minutes", self.autotermination_minutes, 10, 10_000)
        check_ownership(self.ownership)
        if self.ownership == "adopt":
            check_not_empty("import_id", self.import_id)


class Cluster(Construct):
    """A cluster that people share, which ends by itself when nobody works. Jobs have clusters of their own.

    Terraform starts it when it is made, since the provider waits for it to run; `no_wait` spares that.

    Creates: databricks_cluster, with its libraries; databricks_permissions.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/cluster
    """

    def __init__(self, scope: Construct, id_: str, props: ClusterProps) -> None:
        super().__init__(scope, id_)
        place = Blocks(cluster_bindings, "Cluster")
        self.cluster = ClusterResource(
            self,
            "Resource",
            cluster_name=props.name,
            autotermination_minutes=props.autotermination_minutes,
            library=[library.block(place.below("Library")) for library in props.libraries] or None,
            is_pinned=props.pinned or None,
            no_wait=True,
            lifecycle=protection(props.protected),
            **props.spec.fields(place, self),
        )
        take_over(self.cluster, props.ownership, props.import_id)
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.CLUSTER, name=props.name, object_id=self.cluster.id),
            permissions=props.permissions,
        )
