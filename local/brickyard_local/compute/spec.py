"""What a cluster may be configured with here: honoured, recorded, or refused by name. Pure: no I/O.

A local cluster is this machine. *Honoured* fields do what they do on Databricks: spark_env_vars, libraries,
autotermination, access mode with its single user, workload types, tags and names. *Recorded* ones say how big, how
fast or where the machines would be, of which there are none: they are checked, kept and answered. What would change
what a task does and is not done here is *refused* with 501, and so is every field that is not known.
Source: docs.databricks.com/api/workspace/clusters/create
"""

from typing import Any

from pydantic import ValidationError

from brickyard_local.compute import catalogue
from brickyard_local.compute.payloads import ClusterFields
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.store import Document

_REFUSED = {
    "init_scripts": "no script runs before a task",
    "docker_image": "tasks run in the workspace's own Python environment",
    "instance_pool_id": "there are no instances",
    "driver_instance_pool_id": "there are no instances",
    "ssh_public_keys": "there is no machine to log in to",
    "cluster_log_conf": "logs are delivered nowhere; runs/get-output has them",
}
_REFUSED_ATTRIBUTES = (("aws_attributes", "instance_profile_arn"), ("gcp_attributes", "google_service_account"))
_RECORDED_EXTRA = frozenset(
    {
        "remote_disk_throughput",
        "total_initial_remote_disk_size",
        "driver_node_type_flexibility",
        "worker_node_type_flexibility",
    }
)
_KNOWN = frozenset(ClusterFields.model_fields) | _RECORDED_EXTRA
# Keys of spark_conf that say how fast, how big or where. Others would change results, and sessions do not get them.
_RECORDED_CONF = (
    "spark.databricks.adaptive.",
    "spark.databricks.cluster.profile",
    "spark.databricks.delta.autoCompact.",
    "spark.databricks.delta.optimizeWrite.",
    "spark.databricks.delta.preview.enabled",
    "spark.databricks.io.cache.",
    "spark.databricks.photon.",
    "spark.driver.cores",
    "spark.driver.memory",
    "spark.dynamicAllocation.",
    "spark.executor.cores",
    "spark.executor.instances",
    "spark.executor.memory",
    "spark.master",
    "spark.speculation",
    "spark.task.cpus",
)
_MODES = (
    "DATA_SECURITY_MODE_AUTO",
    "DATA_SECURITY_MODE_DEDICATED",
    "DATA_SECURITY_MODE_STANDARD",
    "SINGLE_USER",
    "USER_ISOLATION",
)
_UNGOVERNED = ("NONE", "LEGACY_TABLE_ACL", "LEGACY_PASSTHROUGH", "LEGACY_SINGLE_USER", "LEGACY_SINGLE_USER_STANDARD")
SINGLE_USER = ("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED")
_AUTOTERMINATION = range(10, 10_001)


def typed(spec: Document) -> Document:
    """The fields that are set. Errors: InvalidParameter for a wrong type, NotEmulated for a field not known here."""
    present = {name: value for name, value in spec.items() if value is not None}
    for name in present:
        if name not in _KNOWN and name not in _REFUSED:
            raise NotEmulated(f"the cluster setting '{name}'")
    try:
        ClusterFields.model_validate(present)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidParameter(f"Cluster validation error: {wrong}.") from error
    if present.get("spark_version"):
        present["spark_version"] = catalogue.resolved(present["spark_version"])
    return present


def check(spec: Document) -> None:
    """Rules that hold for every cluster. Errors: InvalidParameter, NotEmulated."""
    _refuse(spec)
    for name in ("spark_version", "node_type_id"):
        if not spec.get(name):
            raise InvalidParameter(f"Cluster validation error: Missing required field: {name}.")
    catalogue.check_spark_version(spec["spark_version"])
    for name in ("node_type_id", "driver_node_type_id"):
        if spec.get(name):
            catalogue.check_node_type(spec[name], name)
    _check_size(spec)
    _check_words(spec)
    minutes = spec.get("autotermination_minutes") or 0
    if minutes and minutes not in _AUTOTERMINATION:
        raise InvalidParameter(
            f"autotermination_minutes is {minutes}; it is 0 (never) or between {_AUTOTERMINATION.start} and "
            f"{_AUTOTERMINATION.stop - 1}."
        )


def _refuse(spec: Document) -> None:
    for name, because in _REFUSED.items():
        if spec.get(name):
            raise NotEmulated(f"'{name}' of a cluster: {because}")
    for group, name in _REFUSED_ATTRIBUTES:
        if (spec.get(group) or {}).get(name):
            raise NotEmulated(f"'{group}.{name}' of a cluster: there is no cloud that gives tasks its rights")
    for key in spec.get("spark_conf") or {}:
        if not key.startswith(_RECORDED_CONF):
            raise NotEmulated(f"the spark_conf key '{key}' of a cluster: sessions of tasks are not given it")


def _check_size(spec: Document) -> None:
    workers, autoscale, single = spec.get("num_workers"), spec.get("autoscale"), _is_single_node(spec)
    if workers is not None and autoscale is not None:
        raise InvalidParameter("Exactly 1 of num_workers or autoscale must be specified; got both.")
    if workers is None and autoscale is None and not single:
        raise InvalidParameter("Exactly 1 of num_workers or autoscale must be specified; got neither.")
    if autoscale is not None and autoscale.get("min_workers", 1) > autoscale.get("max_workers", 1):
        raise InvalidParameter(
            f"autoscale.min_workers {autoscale.get('min_workers', 1)} is above max_workers "
            f"{autoscale.get('max_workers', 1)}."
        )
    if workers == 0 and not single:
        raise InvalidParameter(
            "NumWorkers could be 0 only for SingleNode clusters: set is_single_node (with kind CLASSIC_PREVIEW), or "
            "spark_conf spark.databricks.cluster.profile = singleNode and spark.master = local[*]."
        )
    if single and (workers or autoscale is not None):
        raise InvalidParameter(
            f"A single node cluster has no workers; got num_workers {workers}, autoscale {autoscale}."
        )


def _is_single_node(spec: Document) -> bool:
    conf: dict[str, Any] = spec.get("spark_conf") or {}
    return bool(spec.get("is_single_node")) or conf.get("spark.databricks.cluster.profile") == "singleNode"


def _check_words(spec: Document) -> None:
    mode = spec.get("data_security_mode")
    if mode in _UNGOVERNED:
        raise NotEmulated(f"data_security_mode {mode}: every task here is governed by Unity Catalog")
    for field, value, words in (
        ("data_security_mode", mode, _MODES),
        ("runtime_engine", spec.get("runtime_engine"), ("NULL", "STANDARD", "PHOTON")),
        ("kind", spec.get("kind"), ("CLASSIC_PREVIEW",)),
    ):
        if value and value not in words:
            raise InvalidParameter(f"{field} is '{value}'; it is one of {', '.join(words)}.")
    if spec.get("single_user_name") and mode not in {*SINGLE_USER, "DATA_SECURITY_MODE_AUTO"}:
        raise InvalidParameter(
            f"single_user_name '{spec['single_user_name']}' goes with data_security_mode SINGLE_USER; got {mode}."
        )
