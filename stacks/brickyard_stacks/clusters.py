"""A job's own cluster, from its settings: node types and policy of the environment, the runtime that it allows."""

from constructs import Construct

from brickyard_constructs.compute import ClusterSpec
from brickyard_constructs.jobs import JobCluster
from brickyard_stacks.compute import referenced_policy
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.settings.deployment.clusters import Cluster
from brickyard_stacks.workshop import Workshop

# What a policy of ours allows by itself. For GPUs no name follows the newest runtime.
_RUNTIMES = {
    "personal": "auto:latest-lts-ml",
    "job": "auto:latest-lts",
    "ml": "auto:latest-lts-ml",
    "gpu": "16.4.x-gpu-ml-scala2.12",
}


def job_cluster(scope: Construct, workshop: Workshop, cluster: Cluster, *, key: str, where: str) -> JobCluster:
    """The cluster as a job takes it; `where` is its place in project.yaml.

    Errors: CannotBuildStacks when there is no node type for it.
    """
    environment = workshop.environment
    compute = environment.compute
    allowed = compute.gpu_node_types if cluster.policy == "gpu" else compute.node_types
    node_type = cluster.node_type or next(iter(allowed), None)
    if node_type is None or cluster.pool is not None:
        raise CannotBuildStacks(_no_machine(workshop, cluster, where))
    known = cluster.policy in compute.policies
    spec = ClusterSpec(
        spark_version=cluster.runtime or _RUNTIMES[cluster.policy],
        node_type=node_type,
        workers=cluster.workers,
        policy_id=referenced_policy(scope, environment, cluster.policy) if known else None,
        single_user=workshop.run_as,
        spark_conf=cluster.spark_conf,
        package_index=workshop.package_index,
        tags=workshop.tags,
    )
    return JobCluster(key=key, spec=spec)


def _no_machine(workshop: Workshop, cluster: Cluster, where: str) -> str:
    if cluster.pool is not None:
        return f"{where}.pool: clusters from pools are not made yet; name a node_type instead"
    kind = "gpu_node_types" if cluster.policy == "gpu" else "node_types"
    environment = f"environments/{workshop.environment.name}.yaml"
    return f"{where} has no node type; name one there, or compute.{kind} in {environment}"
