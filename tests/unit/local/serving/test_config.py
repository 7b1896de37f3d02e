"""What an endpoint may serve here."""

from collections.abc import Callable
from typing import Any

import pytest

from brickyard_local.errors import ApiError, InvalidParameter
from brickyard_local.serving.config import check_endpoint, checked

ENTITY = {"entity_name": "c.s.m", "entity_version": "3", "workload_size": "Small", "scale_to_zero_enabled": True}

LANGUAGE = {"entity_name": "c.s.m", "entity_version": "3"}
TOKENS = {**LANGUAGE, "max_provisioned_throughput": 9}


def test_provisioned_throughput_is_kept_as_it_was_given() -> None:
    wanted = {**TOKENS, "min_provisioned_throughput": 0, "name": "llm"}
    assert checked({"served_entities": [wanted]})["served_entities"] == [wanted]
    units = {**LANGUAGE, "provisioned_model_units": 50, "name": "llm"}
    assert checked({"served_entities": [units]}, in_units=True)["served_entities"] == [units]


@pytest.mark.parametrize(
    ("entity", "message"),
    [(LANGUAGE, "provisioned_model_units"), ({**LANGUAGE, "environment_vars": {"A": "b"}}, "env")],
)
def test_an_endpoint_in_model_units_says_how_many_and_nothing_else(entity: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        checked({"served_entities": [entity]}, in_units=True)
    with pytest.raises(ApiError, match="description"):
        check_endpoint({"name": "e", "description": "d"}, in_units=True)


def test_names_and_traffic_are_written_out() -> None:
    config = checked({"served_entities": [ENTITY]})
    assert config["served_entities"] == [{**ENTITY, "name": "m-3"}]
    assert config["routes"] == [{"name": "m-3", "percentage": 100}]


def test_served_models_are_served_entities_of_older_clients() -> None:
    model = {"model_name": "c.s.m", "model_version": "3", "workload_size": "Small", "scale_to_zero_enabled": False}
    config = checked({"served_models": [model]})
    assert config["served_entities"][0]["entity_name"] == "c.s.m"
    assert config["served_entities"][0]["scale_to_zero_enabled"] is False
    assert config["as_models"]


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        ([("m-3", 90)], "add up to 90"),
        ([("m-3", 90), ("zzz", 10)], "zzz"),
        ([("m-3", 150), ("m-3", -50)], "from 0 to 100"),
        ([("m-3", "100")], "from 0 to 100"),
    ],
)
def test_traffic_must_reach_somebody(routes: list[tuple[str, Any]], message: str) -> None:
    traffic = [{"served_entity_name": name, "traffic_percentage": share} for name, share in routes]
    with pytest.raises(InvalidParameter, match=message):
        checked({"served_entities": [ENTITY], "traffic_config": {"routes": traffic}})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "serves nothing"),
        ({"served_entities": [ENTITY, ENTITY]}, "names of their own"),
        ({"served_entities": [ENTITY, {**ENTITY, "name": "b"}]}, "who gets which share"),
        ({"served_entities": [{**ENTITY, "entity_version": "champion"}]}, "version number"),
        ({"served_entities": [{**ENTITY, "workload_size": "Huge"}]}, "Huge"),
        ({"served_entities": [{**ENTITY, "name": "../../out"}]}, "not valid"),
        ({"served_entities": [{**ENTITY, "name": 'a",b="'}]}, "not valid"),
        ({"served_entities": [{**ENTITY, "entity_name": "m"}]}, "Unity Catalog"),
        ({"served_entities": [{**ENTITY, "workload_type": "GPU_LARGE"}]}, "GPU_LARGE"),
        ({"served_entities": [{**ENTITY, "max_provisioned_throughput": 9}]}, "in the place of workload_size"),
        ({"served_entities": [{**TOKENS, "min_provisioned_throughput": 10}]}, "10 is above"),
        ({"served_entities": [{**TOKENS, "max_provisioned_throughput": -1}]}, "from 0; got -1"),
        ({"served_entities": [{**TOKENS, "provisioned_model_units": 50}]}, "not both"),
    ],
)
def test_what_cannot_be_served_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        checked(config)


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 64])
def test_names_of_endpoints_are_checked(name: str) -> None:
    with pytest.raises(InvalidParameter, match="not a valid endpoint name"):
        check_endpoint({"name": name})


@pytest.mark.parametrize(
    "check",
    [
        lambda: checked({"served_entities": [ENTITY], "auto_capture_config": {"catalog_name": "c", "enabled": True}}),
        lambda: check_endpoint({"name": "e", "rate_limits": [{"calls": 1, "renewal_period": "minute"}]}),
    ],
)
def test_what_databricks_has_replaced_names_its_successor(check: Callable[[], object]) -> None:
    with pytest.raises(InvalidParameter, match="ai_gateway"):
        check()


def test_an_old_setting_that_is_off_is_no_reason_to_refuse() -> None:
    assert checked({"served_entities": [ENTITY], "auto_capture_config": {"enabled": False}})["served_entities"]
