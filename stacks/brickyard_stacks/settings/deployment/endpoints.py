"""A project's serving endpoints, and the gateway before each.

Source: docs.databricks.com/api/workspace/servingendpoints (AI Gateway)
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from brickyard_stacks.settings.secrets import SecretReference
from brickyard_stacks.settings.strict import Broken, Form, Snake, Strict, Text

_ALL = 100
Share = Annotated[int, Field(ge=0, le=_ALL), Form("a share of the traffic, 0 to 100")]
VariableName = Annotated[
    str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,127}$"), Form("upper-case letters, digits and _, as a variable's name")
]


class RateLimit(Strict):
    """How many calls, or tokens, in a minute."""

    key: Literal["endpoint", "user", "user_group", "service_principal"] = Field(
        default="endpoint", description="whose calls are counted together"
    )
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
    """What is looked for in requests or in answers. Lists of words and topics are deprecated on Databricks."""

    safety: bool = Field(default=False, description="whether unsafe text is refused")
    pii: Literal["NONE", "BLOCK", "MASK"] = Field(default="NONE", description="what is done with personal data")


class Guardrails(Strict):
    """Guardrails of language models."""

    input: Guardrail = Field(default_factory=Guardrail, description="of requests")
    output: Guardrail = Field(default_factory=Guardrail, description="of answers")


class Gateway(Strict):
    """What the AI Gateway does before an endpoint."""

    inference_table: bool = Field(default=True, description="record requests and answers in the schema payloads")
    usage_tracking: bool = Field(default=False, description="record who used how much in system tables")
    rate_limits: Annotated[tuple[RateLimit, ...], Field(strict=False)] = Field(
        default=(), description="limits by caller"
    )
    guardrails: Guardrails | None = Field(default=None, description="for route llm only")


class ProvisionedThroughput(Strict):
    """How much of a language model is held ready: in model units, or in tokens per second for older families."""

    model_units: int | None = Field(default=None, ge=1, le=100_000, description="for families that have model units")
    min_tokens_per_second: int = Field(default=0, ge=0, description="0 scales to zero")
    max_tokens_per_second: int | None = Field(default=None, ge=1, description="for families that have none")

    def broken_rules(self) -> Iterable[Broken]:
        """One unit, and the least is not more than the most."""
        if (self.model_units is None) == (self.max_tokens_per_second is None):
            rule = "model_units or max_tokens_per_second must be given, not both: the model's family has one of them"
            yield Broken(key=("model_units",), rule=rule)
        if self.min_tokens_per_second > (self.max_tokens_per_second or 0):
            rule = f"at most max_tokens_per_second, {self.max_tokens_per_second or 'which is not given'}"
            yield Broken(key=("min_tokens_per_second",), rule=rule)


class Endpoint(Strict):
    """A serving endpoint of one model: a custom one, or a fine-tuned language model."""

    model: Snake = Field(description="one of the project's models")
    route: Literal["custom", "llm"] = Field(
        default="custom", description="custom: any model; llm: fine-tuned language models"
    )
    workload_size: Literal["Small", "Medium", "Large"] | None = Field(
        default=None, description="machines for a custom model; default: Small"
    )
    workload_type: Literal["CPU", "GPU_SMALL", "GPU_MEDIUM", "GPU_LARGE", "MULTIGPU_MEDIUM"] = Field(
        default="CPU", description="what the machines are"
    )
    provisioned_throughput: ProvisionedThroughput | None = Field(
        default=None, description="for route llm, which needs it"
    )
    scale_to_zero: bool = Field(default=True, description="whether nothing runs while nobody asks: a slow first answer")
    split: dict[Snake, Share] = Field(
        default={}, description="aliases and the shares of traffic they begin with; default: champion has all of it"
    )
    environment: dict[VariableName, SecretReference] = Field(
        default={}, description="environment variables of the served model, each where its secret lies"
    )
    gateway: Gateway = Field(default_factory=Gateway, description="what the AI Gateway does before it")

    def broken_rules(self) -> Iterable[Broken]:
        """A custom model has a workload's size; a language model has a throughput."""
        if self.route == "llm" and self.provisioned_throughput is None:
            yield Broken(key=("provisioned_throughput",), rule="required for route llm: how much is held ready")
        if self.route == "llm" and (self.workload_size is not None or self.workload_type != "CPU"):
            key = "workload_size" if self.workload_size is not None else "workload_type"
            yield Broken(key=(key,), rule="for route custom only: provisioned_throughput sizes a language model")
        if self.route == "custom" and self.provisioned_throughput is not None:
            yield Broken(key=("provisioned_throughput",), rule="for route llm only")
        if self.gateway.guardrails is not None and self.route != "llm":
            yield Broken(key=("gateway", "guardrails"), rule="for route llm only")
        if self.split and sum(self.split.values()) != _ALL:
            yield Broken(key=("split",), rule=f"shares add up to {_ALL}; these to {sum(self.split.values())}")
        if self.environment and self.provisioned_throughput and self.provisioned_throughput.model_units:
            yield Broken(key=("environment",), rule="an endpoint in model units takes none")
