"""Model Serving."""

from brickyard_constructs.serving.gateway import Gateway, Guardrail, Guardrails, InferenceTable, RateLimit
from brickyard_constructs.serving.promoted_endpoint import PromotedEndpoint, PromotedEndpointProps
from brickyard_constructs.serving.sizes import ModelUnits, TokensPerSecond, Workload

__all__ = [
    "Gateway",
    "Guardrail",
    "Guardrails",
    "InferenceTable",
    "ModelUnits",
    "PromotedEndpoint",
    "PromotedEndpointProps",
    "RateLimit",
    "TokensPerSecond",
    "Workload",
]
