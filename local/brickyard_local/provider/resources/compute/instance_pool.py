"""databricks_instance_pool."""

from typing import Any

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf, Suppress, ignore_unset, one_of
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value

_POOLS = "/api/2.0/instance-pools"
_CLOUDS = {
    "aws_attributes": ("availability", "instance_profile_arn", "spot_bid_price_percent", "zone_id"),
    "azure_attributes": ("availability", "spot_bid_max_price"),
    "gcp_attributes": ("gcp_availability", "local_ssd_count", "zone_id"),
}
_FLEET = "instance_pool_fleet_attributes"
_OPTIONS = ("fleet_on_demand_option", "fleet_spot_option")
_OVERRIDE = f"{_FLEET}.launch_template_override"


def _ignore_auto_zone(old: Value, new: Value) -> bool:
    return bool(old) and str(new or "").lower() == "auto"


def _ignore_zero_price(old: Value, new: Value) -> bool:
    return bool(old) and not new


def _cloud_paths() -> list[str]:
    return [path for cloud, names in _CLOUDS.items() for path in (cloud, *(f"{cloud}.{name}" for name in names))]


def _fleet_paths() -> list[str]:
    options = [f"{_FLEET}.{option}" for option in _OPTIONS]
    strategies = [f"{option}.allocation_strategy" for option in options]
    return [
        _FLEET,
        *options,
        *strategies,
        _OVERRIDE,
        *(f"{_OVERRIDE}.{n}" for n in ("availability_zone", "instance_type")),
    ]


def _suppressions() -> dict[str, Suppress]:
    counts = [f"{_FLEET}.{option}.instance_pools_to_use_count" for option in _OPTIONS]
    paths = (*_cloud_paths(), *_fleet_paths(), *counts, "max_capacity", "node_type_id")
    return {
        **dict.fromkeys(paths, ignore_unset),
        "aws_attributes.zone_id": _ignore_auto_zone,
        "azure_attributes.spot_bid_max_price": _ignore_zero_price,
    }


_DOCKER = tuple(
    f"preloaded_docker_image{path}"
    for path in ("", ".basic_auth", ".basic_auth.password", ".basic_auth.username", ".url")
)
_DISK = tuple(f"disk_spec{path}" for path in ("", ".disk_type.azure_disk_volume_type", ".disk_type.ebs_volume_type"))


class InstancePool(Resource):
    """A pool of instances. Behind the local one there are none."""

    type_name = "databricks_instance_pool"
    import_form = "<instance pool id>"
    behaviour = Behaviour(
        force_new=frozenset(
            {
                *_cloud_paths(),
                *_fleet_paths(),
                *_DISK,
                *_DOCKER,
                "enable_elastic_disk",
                "node_type_id",
                "preloaded_spark_versions",
            }
        ),
        defaults={
            "aws_attributes.availability": "SPOT",
            "aws_attributes.spot_bid_price_percent": 100,
            "azure_attributes.availability": "ON_DEMAND_AZURE",
            "enable_elastic_disk": True,
            "gcp_attributes.gcp_availability": "ON_DEMAND_GCP",
        },
        suppress=_suppressions(),
        checks={
            "aws_attributes.availability": one_of("ON_DEMAND", "SPOT"),
            "azure_attributes.availability": one_of("SPOT_AZURE", "ON_DEMAND_AZURE"),
            "disk_spec.disk_type.azure_disk_volume_type": one_of("PREMIUM_LRS", "STANDARD_LRS"),
            "disk_spec.disk_type.ebs_volume_type": one_of("GENERAL_PURPOSE_SSD", "THROUGHPUT_OPTIMIZED_HDD"),
            "gcp_attributes.gcp_availability": one_of(
                "ON_DEMAND_GCP", "PREEMPTIBLE_GCP", "PREEMPTIBLE_WITH_FALLBACK_GCP"
            ),
        },
        one_of=(
            OneOf(names=tuple(_CLOUDS)),
            OneOf(names=(_FLEET, "node_type_id")),
        ),
        local=frozenset({"id"}),
        not_reported=frozenset({"preloaded_docker_image.basic_auth.password"}),
        api_names={_OVERRIDE: "launch_template_overrides", "preloaded_docker_image": "preloaded_docker_images"},
    )

    def create(self, session: Session, planned: State) -> str:
        return str(session.api.post(f"{_POOLS}/create", _body(session, planned))["instance_pool_id"])

    def read(self, session: Session, state: State) -> Found | None:
        return session.found(session.api.get(f"{_POOLS}/get", {"instance_pool_id": str(state["id"])}))

    def update(self, session: Session, prior: State, planned: State) -> str:
        body = {**_body(session, planned), "instance_pool_id": prior["id"]}
        session.api.post(f"{_POOLS}/edit", body)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        session.api.post(f"{_POOLS}/delete", {"instance_pool_id": prior["id"]})


def _body(session: Session, planned: State) -> dict[str, Any]:
    """Tags are sent also when there are none, as the genuine provider does."""
    return {"custom_tags": None, **session.body(planned)}
