"""Bodies and queries of the clusters, libraries and policies APIs.

Source: docs.databricks.com/api/workspace/{clusters,clusterpolicies,libraries}
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["PENDING", "RUNNING", "RESTARTING", "RESIZING", "TERMINATING", "TERMINATED", "ERROR", "UNKNOWN"]


class _Body(BaseModel, defer_build=True):
    model_config = ConfigDict(extra="forbid")


class AutoScale(_Body):
    """Bounds of the number of workers."""

    min_workers: int = Field(default=1, ge=0)
    max_workers: int = Field(default=1, ge=0)


class Clients(_Body):
    """Which workloads may run."""

    jobs: bool | None = None
    notebooks: bool | None = None


class WorkloadType(_Body):
    """Holds the clients."""

    clients: Clients = Clients()


class ClusterFields(BaseModel, defer_build=True):
    """The fields of a cluster whose types are checked; which fields there may be, `spec` says."""

    model_config = ConfigDict(extra="allow", strict=True)

    cluster_name: str | None = None
    spark_version: str | None = None
    node_type_id: str | None = None
    driver_node_type_id: str | None = None
    num_workers: int | None = Field(default=None, ge=0)
    autoscale: AutoScale | None = None
    autotermination_minutes: int | None = None
    data_security_mode: str | None = None
    single_user_name: str | None = None
    runtime_engine: str | None = None
    policy_id: str | None = None
    apply_policy_default_values: bool | None = None
    is_single_node: bool | None = None
    use_ml_runtime: bool | None = None
    enable_elastic_disk: bool | None = None
    enable_local_disk_encryption: bool | None = None
    kind: str | None = None
    custom_tags: dict[str, str] | None = None
    spark_conf: dict[str, str] | None = None
    spark_env_vars: dict[str, str] | None = None
    workload_type: WorkloadType | None = None
    aws_attributes: dict[str, Any] | None = None
    azure_attributes: dict[str, Any] | None = None
    gcp_attributes: dict[str, Any] | None = None
    init_scripts: list[dict[str, dict[str, Any]]] | None = None
    ssh_public_keys: list[str] | None = None
    docker_image: dict[str, Any] | None = None
    cluster_log_conf: dict[str, dict[str, Any]] | None = None
    instance_pool_id: str | None = None
    driver_instance_pool_id: str | None = None


class ClusterId(_Body):
    """Names a cluster."""

    cluster_id: str


class RestartCluster(ClusterId):
    """`restart_user` is kept by nobody."""

    restart_user: str | None = None


class ResizeCluster(ClusterId):
    """A new size."""

    num_workers: int | None = Field(default=None, ge=0)
    autoscale: AutoScale | None = None


class UpdateCluster(ClusterId):
    """Changes of the fields that the mask names."""

    update_mask: str
    cluster: dict[str, Any] = {}


class GetEvents(ClusterId):
    """Which events."""

    start_time: int | None = None
    end_time: int | None = None
    order: Literal["ASC", "DESC"] = "DESC"
    event_types: list[str] = []
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=50, ge=0)
    page_size: int | None = None
    page_token: str | None = None


class ListClusters(BaseModel, defer_build=True):
    """The query of clusters/list."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    page_size: int = Field(default=20, ge=0)
    page_token: str | None = None
    is_pinned: bool | None = Field(default=None, alias="filter_by.is_pinned")
    policy_id: str | None = Field(default=None, alias="filter_by.policy_id")
    states: list[State] = Field(default=[], alias="filter_by.cluster_states")
    sources: list[str] = Field(default=[], alias="filter_by.cluster_sources")
    direction: Literal["ASC", "DESC"] = Field(default="ASC", alias="sort_by.direction")
    field: Literal["CLUSTER_NAME", "DEFAULT"] = Field(default="DEFAULT", alias="sort_by.field")


class Libraries(ClusterId):
    """Libraries of a cluster."""

    libraries: list[dict[str, Any]]


class PolicyFields(_Body):
    """What a policy is made of."""

    name: str = Field(min_length=1, max_length=100)
    definition: str | None = None
    description: str | None = Field(default=None, max_length=1000)
    max_clusters_per_user: int | None = None
    libraries: list[dict[str, Any]] | None = None
    policy_family_id: str | None = None
    policy_family_definition_overrides: str | None = None


class EditPolicy(PolicyFields):
    """All fields of a known policy."""

    policy_id: str


class PolicyId(_Body):
    """Names a policy."""

    policy_id: str


class PoolAwsAttributes(_Body):
    """Where on AWS the instances of a pool would be."""

    availability: Literal["ON_DEMAND", "SPOT"] | None = None
    instance_profile_arn: str | None = None
    spot_bid_price_percent: int | None = Field(default=None, ge=1)
    zone_id: str | None = None


class PoolAzureAttributes(_Body):
    """Where on Azure the instances of a pool would be."""

    availability: Literal["ON_DEMAND_AZURE", "SPOT_AZURE"] | None = None
    capacity_reservation_group: str | None = None
    spot_bid_max_price: float | None = None


class PoolGcpAttributes(_Body):
    """Where on Google Cloud the instances of a pool would be."""

    gcp_availability: Literal["ON_DEMAND_GCP", "PREEMPTIBLE_GCP", "PREEMPTIBLE_WITH_FALLBACK_GCP"] | None = None
    local_ssd_count: int | None = None
    zone_id: str | None = None


class PoolFields(_Body):
    """What a pool is made of."""

    instance_pool_name: str = Field(min_length=1, max_length=100)
    node_type_id: str
    min_idle_instances: int | None = Field(default=None, ge=0)
    max_capacity: int | None = Field(default=None, ge=0)
    idle_instance_autotermination_minutes: int | None = Field(default=None, ge=0, le=10_000)
    enable_elastic_disk: bool | None = None
    custom_tags: dict[str, str] | None = Field(default=None, max_length=45)
    preloaded_spark_versions: list[str] | None = Field(default=None, max_length=1)
    aws_attributes: PoolAwsAttributes | None = None
    azure_attributes: PoolAzureAttributes | None = None
    gcp_attributes: PoolGcpAttributes | None = None
    disk_spec: dict[str, Any] | None = None
    node_type_flexibility: dict[str, Any] | None = None
    remote_disk_throughput: int | None = None
    total_initial_remote_disk_size: int | None = None
    preloaded_docker_images: list[dict[str, Any]] | None = None
    instance_pool_fleet_attributes: dict[str, Any] | None = None


class EditPool(PoolFields):
    """All fields of a known pool."""

    instance_pool_id: str


class PoolId(_Body):
    """Names a pool."""

    instance_pool_id: str
