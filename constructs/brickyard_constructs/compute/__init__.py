"""Compute: what people and jobs may start, and what there is to run on."""

from brickyard_constructs.compute.budget_policy import BudgetPolicy, BudgetPolicyProps
from brickyard_constructs.compute.cluster import Cluster, ClusterProps
from brickyard_constructs.compute.cluster_policy import ClusterPolicy, ClusterPolicyProps, ReferencedClusterPolicy
from brickyard_constructs.compute.cluster_spec import Autoscale, ClusterSpec
from brickyard_constructs.compute.instance_pool import InstancePool, InstancePoolProps
from brickyard_constructs.compute.library import Library
from brickyard_constructs.compute.package_index import PackageIndex
from brickyard_constructs.compute.policy_definitions import (
    PolicyLimits,
    gpu_definition,
    job_definition,
    ml_definition,
    personal_definition,
)
from brickyard_constructs.compute.sql_warehouse import ReferencedSqlWarehouse, SqlWarehouse, SqlWarehouseProps

__all__ = [
    "Autoscale",
    "BudgetPolicy",
    "BudgetPolicyProps",
    "Cluster",
    "ClusterPolicy",
    "ClusterPolicyProps",
    "ClusterProps",
    "ClusterSpec",
    "InstancePool",
    "InstancePoolProps",
    "Library",
    "PackageIndex",
    "PolicyLimits",
    "ReferencedClusterPolicy",
    "ReferencedSqlWarehouse",
    "SqlWarehouse",
    "SqlWarehouseProps",
    "gpu_definition",
    "job_definition",
    "ml_definition",
    "personal_definition",
]
