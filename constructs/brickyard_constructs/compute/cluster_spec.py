"""What a cluster is: machines, runtime, policy. The same for a job's own cluster and for one that people share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from constructs import Construct

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_at_least, check_not_empty, check_one_of, known
from brickyard_constructs.compute.package_index import PackageIndex
from brickyard_constructs.compute.runtime import check_runtime, runtime
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.secret_reference import SecretReference

# The others bypass Unity Catalog, or are what these two were called before.
_MODES = ("SINGLE_USER", "USER_ISOLATION", "DATA_SECURITY_MODE_DEDICATED", "DATA_SECURITY_MODE_STANDARD")
_DEDICATED = ("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED")
_SECRET_NAMES = ("TOKEN", "PASSWORD", "SECRET", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY")


@dataclass(frozen=True, kw_only=True, slots=True)
class Autoscale:
    """Between how many workers Databricks chooses."""

    min_workers: int
    max_workers: int

    def __post_init__(self) -> None:
        check_at_least("min_workers", self.min_workers, 1)
        check_at_least("max_workers", self.max_workers, self.min_workers)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterSpec:
    """A cluster's configuration. Without workers and autoscale it is a single node: a driver that does all.

    `environment` holds plain values and references to secrets; a name that looks like a secret's takes only the
    latter. `single_user` is the principal that a dedicated cluster is for; a job's leaves it out and is for `run_as`.
    """

    spark_version: str
    node_type: str | None = None
    driver_node_type: str | None = None
    instance_pool_id: str | None = None
    workers: int = 0
    autoscale: Autoscale | None = None
    policy_id: str | None = None
    data_security_mode: str = "SINGLE_USER"
    single_user: str | None = None
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str | SecretReference] = field(default_factory=dict)
    package_index: PackageIndex | None = None
    photon: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_not_empty("spark_version", self.spark_version)
        check_runtime("spark_version", self.spark_version)
        check_at_least("workers", self.workers, 0)
        check_one_of("data_security_mode", self.data_security_mode, _MODES)
        if (self.node_type is None) == (self.instance_pool_id is None):
            got = (self.node_type, self.instance_pool_id)
            raise InvalidProps("node_type, instance_pool_id", got, rule="exactly one of the two is named")
        if self.workers and self.autoscale:
            raise InvalidProps("workers", self.workers, rule="either a number of workers or autoscale")
        if self.single_user and self.data_security_mode not in _DEDICATED:
            raise InvalidProps("single_user", self.single_user, rule=f"goes with {' or '.join(_DEDICATED)}")
        if self.photon and "-gpu-" in self.spark_version:
            raise InvalidProps("photon", self.photon, rule="no runtime has both GPU drivers and Photon")
        for name, value in self.environment.items():
            if isinstance(value, str) and known(value) and any(word in name.upper() for word in _SECRET_NAMES):
                raise InvalidProps("environment", name, rule="a secret is given as a SecretReference, never as text")

    @property
    def is_single_node(self) -> bool:
        """Whether the driver does all."""
        return not self.workers and self.autoscale is None

    def fields(self, place: Blocks, scope: Construct) -> dict[str, Any]:
        """The arguments of a resource or block that is a cluster; what is looked up stands below `scope`."""
        scaled = self.autoscale and place.below("Autoscale").make(
            min_workers=self.autoscale.min_workers, max_workers=self.autoscale.max_workers
        )
        variables = {n: v if isinstance(v, str) else v.reference for n, v in self.environment.items()}
        index = self.package_index.variables if self.package_index else {}
        return {
            "spark_version": runtime(scope, self.spark_version),
            "node_type_id": self.node_type,
            "driver_node_type_id": self.driver_node_type,
            "instance_pool_id": self.instance_pool_id,
            "num_workers": self.workers or None,
            "autoscale": scaled,
            **({"is_single_node": True, "kind": "CLASSIC_PREVIEW"} if self.is_single_node else {}),
            "policy_id": self.policy_id,
            "data_security_mode": self.data_security_mode,
            "single_user_name": self.single_user,
            "spark_conf": dict(self.spark_conf) or None,
            "spark_env_vars": {**index, **variables} or None,
            "runtime_engine": "PHOTON" if self.photon else None,
            "custom_tags": dict(self.tags) or None,
        }
