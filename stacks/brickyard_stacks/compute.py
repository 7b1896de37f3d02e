"""What people and jobs may start in an environment, and what there is to run on."""

from collections.abc import Mapping

from constructs import Construct

from brickyard_constructs.compute import (
    ClusterPolicy,
    ClusterPolicyProps,
    InstancePool,
    InstancePoolProps,
    PolicyLimits,
    ReferencedClusterPolicy,
    ReferencedSqlWarehouse,
    SqlWarehouse,
    SqlWarehouseProps,
    gpu_definition,
    job_definition,
    ml_definition,
    personal_definition,
)
from brickyard_stacks.identities import Identities
from brickyard_stacks.names import EnvironmentNames
from brickyard_stacks.permissions import policy_levels, pool_levels, warehouse_levels
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.compute import PolicyName
from brickyard_stacks.settings.strict import ENVIRONMENT_TAGS
from brickyard_stacks.upstream import platform_is_there

_DEFINITIONS = {
    "personal": personal_definition,
    "job": job_definition,
    "ml": ml_definition,
    "gpu": gpu_definition,
}


def make_compute(scope: Construct, environment: Environment, identities: Identities, tags: Mapping[str, str]) -> None:
    """Policies, pools and warehouses that the environment owns."""
    for policy in environment.compute.policies:
        _policy(scope, environment, identities, policy, tags)
    for name in environment.compute.pools:
        _pool(scope, environment, identities, name, tags)
    for name in environment.compute.warehouses:
        _warehouse(scope, environment, identities, name, tags)


def warehouse_name(environment: Environment, name: str) -> str:
    """What the warehouse of a block is called in the workspace."""
    return environment.compute.warehouses[name].name or EnvironmentNames.of(environment).shared(name)


def policy_name(environment: Environment, policy: PolicyName) -> str:
    """What a policy of ours is called in the workspace."""
    return EnvironmentNames.of(environment).shared(policy)


def referenced_warehouse(scope: Construct, environment: Environment, name: str) -> str:
    """The id of a warehouse, asked for by its name: ours of the platform, or somebody else's."""
    ours = environment.compute.warehouses[name].ownership == "create"
    when = platform_is_there(scope, environment) if ours else None
    called = warehouse_name(environment, name)
    return str(ReferencedSqlWarehouse(scope, f"warehouse-{name}", name=called, when=when).warehouse_id)


def referenced_policy(scope: Construct, environment: Environment, policy: PolicyName) -> str:
    """The id of a policy of the platform, asked for by its name."""
    when = platform_is_there(scope, environment)
    called = policy_name(environment, policy)
    return str(ReferencedClusterPolicy(scope, f"policy-{policy}", name=called, when=when).policy_id)


def _policy(
    scope: Construct, environment: Environment, identities: Identities, policy: PolicyName, tags: Mapping[str, str]
) -> None:
    settings = environment.compute
    # Who owns and who pays may differ by project and by sandbox: those tags must be there, with any value.
    same = {key: value for key, value in tags.items() if key in ENVIRONMENT_TAGS}
    limits = PolicyLimits(
        node_types=settings.gpu_node_types if policy == "gpu" else settings.node_types,
        autotermination_minutes=settings.autotermination_minutes,
        dbus_per_hour=settings.cost_limit_dbu_per_hour,
        tags=same,
        owned_tags={key: value for key, value in tags.items() if key not in same},
        cloud=None if environment.cloud == "local" else environment.cloud,
    )
    props = ClusterPolicyProps(
        name=policy_name(environment, policy),
        definition=_DEFINITIONS[policy](limits),
        permissions=identities.permissions(policy_levels(environment.stage, policy)),
        description=f"Clusters of the kind {policy} in {environment.name}",
    )
    ClusterPolicy(scope, f"policy-{policy}", props)


def _pool(
    scope: Construct, environment: Environment, identities: Identities, name: str, tags: Mapping[str, str]
) -> None:
    settings = environment.compute.pools[name]
    if settings.ownership == "reference":
        return
    props = InstancePoolProps(
        name=settings.name or EnvironmentNames.of(environment).shared(name),
        node_type=settings.node_type,
        permissions=identities.permissions(pool_levels()),
        min_idle=settings.min_idle,
        max_capacity=settings.max_capacity,
        idle_autotermination_minutes=settings.idle_autotermination_minutes,
        tags=tags,
        ownership=settings.ownership,
        import_id=settings.import_id or "",
    )
    InstancePool(scope, f"pool-{name}", props)


def _warehouse(
    scope: Construct, environment: Environment, identities: Identities, name: str, tags: Mapping[str, str]
) -> None:
    settings = environment.compute.warehouses[name]
    if settings.ownership == "reference":
        return
    props = SqlWarehouseProps(
        name=warehouse_name(environment, name),
        permissions=identities.permissions(warehouse_levels(environment.stage)),
        size=settings.size,
        serverless=settings.serverless,
        min_clusters=settings.min_clusters,
        max_clusters=settings.max_clusters,
        auto_stop_minutes=settings.auto_stop_minutes,
        tags=tags,
        ownership=settings.ownership,
        import_id=settings.import_id or "",
    )
    SqlWarehouse(scope, f"warehouse-{name}", props)
