"""Endpoints: of a custom model behind a gateway, of two versions at once, and of fine-tuned language models."""

from cdktf import TerraformOutput, TerraformStack

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
)

ASKS = (Permission(level="CAN_QUERY", group="consumers"),)
RECORDED = Gateway(
    inference_table=InferenceTable(catalog="dev", schema="payloads", prefix="dev_churn"),
    usage_tracking=True,
    rate_limits=(RateLimit(calls=600), RateLimit(key="user_group", principal="consumers", calls=60)),
)
GUARDED = Gateway(
    guardrails=Guardrails(input=Guardrail(safety=True, pii="BLOCK")), rate_limits=(RateLimit(tokens=9000),)
)


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    custom = PromotedEndpointProps(
        name="dev-churn",
        model="dev.models.churn",
        permissions=ASKS,
        split={"champion": 90, "challenger": 10},
        gateway=RECORDED,
        environment={"GEO_TOKEN": SecretReference(scope="team", key="geo")},
        route_optimized=True,
        description="Will a customer leave?",
        tell_of_failures=("team@acme.example",),
        tags={"owner": "team"},
    )
    TerraformOutput(stack, "churn", value=PromotedEndpoint(stack, "churn-endpoint", custom).status)
    for name, throughput in (("chat", TokensPerSecond(maximum=1900)), ("write", ModelUnits(units=50))):
        model = PromotedEndpointProps(
            name=f"dev-{name}",
            model=f"dev.models.{name}",
            permissions=ASKS,
            throughput=throughput,
            gateway=GUARDED,
            budget_policy_id="6d1f3f2e-0000-4000-8000-000000000000",
        )
        PromotedEndpoint(stack, name, model)
