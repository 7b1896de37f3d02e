"""How much is held ready for a model: machines for custom ones, throughput for language models."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from brickyard_constructs.checks import check_at_least, check_one_of

_SIZES = ("Small", "Medium", "Large")
_TYPES = ("CPU", "GPU_SMALL", "GPU_MEDIUM", "GPU_LARGE", "MULTIGPU_MEDIUM")


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """Machines for a custom model; with `scale_to_zero` none while nobody asks, and a slow first answer."""

    size: str = "Small"
    type: str = "CPU"
    scale_to_zero: bool = True

    def __post_init__(self) -> None:
        check_one_of("workload_size", self.size, _SIZES)
        check_one_of("workload_type", self.type, _TYPES)

    def fields(self) -> dict[str, Any]:
        """The served entity's arguments."""
        workload_type = {} if self.type == "CPU" else {"workload_type": self.type}
        return {"workload_size": self.size, **workload_type, "scale_to_zero_enabled": self.scale_to_zero}


@dataclass(frozen=True, kw_only=True, slots=True)
class TokensPerSecond:
    """Provisioned throughput of a fine-tuned language model, in tokens per second, as its model's family has it."""

    maximum: int
    minimum: int = 0

    def __post_init__(self) -> None:
        check_at_least("minimum", self.minimum, 0)
        check_at_least("maximum", self.maximum, max(self.minimum, 1))

    def fields(self) -> dict[str, Any]:
        """The served entity's arguments; from 0 on it scales to zero."""
        return {"min_provisioned_throughput": self.minimum, "max_provisioned_throughput": self.maximum}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUnits:
    """Provisioned throughput in model units, which newer model families have; a resource type of its own."""

    units: int

    def __post_init__(self) -> None:
        check_at_least("units", self.units, 1)

    def fields(self) -> dict[str, Any]:
        """The served entity's arguments."""
        return {"provisioned_model_units": self.units}


Size: TypeAlias = Workload | TokensPerSecond | ModelUnits
