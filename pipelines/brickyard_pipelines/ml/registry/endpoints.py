"""A serving endpoint onto a model version. Terraform creates endpoints; this moves their version."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from databricks.sdk.service.serving import ServedEntityInput, ServedEntityOutput, ServingEndpointsAPI

_READY_WITHIN = dt.timedelta(minutes=30)
_KEPT = (
    "workload_size",
    "workload_type",
    "scale_to_zero_enabled",
    "environment_vars",
    "instance_profile_arn",
    "min_provisioned_concurrency",
    "max_provisioned_concurrency",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointMove:
    """What happened to the endpoint, as a sentence."""

    exists: bool
    said: str


def move(endpoints: "ServingEndpointsAPI", endpoint: str, model: str, version: str) -> EndpointMove:
    """Serve the version and wait until it answers; the old one answers until then. Sizes stay as they are."""
    from databricks.sdk.errors import NotFound  # a second of imports that tests do not need

    try:
        config = endpoints.get(endpoint).config
    except NotFound:
        said = f"the endpoint {endpoint} does not exist yet; the project's serving stack creates it with the champion"
        return EndpointMove(exists=False, said=said)
    served = list((config.served_entities if config else None) or [])
    if [(entity.entity_name, entity.entity_version) for entity in served] == [(model, version)]:
        return EndpointMove(exists=True, said=f"the endpoint {endpoint} serves version {version} already")
    wanted = [entity_for(served[0] if served else None, model, version)]
    endpoints.update_config(endpoint, served_entities=wanted).result(timeout=_READY_WITHIN)
    return EndpointMove(exists=True, said=f"the endpoint {endpoint} serves version {version} now")


def entity_for(current: "ServedEntityOutput | None", model: str, version: str) -> "ServedEntityInput":
    """The served entity of a version, sized as the current one."""
    from databricks.sdk.service.serving import ServedEntityInput

    facts: dict[str, Any] = current.as_dict() if current else {}
    kept = {key: facts[key] for key in _KEPT if facts.get(key) is not None}
    default = {"workload_size": "Small", "scale_to_zero_enabled": True} if not kept else {}
    return ServedEntityInput.from_dict({**default, **kept, "entity_name": model, "entity_version": version})
