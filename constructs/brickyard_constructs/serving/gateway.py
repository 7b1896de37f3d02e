"""What the AI Gateway does before an endpoint: records, limits, guards.

Source: docs.databricks.com/aws/en/ai-gateway; docs.databricks.com/api/workspace/servingendpoints/putaigateway
"""

from dataclasses import dataclass
from typing import Any

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_at_least, check_object_name, check_one_of
from brickyard_constructs.errors import InvalidProps

_FOR_A_PRINCIPAL = ("user_group", "service_principal")
_KEYS = ("endpoint", "user", *_FOR_A_PRINCIPAL)
_PII = ("NONE", "BLOCK", "MASK")
# Source: docs.databricks.com/aws/en/ai-gateway/configure-ai-gateway-endpoints (rate limits)
_MOST_LIMITS = 20
_MOST_GROUP_LIMITS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class InferenceTable:
    """The table that requests and answers are recorded in; Databricks makes it as `<prefix>_payload`.

    The prefix is always written out: what is left to Databricks comes back in the answer, and every plan shows it.
    """

    catalog: str
    schema: str
    prefix: str

    def __post_init__(self) -> None:
        for prop in ("catalog", "schema", "prefix"):
            check_object_name(prop, getattr(self, prop))

    @property
    def table(self) -> str:
        """The three-level name."""
        return f"{self.catalog}.{self.schema}.{self.prefix}_payload"


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit:
    """How many calls, or tokens, in a minute: of the whole endpoint, of each user, or of one named principal."""

    key: str = "endpoint"
    principal: str | None = None
    calls: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        check_one_of("key", self.key, _KEYS)
        if (self.principal is not None) != (self.key in _FOR_A_PRINCIPAL):
            raise InvalidProps("principal", self.principal, rule=f"named with the key {' or '.join(_FOR_A_PRINCIPAL)}")
        if self.calls is None and self.tokens is None:
            raise InvalidProps("calls, tokens", None, rule="a limit limits calls, tokens or both")
        for prop in ("calls", "tokens"):
            if getattr(self, prop) is not None:
                check_at_least(prop, getattr(self, prop), 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guardrail:
    """What is looked for in requests, or in answers: what is unsafe, and what names a person."""

    safety: bool = False
    pii: str = "NONE"

    def __post_init__(self) -> None:
        check_one_of("pii", self.pii, _PII)

    def block(self, place: Blocks) -> Any:
        """As an endpoint takes it."""
        return place.make(safety=self.safety, pii=place.below("Pii").make(behavior=self.pii))


@dataclass(frozen=True, kw_only=True, slots=True)
class Guardrails:
    """Of language models only: Databricks refuses them elsewhere. Words and topics to refuse are deprecated there."""

    input: Guardrail = Guardrail()
    output: Guardrail = Guardrail()

    def block(self, place: Blocks) -> Any:
        """As an endpoint takes it."""
        return place.make(input=self.input.block(place.below("Input")), output=self.output.block(place.below("Output")))


@dataclass(frozen=True, kw_only=True, slots=True)
class Gateway:
    """All of it. An inference table, once on, cannot be turned off by the provider (provider issue 5504)."""

    inference_table: InferenceTable | None = None
    usage_tracking: bool = False
    rate_limits: tuple[RateLimit, ...] = ()
    guardrails: Guardrails | None = None

    def __post_init__(self) -> None:
        if not (self.inference_table or self.usage_tracking or self.rate_limits or self.guardrails):
            raise InvalidProps("gateway", None, rule="does something, or is left out")
        limited = [(each.key, each.principal) for each in self.rate_limits]
        if len(set(limited)) != len(limited):
            raise InvalidProps("rate_limits", sorted(map(str, limited)), rule="one limit for each key and principal")
        groups = sum(key == "user_group" for key, _ in limited)
        if len(limited) > _MOST_LIMITS or groups > _MOST_GROUP_LIMITS:
            rule = f"at most {_MOST_LIMITS}, {_MOST_GROUP_LIMITS} of them for groups"
            raise InvalidProps("rate_limits", len(limited), rule=rule)

    def block(self, place: Blocks) -> Any:
        """As an endpoint takes it."""
        table = self.inference_table
        recorded = table and place.below("InferenceTableConfig").make(
            enabled=True, catalog_name=table.catalog, schema_name=table.schema, table_name_prefix=table.prefix
        )
        tracked = place.below("UsageTrackingConfig").make(enabled=True) if self.usage_tracking else None
        limits = [
            place.below("RateLimits").make(
                key=each.key, principal=each.principal, calls=each.calls, tokens=each.tokens, renewal_period="minute"
            )
            for each in self.rate_limits
        ]
        return place.make(
            inference_table_config=recorded,
            usage_tracking_config=tracked,
            rate_limits=limits or None,
            guardrails=self.guardrails.block(place.below("Guardrails")) if self.guardrails else None,
        )
