"""A serving endpoint onto a model version, or part of its traffic. Terraform creates endpoints; this moves versions.

An update of the config is without downtime: the platform keeps the old served entities until the new ones answer.
Source: docs.databricks.com/api/workspace/servingendpoints/updateconfig
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import EndpointNotUpdated

if TYPE_CHECKING:
    from databricks.sdk.service.serving import (
        EndpointCoreConfigOutput,
        ServedEntityInput,
        ServedEntityOutput,
        ServingEndpointDetailed,
        ServingEndpointsAPI,
    )

_READY_WITHIN = dt.timedelta(minutes=30)
_POLL_S = 2.0
_ALL = 100
_MOST_CHARACTERS = 63  # of a served entity's name
_UNITS = "provisioned_model_units"  # of language models, whose endpoints have an API of their own
_THROUGHPUT = ("max_provisioned_throughput", "min_provisioned_throughput", _UNITS, "environment_vars")
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Two served entities by name, and the version that goes on answering the larger part."""

    champion: str
    challenger: str
    champion_version: str


def move(endpoints: "ServingEndpointsAPI", endpoint: str, model: str, version: str) -> EndpointMove:
    """Serve the version alone and wait until it answers; the old one answers until then. Sizes stay as they are.

    Errors: EndpointNotUpdated.
    """
    config = settled(endpoints, endpoint)
    if config is None:
        said = f"the endpoint {endpoint} does not exist yet; the project's serving stack creates it with the champion"
        return EndpointMove(exists=False, said=said)
    served = list(config.served_entities or [])
    if [(entity.entity_name, entity.entity_version) for entity in served] == [(model, version)]:
        return EndpointMove(exists=True, said=f"the endpoint {endpoint} serves version {version} already")
    # One that answers a canary's part already stays as it is: under its name it needs no new start.
    there = next((entity for entity in served if _is(entity, model, version)), None)
    wanted = entity_for(there or (served[0] if served else None), model, version, name=there.name if there else None)
    _update(endpoints, endpoint, [wanted], version)
    return EndpointMove(exists=True, said=f"the endpoint {endpoint} serves version {version} now")


def split(endpoints: "ServingEndpointsAPI", endpoint: str, model: str, version: str, percent: int) -> Split | None:
    """Give the version `percent` of the traffic; None when there is nothing to split it with. Repeated, it stays.

    Errors: EndpointNotUpdated.
    """
    from databricks.sdk.service.serving import Route, TrafficConfig

    config = settled(endpoints, endpoint)
    current = None if config is None else _other_than(config, model, version)
    if config is None or current is None:
        return None
    there = next((entity for entity in config.served_entities or [] if _is(entity, model, version)), None)
    names = Split(
        champion=str(current.name),
        challenger=str(there.name) if there else _name(model, version, taken=str(current.name)),
        champion_version=str(current.entity_version),
    )
    shares = {names.champion: _ALL - percent, names.challenger: percent}
    if _shares(config) != shares:
        kept = entity_for(current, str(current.entity_name), str(current.entity_version), name=names.champion)
        new = entity_for(there or current, model, version, name=names.challenger)
        routes = [Route(served_model_name=name, traffic_percentage=share) for name, share in shares.items()]
        _update(endpoints, endpoint, [kept, new], version, traffic_config=TrafficConfig(routes=routes))
    return names


def restore(endpoints: "ServingEndpointsAPI", endpoint: str, model: str, version: str) -> str | None:
    """Take the version off the endpoint; whoever else is served has all of the traffic. Returns that version.

    Errors: EndpointNotUpdated.
    """
    config = settled(endpoints, endpoint)
    current = None if config is None else _other_than(config, model, version)
    if config is None or current is None:
        return None
    if len(config.served_entities or []) > 1:
        kept = entity_for(current, str(current.entity_name), str(current.entity_version), name=current.name)
        _update(endpoints, endpoint, [kept], str(current.entity_version))
    return str(current.entity_version)


