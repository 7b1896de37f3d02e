"""What a cluster can be configured with: runtime versions and node types. Both are recorded only.

A local cluster runs the workspace's own Python and Spark on this machine, whatever its runtime and node type say;
the names are known so that a configuration for the cloud can be tried, and a wrong name shows.
Source: docs.databricks.com/release-notes/runtime (long-term support versions);
aws.amazon.com/ec2/instance-types (cores, memory, disks)
Gaps: runtimes without long-term support; node types other than these few of AWS are accepted by the form of their name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document

ZONE = "local"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Runtime:
    version: str
    spark: str
    scala: tuple[str, ...]


_RUNTIMES = (
    _Runtime(version="17.3", spark="4.0.0", scala=("2.13",)),
    _Runtime(version="16.4", spark="3.5.2", scala=("2.12", "2.13")),
    _Runtime(version="15.4", spark="3.5.0", scala=("2.12",)),
    _Runtime(version="14.3", spark="3.5.0", scala=("2.12",)),
    _Runtime(version="13.3", spark="3.4.1", scala=("2.12",)),
)
_FLAVOURS = (("", ""), ("-cpu-ml", " ML"), ("-gpu-ml", " ML"), ("-photon", " Photon"))
_AUTO = re.compile(r"auto:(?P<which>latest|prev-major|prev-lts)(?P<lts>-lts)?(?P<ml>-ml)?")
_NODE_TYPE = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+|Standard_\w+|[a-z]+\d[a-z]*-[a-z]+-\d+(-lssd)?")
# node type: cores, GiB of memory, disks, GiB per disk, GPUs, category, whether Graviton
_NODE_TYPES: tuple[tuple[str, int, int, int, int, int, str, bool], ...] = (
    ("m5d.large", 2, 8, 1, 75, 0, "General Purpose", False),
    ("m5d.xlarge", 4, 16, 1, 150, 0, "General Purpose", False),
    ("m5d.2xlarge", 8, 32, 1, 300, 0, "General Purpose", False),
    ("m5d.4xlarge", 16, 64, 2, 300, 0, "General Purpose", False),
    ("m6gd.large", 2, 8, 1, 118, 0, "General Purpose", True),
    ("m6gd.xlarge", 4, 16, 1, 237, 0, "General Purpose", True),
    ("r5d.large", 2, 16, 1, 75, 0, "Memory Optimized", False),
    ("r5d.xlarge", 4, 32, 1, 150, 0, "Memory Optimized", False),
    ("i3.xlarge", 4, 30, 1, 950, 0, "Storage Optimized", False),
    ("i3.2xlarge", 8, 61, 1, 1900, 0, "Storage Optimized", False),
    ("c5d.xlarge", 4, 8, 1, 100, 0, "Compute Optimized", False),
    ("c5d.2xlarge", 8, 16, 1, 200, 0, "Compute Optimized", False),
    ("g4dn.xlarge", 4, 16, 1, 125, 1, "GPU Accelerated", False),
    ("g5.xlarge", 4, 16, 1, 250, 1, "GPU Accelerated", False),
)


def spark_versions() -> list[Document]:
    """All runtime versions, newest first."""
    return [{"key": key, "name": name} for key, name in _versions()]


def resolved(version: str) -> str:
    """The version that `auto:latest-lts` and the like stand for; others as they are. Errors: InvalidParameter."""
    if not version.startswith("auto:"):
        return version
    match = _AUTO.fullmatch(version)
    if match is None or (match["lts"] and match["which"] != "latest"):
        raise InvalidParameter(
            f"spark_version '{version}' is unknown; auto:latest, auto:latest-lts, auto:prev-major and auto:prev-lts "
            "can be named, each also with -ml."
        )
    runtime = _RUNTIMES[0] if match["which"] == "latest" else _RUNTIMES[1]
    flavour = "-cpu-ml" if match["ml"] else ""
    return f"{runtime.version}.x{flavour}-scala{runtime.scala[-1]}"


def check_spark_version(version: str) -> None:
    """Errors: InvalidParameter naming what there is."""
    if version not in {key for key, _ in _versions()}:
        plain = ", ".join(f"{runtime.version}.x-scala{runtime.scala[0]}" for runtime in _RUNTIMES)
        raise InvalidParameter(
            f"Invalid spark version {version}. The local workspace knows {plain} and their -cpu-ml, -gpu-ml and "
            "-photon forms; /api/2.1/clusters/spark-versions lists them."
        )


def check_node_type(node_type: str, field: str) -> None:
    """Errors: InvalidParameter for what is no node type of any cloud."""
    if not _NODE_TYPE.fullmatch(node_type):
        raise InvalidParameter(f"{field} '{node_type}' is no node type, such as i3.xlarge or Standard_D4ds_v5.")


def node_types() -> list[Document]:
    """Node types as /api/2.1/clusters/list-node-types answers them."""
    return [
        {
            "node_type_id": name,
            "instance_type_id": name,
            "description": name,
            "num_cores": cores,
            "memory_mb": memory * 1024,
            "num_gpus": gpus,
            "category": category,
            "is_deprecated": False,
            "is_hidden": False,
            "is_graviton": graviton,
            "is_io_cache_enabled": disks > 0 and not gpus,
            "is_encrypted_in_transit": False,
            "photon_driver_capable": not gpus,
            "photon_worker_capable": not gpus,
            "support_cluster_tags": True,
            "support_ebs_volumes": True,
            "support_port_forwarding": False,
            "display_order": 0,
            "node_instance_type": {
                "instance_type_id": name,
                "local_disks": disks,
                "local_disk_size_gb": size,
                "local_nvme_disks": 0,
                "local_nvme_disk_size_gb": 0,
            },
        }
        for name, cores, memory, disks, size, gpus, category, graviton in _NODE_TYPES
    ]


def _versions() -> Iterator[tuple[str, str]]:
    for runtime in _RUNTIMES:
        for scala in runtime.scala:
            for flavour, title in _FLAVOURS:
                gpu = " GPU," if flavour == "-gpu-ml" else ""
                name = f"{runtime.version} LTS{title} (includes Apache Spark {runtime.spark},{gpu} Scala {scala})"
                yield f"{runtime.version}.x{flavour}-scala{scala}", name
