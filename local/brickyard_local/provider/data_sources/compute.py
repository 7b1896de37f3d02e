"""databricks_cluster_policy, databricks_node_type and databricks_spark_version.

Source: databricks-sdk-go, service/compute/ext_node_type.go and ext_spark_version.go.
"""

import re
from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.client import Api
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import DataSource, Found, State

_CLUSTERS = "/api/2.1/clusters"
_UNAVAILABLE = {"NotAvailableInRegion", "NotEnabledOnSubscription"}
_FLAGS = ("is_io_cache_enabled", "photon_driver_capable", "photon_worker_capable", "support_port_forwarding")
_KEYS = {"genomics": "-hls-", "gpu": "-gpu-", "graviton": "-aarch64-", "ml": "-ml-", "photon": "-photon-"}
_DBR = re.compile(r"^(\d+)\.(\d+)\.x-")
_NO_VERSION = "spark versions query returned {} results. Please change your search criteria and try again"


class ClusterPolicyByName(DataSource):
    """A cluster policy."""

    type_name = "databricks_cluster_policy"

    def read(self, api: Api, config: State) -> Found:
        known = api.get("/api/2.0/policies/clusters/list").get("policies") or []
        found = [policy for policy in known if policy["name"] == config.get("name")]
        if len(found) != 1:
            raise InvalidValue(
                f"{len(found)} cluster policies are named {config.get('name')!r}", "One has to be found."
            )
        return {**found[0], "id": found[0]["policy_id"]}


class NodeType(DataSource):
    """The smallest node type which has what is asked for."""

    type_name = "databricks_node_type"

    def read(self, api: Api, config: State) -> Found:
        known = api.get(f"{_CLUSTERS}/list-node-types").get("node_types") or []
        fitting = (node["node_type_id"] for node in sorted(known, key=_size) if _fits(node, config))
        return {"id": next(fitting, _default_node_type(config))}


class SparkVersion(DataSource):
    """The version which has what is asked for; the latest, unless `latest` is false."""

    type_name = "databricks_spark_version"

    def read(self, api: Api, config: State) -> Found:
        scala = config.get("scala") or "2.12"
        latest = config.get("latest") is not False
        known = api.get(f"{_CLUSTERS}/spark-versions").get("versions") or []
        keys = [version["key"] for version in known if _matches(version, config, str(scala))]
        return {"id": _chosen(keys, latest=latest), "latest": latest, "scala": scala}


def _size(node: Mapping[str, Any]) -> tuple[Any, ...]:
    disks = node.get("node_instance_type") or {}
    named = ("local_disks", "local_disk_size_gb", "local_nvme_disks", "local_nvme_disk_size_gb")
    return (
        node.get("is_deprecated", False),
        node.get("num_cores", 0),
        node.get("memory_mb", 0),
        *(disks.get(name, 0) for name in named),
        node.get("num_gpus", 0),
        node.get("instance_type_id", ""),
    )


def _fits(node: Mapping[str, Any], config: State) -> bool:
    gigabytes, cores, gpus = node["memory_mb"] // 1024, node["num_cores"], node.get("num_gpus", 0)
    wanted_gpus = config.get("min_gpus") or 0
    is_arm = bool(config.get("arm") or config.get("graviton"))
    category = str(config.get("category") or node.get("category") or "")
    rules = (
        not _UNAVAILABLE.intersection((node.get("node_info") or {}).get("status") or []),
        bool(config.get("fleet")) == ("-fleet." in node["node_type_id"]),
        gigabytes >= (config.get("min_memory_gb") or 0),
        gigabytes // cores >= (config.get("gb_per_core") or 0),
        cores >= (config.get("min_cores") or 0),
        gpus >= wanted_gpus and (wanted_gpus > 0 or gpus == 0),
        _has_disks(node, config),
        category.lower() == str(node.get("category") or "").lower(),
        all(node.get(flag) for flag in _FLAGS if config.get(flag)),
        bool(node.get("is_graviton")) == is_arm,
    )
    return all(rules)


def _has_disks(node: Mapping[str, Any], config: State) -> bool:
    """A node type which does not tell of its disks may have any."""
    disks, least = node.get("node_instance_type"), config.get("local_disk_min_size") or 0
    if not (config.get("local_disk") or least) or disks is None:
        return True
    size = disks.get("local_disk_size_gb", 0) + disks.get("local_nvme_disk_size_gb", 0)
    has_any = disks.get("local_disks", 0) >= 1 or disks.get("local_nvme_disks", 0) >= 1
    return bool(has_any and size >= least)


def _default_node_type(config: State) -> str:
    """What AWS always has."""
    is_arm, is_fleet = config.get("arm") or config.get("graviton"), config.get("fleet")
    if is_arm:
        return "rgd-fleet.xlarge" if is_fleet else "m6g.xlarge"
    return "md-fleet.xlarge" if is_fleet else "i3.xlarge"


def _matches(version: Mapping[str, str], config: State, scala: str) -> bool:
    key, name = version["key"], version["name"]
    return (
        f"-scala{scala}" in key
        and "apache-spark-" not in key
        and all((part in key) == bool(config.get(argument)) for argument, part in _KEYS.items())
        and ("Beta" in name) == bool(config.get("beta"))
        and (not config.get("long_term_support") or "LTS" in name or "-esr-" in key)
        and (not config.get("spark_version") or f"Apache Spark {config['spark_version']}" in name)
    )


def _chosen(keys: list[str], *, latest: bool) -> str:
    """Errors: InvalidValue when nothing or, without `latest`, several versions are found."""
    if not keys:
        raise InvalidValue(_NO_VERSION.format("no"))
    if len(keys) == 2 and len({re.sub(r"-scala2\.1[23]", "", key) for key in keys}) == 1:
        return min(keys)
    if len(keys) > 1 and not latest:
        raise InvalidValue(_NO_VERSION.format("multiple"), ", ".join(keys))
    return max(keys, key=_number)


def _number(key: str) -> tuple[int, ...]:
    found = _DBR.match(key)
    return tuple(int(part) for part in found.groups()) if found else ()