def settled(
    endpoints: "ServingEndpointsAPI", endpoint: str, *, sleep: Callable[[float], None] = time.sleep
) -> "EndpointCoreConfigOutput | None":
    """The config that answers, once no update is under way; None when there is no such endpoint.

    Errors: EndpointNotUpdated when an update goes on for longer than one may take.
    """
    from databricks.sdk.errors import NotFound  # a second of imports that tests do not need
    from databricks.sdk.service.serving import EndpointCoreConfigOutput

    for _ in range(int(_READY_WITHIN.total_seconds() / _POLL_S)):
        try:
            found = endpoints.get(endpoint)
        except NotFound:
            return None
        if not _is_updating(found):
            return found.config or EndpointCoreConfigOutput()
        sleep(_POLL_S)
    raise EndpointNotUpdated(f"The endpoint {endpoint} has been updating for {_READY_WITHIN}: look at its events.")


def entity_for(
    current: "ServedEntityOutput | None", model: str, version: str, *, name: str | None = None
) -> "ServedEntityInput":
    """The served entity of a version, sized as the current one."""
    from databricks.sdk.service.serving import ServedEntityInput

    facts: dict[str, Any] = current.as_dict() if current else {}
    # Throughput stands in the place of machines: the platform refuses both.
    sized = _THROUGHPUT if facts.get("max_provisioned_throughput") or facts.get(_UNITS) else _KEPT
    kept = {key: facts[key] for key in sized if facts.get(key) is not None}
    default = {"workload_size": "Small", "scale_to_zero_enabled": True} if not kept else {}
    named = {"name": name} if name else {}
    return ServedEntityInput.from_dict({**default, **kept, **named, "entity_name": model, "entity_version": version})


def _update(
    endpoints: "ServingEndpointsAPI",
    endpoint: str,
    entities: "Sequence[ServedEntityInput]",
    version: str,
    **traffic: Any,
) -> None:
    from databricks.sdk.service.serving import PtEndpointCoreConfig, PtServedModel

    with _told(endpoints, endpoint, version):
        if any(entity.provisioned_model_units for entity in entities):
            served = [PtServedModel.from_dict(entity.as_dict()) for entity in entities]
            config = PtEndpointCoreConfig(served_entities=served, **traffic)
            endpoints.update_provisioned_throughput_endpoint_config(endpoint, config).result(timeout=_READY_WITHIN)
            return
        endpoints.update_config(endpoint, served_entities=list(entities), **traffic).result(timeout=_READY_WITHIN)


@contextmanager
def _told(endpoints: "ServingEndpointsAPI", endpoint: str, version: str) -> Iterator[None]:
    from databricks.sdk.errors import OperationFailed
    from databricks.sdk.errors.base import DatabricksError

    try:
        yield
    except (DatabricksError, OperationFailed, TimeoutError) as error:
        raise EndpointNotUpdated(
            f"The endpoint {endpoint} does not take version {version}: {_why(endpoints, endpoint) or error}"
            " It goes on answering as before, and the champion stays."
        ) from error


def _why(endpoints: "ServingEndpointsAPI", endpoint: str) -> str:
    """What the served entities that did not start said."""
    from databricks.sdk.errors.base import DatabricksError

    try:
        pending = endpoints.get(endpoint).pending_config
    except DatabricksError:
        return ""
    states = [entity.state for entity in (pending.served_entities if pending else None) or []]
    return " ".join(str(state.deployment_state_message) for state in states if state and state.deployment_state_message)


def _is_updating(endpoint: "ServingEndpointDetailed") -> bool:
    update = endpoint.state.config_update if endpoint.state else None
    return update is not None and update.value == "IN_PROGRESS"


def _is(entity: "ServedEntityOutput", model: str, version: str) -> bool:
    return (entity.entity_name, entity.entity_version) == (model, version)


def _other_than(config: "EndpointCoreConfigOutput", model: str, version: str) -> "ServedEntityOutput | None":
    """The served entity with most of the traffic that is not this version."""
    shares = _shares(config)
    others = [entity for entity in config.served_entities or [] if not _is(entity, model, version)]
    return max(others, key=lambda entity: shares.get(str(entity.name), 0), default=None)


def _shares(config: "EndpointCoreConfigOutput") -> dict[str, int]:
    routes = (config.traffic_config.routes if config.traffic_config else None) or []
    return {str(route.served_entity_name or route.served_model_name): route.traffic_percentage for route in routes}


def _name(model: str, version: str, *, taken: str) -> str:
    name = f"{model.rpartition('.')[2]}-{version}"[-_MOST_CHARACTERS:]
    return name if name != taken else f"{name[: _MOST_CHARACTERS - 2]}-b"
