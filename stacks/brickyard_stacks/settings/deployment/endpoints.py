"""A project's serving endpoints, and the gateway before each.

Source: docs.databricks.com/api/workspace/servingendpoints (AI Gateway)
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.strict import Broken, Snake, Strict, Text, Texts


class RateLimit(Strict):
    """How many calls, or tokens, in a minute."""

    key: Literal["endpoint", "user", "user_group", "service_principal"] = "endpoint"
    principal: Text | None = Field(default=None, description="the group or service principal it is for")
    calls: int | None = Field(default=None, ge=0, description="calls in a minute, 0 or more")
    tokens: int | None = Field(default=None, ge=0, description="tokens in a minute, 0 or more")

    def broken_rules(self) -> Iterable[Broken]:
        """A limit limits something, for somebody."""
        if self.calls is None and self.tokens is None:
            yield Broken(key=("calls",), rule="calls or tokens must be given")
        if (self.principal is not None) != (self.key in ("user_group", "service_principal")):
            yield Broken(key=("principal",), rule="goes with key user_group or service_principal, which need it")


class Guardrail(Strict):
    """What is looked for in requests or in answers."""

    safety: bool = False
    pii: Literal["NONE", "BLOCK", "MASK"] = "NONE"
    invalid_keywords: Texts = ()
    valid_topics: Texts = ()


class Guardrails(Strict):
    """Guardrails of language models."""

    input: Guardrail = Guardrail()
    output: Guardrail = Guardrail()


class Gateway(Strict):
    """What the AI Gateway does before an endpoint."""

    inference_table: bool = Field(default=True, description="record requests and answers in the schema payloads")
    usage_tracking: bool = False
    rate_limits: Annotated[tuple[RateLimit, ...], Field(strict=False)] = ()
    guardrails: Guardrails | None = Field(default=None, description="for route llm only")


class ProvisionedThroughput(Strict):
    """How much of a language model is held ready, in model units."""

    model_units: int = Field(ge=1, le=100_000, description="model units, a positive whole number")


class Endpoint(Strict):
    """A serving endpoint of one model: a custom one, or a fine-tuned language model."""

    model: Snake = Field(description="one of the project's models")
    route: Literal["custom", "llm"] = Field(
        default="custom", description="custom: any model; llm: fine-tuned language models"
    )
    workload_size: Literal["Small", "Medium", "Large"] | None = Field(default=None, description="default: Small")
    workload_type: Literal["CPU", "GPU_SMALL", "GPU_MEDIUM", "GPU_LARGE", "MULTIGPU_MEDIUM"] = "CPU"
    provisioned_throughput: ProvisionedThroughput | None = None
    scale_to_zero: bool = True
    gateway: Gateway = Gateway()

    def broken_rules(self) -> Iterable[Broken]:
        """A custom model has a workload's size; a language model has a throughput or one."""
        if self.provisioned_throughput is not None and self.workload_size is not None:
            rule = "provisioned_throughput says how large it is: remove one of the two"
            yield Broken(key=("workload_size",), rule=rule)
        if self.provisioned_throughput is not None and self.route != "llm":
            yield Broken(key=("provisioned_throughput",), rule="for route llm only")
        if self.gateway.guardrails is not None and self.route != "llm":
            yield Broken(key=("gateway", "guardrails"), rule="for route llm only")
