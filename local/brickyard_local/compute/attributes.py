"""The attributes of a cluster that a policy can rule, by path. Pure: no I/O.

A path names a field (`autoscale.max_workers`), a key of a map (`spark_conf.spark.speculation`, everything after the
map's name is the key), or a field of a list's element (`init_scripts.0.volumes.destination`); `*` stands for every key
or element that has no rule of its own.
Source: docs.databricks.com/admin/clusters/policy-definition (supported attributes, array attributes)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.store import Document

Kind = Literal["string", "number", "boolean"]
ANY = "*"
_INDEX = re.compile(r"[0-9]{1,2}")  # filling one in makes all elements before it
CLUSTER_TYPE = "cluster_type"
CLUSTER_TYPES = ("all-purpose", "job", "dlt")
LOG_DESTINATION = "cluster_log_conf"

_MAPS = ("custom_tags", "spark_conf", "spark_env_vars")
_SCRIPTS = tuple(f"{place}.destination" for place in ("abfss", "dbfs", "file", "gcs", "s3", "volumes", "workspace"))
_LISTS: Mapping[str, tuple[str, ...]] = {"init_scripts": (*_SCRIPTS, "s3.region"), "ssh_public_keys": ("",)}
_NUMBERS = (
    "autoscale.max_workers",
    "autoscale.min_workers",
    "autotermination_minutes",
    "aws_attributes.ebs_volume_count",
    "aws_attributes.ebs_volume_iops",
    "aws_attributes.ebs_volume_size",
    "aws_attributes.ebs_volume_throughput",
    "aws_attributes.first_on_demand",
    "aws_attributes.spot_bid_price_percent",
    "azure_attributes.first_on_demand",
    "azure_attributes.spot_bid_max_price",
    "gcp_attributes.boot_disk_size",
    "gcp_attributes.first_on_demand",
    "gcp_attributes.local_ssd_count",
    "num_workers",
    "remote_disk_throughput",
    "total_initial_remote_disk_size",
)
_BOOLEANS = (
    "enable_elastic_disk",
    "enable_local_disk_encryption",
    "gcp_attributes.use_preemptible_executors",
    "is_single_node",
    "use_ml_runtime",
    "workload_type.clients.jobs",
    "workload_type.clients.notebooks",
)
_STRINGS = (
    "aws_attributes.availability",
    "aws_attributes.ebs_volume_type",
    "aws_attributes.instance_profile_arn",
    "aws_attributes.zone_id",
    "azure_attributes.availability",
    f"{LOG_DESTINATION}.path",
    f"{LOG_DESTINATION}.region",
    f"{LOG_DESTINATION}.type",
    "cluster_name",
    CLUSTER_TYPE,
    "data_security_mode",
    "docker_image.basic_auth.password",
    "docker_image.basic_auth.username",
    "docker_image.url",
    "driver_instance_pool_id",
    "driver_node_type_id",
    "gcp_attributes.availability",
    "gcp_attributes.google_service_account",
    "gcp_attributes.zone_id",
    "instance_pool_id",
    "kind",
    "node_type_id",
    "runtime_engine",
    "single_user_name",
    "spark_version",
)
_FIELDS: Mapping[str, Kind] = {
    **dict.fromkeys(_NUMBERS, "number"),
    **dict.fromkeys(_BOOLEANS, "boolean"),
    **dict.fromkeys(_STRINGS, "string"),
}
_UNSHOWN = ("spark_env_vars.", "docker_image.basic_auth.password")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """What a rule is about. `item` is a map's key or a list's index, `field` what lies below a list's element."""

    path: str
    kind: Kind
    root: str = ""
    item: str = ""
    field: str = ""

    @property
    def is_generic(self) -> bool:
        """Whether it stands for every key or element that has no rule of its own."""
        return self.item == ANY

    @property
    def is_shown(self) -> bool:
        """Whether its value may stand in a message; it may be a secret."""
        return not self.path.startswith(_UNSHOWN)


def attribute(path: str) -> Attribute:
    """Errors: InvalidParameter for a path that no cluster has, NotEmulated for the price."""
    if path == "dbus_per_hour":
        raise NotEmulated("the policy attribute 'dbus_per_hour': a local cluster has no price to compute")
    if path in _FIELDS:
        return Attribute(path=path, kind=_FIELDS[path])
    root, _, rest = path.partition(".")
    if root in _MAPS and rest:
        return Attribute(path=path, kind="string", root=root, item=rest)
    item, _, field = rest.partition(".")
    if root in _LISTS and field in _LISTS[root] and (item == ANY or _INDEX.fullmatch(item)):
        return Attribute(path=path, kind="string", root=root, item=item, field=field)
    raise InvalidParameter(
        f"'{path}' is no attribute of a cluster that a policy can rule. Paths are those of the Clusters API, joined "
        f"with dots, such as autoscale.max_workers, custom_tags.team or init_scripts.*.volumes.destination."
    )


def found(spec: Document, wanted: Attribute) -> list[tuple[str, Any]]:
    """The values of an attribute with their paths: one, None when it is absent; of a generic one those present."""
    if wanted.root in _MAPS:
        entries = spec.get(wanted.root) or {}
        keys = list(entries) if wanted.is_generic else [wanted.item]
        return [(f"{wanted.root}.{key}", entries.get(key)) for key in keys]
    if wanted.root in _LISTS:
        return _found_in_list(spec.get(wanted.root) or [], wanted)
    if wanted.path.startswith(f"{LOG_DESTINATION}."):
        return [(wanted.path, _log_destination(spec, wanted.path))]
    return [(wanted.path, _below(spec, wanted.path))]


def assign(spec: Document, wanted: Attribute, value: Any) -> None:
    """Set an attribute that is not generic, with everything above it."""
    if wanted.root in _MAPS:
        spec[wanted.root] = {**(spec.get(wanted.root) or {}), wanted.item: value}
        return
    if wanted.root in _LISTS:
        elements = spec.setdefault(wanted.root, [])
        elements += [{} if wanted.field else "" for _ in range(len(elements), int(wanted.item) + 1)]
        if not wanted.field:
            elements[int(wanted.item)] = value
            return
        spec, path = elements[int(wanted.item)], wanted.field
    else:
        path = wanted.path
    *parents, name = path.split(".")
    for parent in parents:
        if spec.get(parent) is None:
            spec[parent] = {}
        spec = spec[parent]
    spec[name] = value


def _found_in_list(elements: list[Any], wanted: Attribute) -> list[tuple[str, Any]]:
    def at(index: int) -> Any:
        element = elements[index] if index < len(elements) else None
        return _below(element, wanted.field) if wanted.field else element or None

    def path(index: int) -> str:
        return ".".join(part for part in (wanted.root, str(index), wanted.field) if part)

    if not wanted.is_generic:
        return [(path(int(wanted.item)), at(int(wanted.item)))]
    return [(path(index), at(index)) for index in range(len(elements)) if at(index) is not None]


def _below(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _log_destination(spec: Document, path: str) -> Any:
    """Policies name the kind and the path of the destination, the API nests the one below the other."""
    for kind, where in (spec.get(LOG_DESTINATION) or {}).items():
        name = path.removeprefix(f"{LOG_DESTINATION}.")
        return kind.upper() if name == "type" else (where or {}).get("destination" if name == "path" else name)
    return None
