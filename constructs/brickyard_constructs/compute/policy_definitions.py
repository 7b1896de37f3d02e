"""What the four kinds of cluster policy allow: personal, job, ML and GPU.

Each is data: a path of the Clusters API and its rule. A team that wants another changes or adds entries.
Source: docs.databricks.com/admin/clusters/policy-definition; …/admin/clusters/policy-families (what theirs allow)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brickyard_constructs.checks import check_at_least, check_between, check_not_empty, check_one_of
from brickyard_constructs.compute.policy_rules import (
    Allowlist,
    Definition,
    Fixed,
    Forbidden,
    Matching,
    Range,
    Rule,
    Unlimited,
)
from brickyard_constructs.errors import InvalidProps

# Resolved to a version when a policy is saved, so that a later plan shows what changed.
_LTS = ("auto:latest-lts", "auto:prev-lts")
_LTS_ML = ("auto:latest-lts-ml", "auto:prev-lts-ml")
# There is no `auto:` name for runtimes with GPU drivers.
_GPU_ML = r"[0-9]+\.[0-9]+\.x-gpu-ml-scala[0-9.]+"
_SCRIPTS_OF_ALL_CLOUDS = ("dbfs", "volumes", "workspace")
_SCRIPTS_OF = {"aws": "s3", "azure": "abfss", "gcp": "gcs"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyLimits:
    """What an environment allows. `spark_versions` of its own replace the long-term support versions.

    `tags` have one value on every cluster; of `owned_tags` each cluster has its own, by default this one. Without a
    `cloud`, scripts before tasks are forbidden wherever any cloud keeps them: a workspace knows its own places only.

    Units: `dbus_per_hour` is what one cluster may cost, as Databricks counts it, without the cloud's machines.
    """

    node_types: tuple[str, ...]
    spark_versions: tuple[str, ...] = ()
    autotermination_minutes: int = 30
    max_workers: int = 4
    dbus_per_hour: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    owned_tags: Mapping[str, str] = field(default_factory=dict)
    cloud: str | None = None

    def __post_init__(self) -> None:
        if self.cloud is not None:
            check_one_of("cloud", self.cloud, tuple(_SCRIPTS_OF))
        check_not_empty("node_types", self.node_types)
        check_between("autotermination_minutes", self.autotermination_minutes, 10, 10_000)
        check_at_least("max_workers", self.max_workers, 1)
        if self.dbus_per_hour is not None and self.dbus_per_hour <= 0:
            raise InvalidProps("dbus_per_hour", self.dbus_per_hour, rule="above 0, or left out")


def personal_definition(limits: PolicyLimits) -> Definition:
    """One person's machine for notebooks: a single node, which ends by itself, for the one who started it."""
    return {
        **_shared(limits, _versions(limits, _LTS_ML)),
        **_all_purpose(limits),
        **_single_node(),
        "data_security_mode": Allowlist(values=("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED")),
    }


def job_definition(limits: PolicyLimits) -> Definition:
    """Clusters that a job starts and that end with it; nobody attaches a notebook."""
    return {
        **_shared(limits, _versions(limits, _LTS)),
        **_workers(limits),
        "cluster_type": Fixed(value="job"),
        "workload_type.clients.notebooks": Fixed(value=False, hidden=True),
        "data_security_mode": Allowlist(
            values=("SINGLE_USER", "USER_ISOLATION", "DATA_SECURITY_MODE_DEDICATED", "DATA_SECURITY_MODE_STANDARD")
        ),
    }


def ml_definition(limits: PolicyLimits) -> Definition:
    """All-purpose clusters with the ML runtime, for a team: dedicated, since that runtime needs it."""
    return {
        **_shared(limits, _versions(limits, _LTS_ML)),
        **_all_purpose(limits),
        **_workers(limits),
        "data_security_mode": Allowlist(values=("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED")),
    }


def gpu_definition(limits: PolicyLimits) -> Definition:
    """Job clusters with GPUs, for training and fine-tuning; the runtime is one with GPU drivers."""
    versions: Rule = Matching(pattern=_GPU_ML) if not limits.spark_versions else _versions(limits, ())
    return {
        **_shared(limits, versions),
        "num_workers": Range(minimum=0, maximum=limits.max_workers, default=0, optional=True),
        "cluster_type": Fixed(value="job"),
        "workload_type.clients.notebooks": Fixed(value=False, hidden=True),
        "data_security_mode": Allowlist(values=("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED")),
        "runtime_engine": Allowlist(values=("STANDARD",), optional=True),  # Photon has no GPU runtime
    }


def _shared(limits: PolicyLimits, versions: Rule) -> dict[str, Rule]:
    """Machines, runtime, price and tags; and nothing that runs before a task, or around Unity Catalog."""
    cost = {} if limits.dbus_per_hour is None else {"dbus_per_hour": Range(maximum=limits.dbus_per_hour)}
    return {
        "spark_version": versions,
        "node_type_id": Allowlist(values=limits.node_types),
        "driver_node_type_id": Allowlist(values=limits.node_types, optional=True),
        **{f"custom_tags.{key}": Fixed(value=value) for key, value in sorted(limits.tags.items())},
        **{f"custom_tags.{key}": Unlimited(default=value) for key, value in sorted(limits.owned_tags.items())},
        **{f"init_scripts.*.{place}.destination": Forbidden() for place in _script_places(limits.cloud)},
        **cost,
    }


def _script_places(cloud: str | None) -> tuple[str, ...]:
    own = tuple(_SCRIPTS_OF.values()) if cloud is None else (_SCRIPTS_OF[cloud],)
    return (*_SCRIPTS_OF_ALL_CLOUDS, *own)


def _versions(limits: PolicyLimits, default: tuple[str, ...]) -> Rule:
    return Allowlist(values=limits.spark_versions or default)


def _all_purpose(limits: PolicyLimits) -> dict[str, Rule]:
    most = limits.autotermination_minutes
    return {
        "cluster_type": Fixed(value="all-purpose"),
        "autotermination_minutes": Range(minimum=10, maximum=most, default=most),
    }


def _single_node() -> dict[str, Rule]:
    return {
        "num_workers": Fixed(value=0, hidden=True),
        "spark_conf.spark.databricks.cluster.profile": Fixed(value="singleNode", hidden=True),
        "spark_conf.spark.master": Fixed(value="local[*]", hidden=True),
        "custom_tags.ResourceClass": Fixed(value="SingleNode", hidden=True),
    }


def _workers(limits: PolicyLimits) -> dict[str, Rule]:
    return {
        "num_workers": Range(minimum=0, maximum=limits.max_workers, optional=True),
        "autoscale.min_workers": Range(minimum=1, maximum=limits.max_workers, optional=True),
        "autoscale.max_workers": Range(minimum=1, maximum=limits.max_workers, optional=True),
    }
