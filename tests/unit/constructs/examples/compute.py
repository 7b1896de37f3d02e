"""The four policies, a pool, a cluster, warehouses and a budget policy; and a policy and a warehouse that are there."""

from cdktf import TerraformStack

from brickyard_constructs.compute import (
    Autoscale,
    BudgetPolicy,
    BudgetPolicyProps,
    Cluster,
    ClusterPolicy,
    ClusterPolicyProps,
    ClusterProps,
    ClusterSpec,
    InstancePool,
    InstancePoolProps,
    Library,
    PackageIndex,
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
from brickyard_constructs.iam import Permission
from brickyard_constructs.secret_reference import SecretReference

TAGS = {"cost_center": "ml", "owner": "team"}
LIMITS = PolicyLimits(node_types=("m5d.large", "m5d.xlarge"), dbus_per_hour=10, tags=TAGS)
GPU_LIMITS = PolicyLimits(node_types=("g5.xlarge",), max_workers=2, tags=TAGS)
DEFINITIONS = {
    "personal": personal_definition(LIMITS),
    "job": job_definition(LIMITS),
    "ml": ml_definition(LIMITS),
    "gpu": gpu_definition(GPU_LIMITS),
}
USES = (Permission(level="CAN_USE", group="team"),)
ATTACHES = (Permission(level="CAN_ATTACH_TO", group="team"),)


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    for name, definition in DEFINITIONS.items():
        policy = ClusterPolicyProps(name=f"acme {name}", definition=definition, permissions=USES)
        ClusterPolicy(stack, f"policy-{name}", policy)
    others = ReferencedClusterPolicy(stack, "others", name="Shared Compute")
    BudgetPolicy(stack, "budget", BudgetPolicyProps(name="acme-ml", tags=TAGS, workspace_ids=(42,)))
    pool = InstancePoolProps(name="acme pool", node_type="m5d.large", permissions=ATTACHES, max_capacity=4, tags=TAGS)
    waiting = InstancePool(stack, "pool", pool)
    warehouses(stack)
    spec = ClusterSpec(
        spark_version="17.3.x-scala2.13",
        instance_pool_id=waiting.pool.id,
        autoscale=Autoscale(min_workers=1, max_workers=3),
        policy_id=others.policy_id,
        data_security_mode="USER_ISOLATION",
        environment={"LEVEL": "info", "API_TOKEN": SecretReference(scope="team", key="token")},
        package_index=PackageIndex(
            url="https://pypi.acme.example/simple", secret=SecretReference(scope="team", key="index")
        ),
        tags=TAGS,
    )
    libraries = (Library(wheel="/Volumes/dev/models/artifacts/tool.whl"), Library(package="holidays==0.50"))
    Cluster(stack, "cluster", ClusterProps(name="acme shared", spec=spec, permissions=ATTACHES, libraries=libraries))


def warehouses(stack: TerraformStack) -> None:
    """One that is made, one that is taken over, one that others own."""
    SqlWarehouse(stack, "warehouse", SqlWarehouseProps(name="acme", permissions=USES, max_clusters=2, tags=TAGS))
    adopted = SqlWarehouseProps(name="old", permissions=USES, ownership="adopt", import_id="abc123")
    SqlWarehouse(stack, "adopted", adopted)
    ReferencedSqlWarehouse(stack, "referenced", name="Serverless Starter Warehouse")
