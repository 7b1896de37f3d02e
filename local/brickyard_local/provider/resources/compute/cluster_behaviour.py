"""The row of databricks_cluster."""

from collections.abc import Mapping

from brickyard_local.provider.engine.behaviour import Behaviour, Check, OneOf, Suppress, at_least, ignore_unset, one_of
from brickyard_local.provider.wire.values import Value

_LEGACY_CONF = "spark.databricks.delta.preview.enabled"
_CLOUDS: Mapping[str, tuple[str, ...]] = {
    "aws_attributes": (
        "availability",
        "ebs_volume_count",
        "ebs_volume_iops",
        "ebs_volume_size",
        "ebs_volume_throughput",
        "ebs_volume_type",
        "first_on_demand",
        "instance_profile_arn",
        "spot_bid_price_percent",
        "zone_id",
    ),
    "azure_attributes": ("availability", "first_on_demand", "log_analytics_info", "spot_bid_max_price"),
    "gcp_attributes": (
        "availability",
        "boot_disk_size",
        "first_on_demand",
        "google_service_account",
        "local_ssd_count",
        "use_preemptible_executors",
        "zone_id",
    ),
}
_DEFAULTS: Mapping[str, Value] = {
    "num_workers": 0,
    "workload_type.clients.jobs": True,
    "workload_type.clients.notebooks": True,
}
_CHECKS: Mapping[str, Check] = {"num_workers": at_least(0), "runtime_engine": one_of("PHOTON", "STANDARD")}
_MODES: Mapping[tuple[Value, Value], bool] = {
    ("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED"): True,
    ("SINGLE_USER", "DATA_SECURITY_MODE_AUTO"): True,
    ("USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD"): True,
    ("USER_ISOLATION", "DATA_SECURITY_MODE_AUTO"): True,
}


def _is_same_mode(old: Value, new: Value) -> bool:
    """Unset means what the workspace chose; modes have two names each."""
    return (bool(old) and not new) or (old, new) in _MODES


def _ignore_legacy(old: Value, new: Value) -> bool:
    """Databricks once added a key of its own."""
    if not isinstance(old, dict) or _LEGACY_CONF not in old:
        return False
    return {key: value for key, value in old.items() if key != _LEGACY_CONF} == (new or {})


def _ignore_false(old: Value, new: Value) -> bool:
    return not old and not new


_SUPPRESSIONS: Mapping[str, Suppress] = {
    **{path: ignore_unset for cloud, names in _CLOUDS.items() for path in (cloud, *(f"{cloud}.{n}" for n in names))},
    "data_security_mode": _is_same_mode,
    "spark_conf": _ignore_legacy,
}


def of_a_job(path: str) -> Behaviour:
    """The row of a cluster inside a job: `path` is that of its block."""
    return Behaviour(
        force_new=frozenset({f"{path}.idempotency_token"}),
        defaults={f"{path}.{name}": value for name, value in _DEFAULTS.items()},
        suppress={f"{path}.{name}": rule for name, rule in _SUPPRESSIONS.items()},
        checks={f"{path}.{name}": check for name, check in _CHECKS.items()},
        api_names={f"{path}.library": "libraries"},
    )


def _exclusions() -> tuple[OneOf, ...]:
    clouds = [OneOf(names=pair) for pair in (("aws_attributes", "azure_attributes"),)]
    clouds += [OneOf(names=(cloud, "gcp_attributes")) for cloud in ("aws_attributes", "azure_attributes")]
    types, pools = ("node_type_id", "driver_node_type_id"), ("driver_instance_pool_id", "instance_pool_id")
    return (*clouds, *(OneOf(names=(kind, pool)) for kind in types for pool in pools))


CLUSTER = Behaviour(
    schema_version=4,
    force_new=frozenset({"idempotency_token"}),
    defaults={
        "autotermination_minutes": 60,
        "is_pinned": False,
        "no_wait": False,
        **_DEFAULTS,
    },
    suppress={**_SUPPRESSIONS, "is_pinned": _ignore_false, "no_wait": _ignore_false},
    checks=_CHECKS,
    one_of=_exclusions(),
    local=frozenset({"id", "idempotency_token", "no_wait", "provider_config"}),
    not_reported=frozenset({"apply_policy_default_values", "docker_image.basic_auth.password"}),
    reported=frozenset({"is_pinned"}),
)
