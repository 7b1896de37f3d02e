"""Moving an endpoint to a version, against the SDK's own types."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from databricks.sdk.errors import NotFound
from databricks.sdk.service.serving import (
    EndpointCoreConfigOutput,
    PtEndpointCoreConfig,
    ServedEntityInput,
    ServedEntityOutput,
    ServingEndpointDetailed,
)

from brickyard_pipelines.ml.registry import endpoints

MODEL = "dev.models.m"


@dataclass
class Waiting:
    timeouts: list[dt.timedelta]

    def result(self, timeout: dt.timedelta) -> None:
        self.timeouts.append(timeout)


@dataclass
class Endpoints:
    config: EndpointCoreConfigOutput | None = None
    updates: list[list[ServedEntityInput]] = field(default_factory=list)
    waited: list[dt.timedelta] = field(default_factory=list)
    in_units: list[PtEndpointCoreConfig] = field(default_factory=list)

    def get(self, name: str) -> ServingEndpointDetailed:
        if self.config is None:
            raise NotFound(f"no endpoint {name}")
        return ServingEndpointDetailed(name=name, config=self.config)

    def update_config(self, _name: str, *, served_entities: list[ServedEntityInput]) -> Waiting:
        self.updates.append(served_entities)
        return Waiting(self.waited)

    def update_provisioned_throughput_endpoint_config(self, _name: str, config: PtEndpointCoreConfig) -> Waiting:
        self.in_units.append(config)
        return Waiting(self.waited)


def serving(version: str, **facts: Any) -> EndpointCoreConfigOutput:
    entity = ServedEntityOutput(entity_name=MODEL, entity_version=version, name=f"m-{version}", **facts)
    return EndpointCoreConfigOutput(served_entities=[entity])


def test_an_endpoint_that_does_not_exist_is_said_and_not_made() -> None:
    api = Endpoints()
    moved = endpoints.move(api, "dev-m", MODEL, "3")  # type: ignore[arg-type]
    assert not moved.exists
    assert "does not exist yet" in moved.said
    assert api.updates == []


def test_it_moves_to_the_version_keeps_its_sizes_and_waits() -> None:
    api = Endpoints(
        config=serving("2", workload_size="Large", scale_to_zero_enabled=False, environment_vars={"A": "b"})
    )
    moved = endpoints.move(api, "dev-m", MODEL, "3")  # type: ignore[arg-type]
    assert moved.exists
    (entity,) = api.updates[0]
    assert (entity.entity_name, entity.entity_version, entity.name) == (MODEL, "3", None)
    assert (entity.workload_size, entity.scale_to_zero_enabled, entity.environment_vars) == ("Large", False, {"A": "b"})
    assert api.waited


def test_an_endpoint_at_the_version_is_left_alone() -> None:
    api = Endpoints(config=serving("3"))
    assert "already" in endpoints.move(api, "dev-m", MODEL, "3").said  # type: ignore[arg-type]
    assert api.updates == []


def test_an_endpoint_that_serves_another_model_is_moved_too() -> None:
    other = EndpointCoreConfigOutput(
        served_entities=[ServedEntityOutput(entity_name="dev.models.x", entity_version="3")]
    )
    api = Endpoints(config=other)
    endpoints.move(api, "dev-m", MODEL, "3")  # type: ignore[arg-type]
    assert len(api.updates) == 1


def test_a_language_model_keeps_its_throughput_and_gets_no_machines() -> None:
    api = Endpoints(config=serving("2", min_provisioned_throughput=0, max_provisioned_throughput=970))
    endpoints.move(api, "dev-m", MODEL, "3")  # type: ignore[arg-type]
    (entity,) = api.updates[0]
    assert entity.as_dict() == {
        "entity_name": MODEL,
        "entity_version": "3",
        "min_provisioned_throughput": 0,
        "max_provisioned_throughput": 970,
    }


def test_model_units_are_moved_by_the_api_that_has_them() -> None:
    api = Endpoints(config=serving("2", provisioned_model_units=50))
    endpoints.move(api, "dev-m", MODEL, "3")  # type: ignore[arg-type]
    (config,) = api.in_units
    assert api.updates == []
    assert config.as_dict() == {
        "served_entities": [{"entity_name": MODEL, "entity_version": "3", "provisioned_model_units": 50}]
    }
    assert api.waited
