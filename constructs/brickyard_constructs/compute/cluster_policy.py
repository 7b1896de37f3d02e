"""Cluster policies: what people and jobs may start."""

import json
from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.cluster_policy import ClusterPolicy as ClusterPolicyResource
from cdktf_cdktf_provider_databricks.data_databricks_cluster_policy import DataDatabricksClusterPolicy
from constructs import Construct

from brickyard_constructs.checks import check_at_least, check_not_empty
from brickyard_constructs.compute.policy_rules import Definition
from brickyard_constructs.iam import ObjectPermissions, Permission, Target, WorkspaceObject
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over
from brickyard_constructs.upstream import count_if, found


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterPolicyProps:
    """The policy, its rules by attribute, and who may use it. An adopted one has its id as `import_id`."""

    name: str
    definition: Definition
    permissions: tuple[Permission, ...]
    description: str = ""
    max_clusters_per_user: int | None = None
    ownership: Ownership = "create"
    import_id: str = ""
    protected: bool = False

    def __post_init__(self) -> None:
        for prop in ("name", "definition", "permissions"):
            check_not_empty(prop, getattr(self, prop))
        if self.max_clusters_per_user is not None:
            check_at_least("max_clusters_per_user", self.max_clusters_per_user, 1)
        check_ownership(self.ownership)
        if self.ownership == "adopt":
            check_not_empty("import_id", self.import_id)


class ClusterPolicy(Construct):
    """A cluster policy, and the principals that may use it.

    Who has no right to unrestricted clusters can start only what a policy allows; so a policy is where node types,
    runtimes, idle time, tags and the price of an hour are limited.

    Creates: databricks_cluster_policy; databricks_permissions.
    Gaps: the local workspace refuses `dbus_per_hour`, since nothing has a price there.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/cluster_policy
    """

    def __init__(self, scope: Construct, id_: str, props: ClusterPolicyProps) -> None:
        super().__init__(scope, id_)
        self.policy = ClusterPolicyResource(
            self,
            "Resource",
            name=props.name,
            definition=definition_json(props.definition),
            description=props.description or None,
            max_clusters_per_user=props.max_clusters_per_user,
            lifecycle=protection(props.protected),
        )
        take_over(self.policy, props.ownership, props.import_id)
        self.policy_id = self.policy.id
        ObjectPermissions(
            self,
            "permissions",
            on=Target(kind=WorkspaceObject.CLUSTER_POLICY, name=props.name, object_id=self.policy.id),
            permissions=props.permissions,
        )


class ReferencedClusterPolicy(Construct):
    """A policy that others own, looked up by its name, once the condition `when` holds. Nothing of it is changed.

    Creates: nothing; it reads the data source databricks_cluster_policy.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/cluster_policy
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, when: str | None = None) -> None:
        super().__init__(scope, id_)
        check_not_empty("name", name)
        self.policy = DataDatabricksClusterPolicy(self, "Resource", name=name, count=count_if(when))
        self.policy_id = (
            self.policy.id
            if when is None
            else found("databricks_cluster_policy", self.policy.friendly_unique_id, "id", name=name)
        )


def definition_json(definition: Definition) -> str:
    """The definition as the API takes it, in one order, so that equal rules make equal text."""
    return json.dumps({path: rule.json() for path, rule in sorted(definition.items())}, sort_keys=True)
