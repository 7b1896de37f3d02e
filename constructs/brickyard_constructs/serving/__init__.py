"""Model Serving."""

from brickyard_constructs.serving.promoted_endpoint import PromotedEndpoint, PromotedEndpointProps

__all__ = ["PromotedEndpoint", "PromotedEndpointProps"]
