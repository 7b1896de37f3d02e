"""Endpoints with a gateway, a split and a throughput; when they are planned is `tests/contract`'s to say."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.secret_reference import SecretReference
from brickyard_constructs.serving import (
    Gateway,
    Guardrail,
    Guardrails,
    InferenceTable,
    ModelUnits,
    PromotedEndpoint,
    PromotedEndpointProps,
    RateLimit,
    TokensPerSecond,
    Workload,
)

ASKS = (Permission(level="CAN_QUERY", group="team"),)
TABLE = InferenceTable(catalog="c", schema="payloads", prefix="ask")


def props(**changes: Any) -> PromotedEndpointProps:
    return PromotedEndpointProps(**{"name": "ask", "model": "c.s.m", "permissions": ASKS} | changes)


def made(
    stack: TerraformStack, synth: Callable[[], Any], kind: str = "model_serving", **changes: Any
) -> dict[str, Any]:
    PromotedEndpoint(stack, "endpoint", props(**changes))
    (endpoint,) = synth()[f"databricks_{kind}"].values()
    found: dict[str, Any] = endpoint
    return found


def test_a_split_waits_for_every_alias_and_shares_the_traffic(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    endpoint = made(stack, synth, split={"champion": 80, "challenger": 20})

    entities = endpoint["config"]["served_entities"]
    assert [entity["name"] for entity in entities] == ["champion", "challenger"]
    assert entities[0]["entity_version"] != entities[1]["entity_version"]
    assert [route["traffic_percentage"] for route in endpoint["config"]["traffic_config"]["routes"]] == [80, 20]
    assert endpoint["count"].count("length(local.") == 2


def test_a_gateway_names_its_table_in_full(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    gateway = Gateway(inference_table=TABLE, usage_tracking=True, rate_limits=(RateLimit(calls=5),))
    endpoint = made(stack, synth, gateway=gateway)

    assert TABLE.table == "c.payloads.ask_payload"
    assert endpoint["ai_gateway"] == {
        "inference_table_config": {
            "catalog_name": "c",
            "schema_name": "payloads",
            "table_name_prefix": "ask",
            "enabled": True,
        },
        "usage_tracking_config": {"enabled": True},
        "rate_limits": [{"calls": 5, "key": "endpoint", "renewal_period": "minute"}],
    }
    assert endpoint["lifecycle"]["ignore_changes"] == ["config"]


def test_guardrails_say_what_is_on_and_what_is_off(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    gateway = Gateway(guardrails=Guardrails(output=Guardrail(pii="MASK")))

    assert made(stack, synth, gateway=gateway)["ai_gateway"]["guardrails"] == {
        "input": {"safety": False, "pii": {"behavior": "NONE"}},
        "output": {"safety": False, "pii": {"behavior": "MASK"}},
    }


def test_what_the_provider_cannot_change_is_set_once(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    endpoint = made(stack, synth, description="x", budget_policy_id="b", tell_of_failures=("a@b.example",))

    assert endpoint["lifecycle"]["ignore_changes"] == [
        "config",
        "description",
        "budget_policy_id",
        "email_notifications",
    ]


def test_an_environment_holds_references_only(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    endpoint = made(stack, synth, environment={"TOKEN": SecretReference(scope="team", key="t")})

    assert endpoint["config"]["served_entities"][0]["environment_vars"] == {"TOKEN": "{{secrets/team/t}}"}
    with pytest.raises(InvalidProps, match="environment: got 'LEVEL'; a SecretReference, never text"):
        props(environment={"LEVEL": "info"})


@pytest.mark.parametrize(
    ("throughput", "kind", "size"),
    [
        (
            TokensPerSecond(minimum=100, maximum=200),
            "model_serving",
            {"min_provisioned_throughput": 100, "max_provisioned_throughput": 200},
        ),
        (ModelUnits(units=50), "model_serving_provisioned_throughput", {"provisioned_model_units": 50}),
    ],
)
def test_a_language_model_has_a_throughput_instead_of_machines(
    stack: TerraformStack, synth: Callable[[], Any], throughput: Any, kind: str, size: dict[str, int]
) -> None:
    endpoint = made(stack, synth, kind, throughput=throughput)

    (entity,) = endpoint["config"]["served_entities"]
    assert entity.keys() == {"name", "entity_name", "entity_version", *size}
    assert entity | size == entity
    (permissions,) = synth()["databricks_permissions"].values()
    assert permissions["serving_endpoint_id"].startswith(f"${{databricks_{kind}.")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: props(split={"champion": 80}), "split: got"),
        (lambda: props(split={"champion": 120, "challenger": -20}), "split: got"),
        (lambda: props(workload_type="TPU"), "workload_type: got 'TPU'"),
        (lambda: props(tell_of_failures=("team",)), "tell_of_failures: got 'team'; an e-mail address"),
        (lambda: props(throughput=ModelUnits(units=1), route_optimized=True), "an endpoint in model units has no"),
        (lambda: Gateway(), "gateway: got None; does something, or is left out"),  # noqa: PLW0108
        (lambda: Gateway(rate_limits=(RateLimit(calls=1), RateLimit(tokens=1))), "one limit for each key"),
        (
            lambda: Gateway(
                rate_limits=tuple(RateLimit(key="user_group", principal=f"g{n}", calls=1) for n in range(6))
            ),
            "at most 20, 5 of them for groups",
        ),
        (lambda: RateLimit(), "calls, tokens: got None"),  # noqa: PLW0108
        (lambda: RateLimit(key="user_group", calls=1), "principal: got None"),
        (lambda: RateLimit(principal="team", calls=1), "principal: got 'team'"),
        (lambda: RateLimit(calls=-1), "calls: got -1"),
        (lambda: Guardrail(pii="HIDE"), "pii: got 'HIDE'"),
        (lambda: InferenceTable(catalog="c", schema="a.b", prefix="p"), "schema: got 'a.b'"),
        (lambda: TokensPerSecond(minimum=5, maximum=4), "maximum: got 4; must be at least 5"),
        (lambda: ModelUnits(units=0), "units: got 0"),
        (lambda: Workload(size="Huge"), "workload_size: got 'Huge'"),
    ],
)
def test_an_endpoint_that_databricks_would_refuse_is_refused_before(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()
