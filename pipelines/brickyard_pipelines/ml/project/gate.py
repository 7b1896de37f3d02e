"""The bar that a version must clear before it may become champion."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The least or the most that a metric may be."""

    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise InvalidProject("workflow.gate.thresholds: a threshold needs `min`, `max` or both.")
        if not all(math.isfinite(limit) for limit in (self.min, self.max) if limit is not None):
            raise InvalidProject(
                f"workflow.gate.thresholds: got min {self.min}, max {self.max}; a threshold must be a finite number."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What a version must show on the hold-out before it may become champion.

    Gains are relative reductions of `metric` (0.05 is 5 %), judged by the lower end of a paired bootstrap
    interval. `champion_margin` is how much worse than the champion may not be ruled out.
    """

    metric: str = "log_loss"
    min_rows: int
    thresholds: Mapping[str, Bound]
    baseline_min_gain: float
    champion_margin: float = 0.0
    confidence: float = 0.95
    resamples: int = 2000

    def __post_init__(self) -> None:
        if self.metric not in ("log_loss", "brier"):
            raise InvalidProject(
                f"workflow.gate.metric: got {self.metric!r}; comparisons row by row need log_loss or brier."
            )
        if not self.thresholds:
            raise InvalidProject("workflow.gate.thresholds: empty, so every model would pass. State at least one.")
        rules = {  # each is false for NaN too
            "min_rows": (self.min_rows >= 100, "at least 100"),
            "baseline_min_gain": (0 <= self.baseline_min_gain < 1, "at least 0 and less than 1"),
            "champion_margin": (0 <= self.champion_margin <= 0.2, "from 0 to 0.2"),
            "confidence": (0.8 <= self.confidence < 1, "at least 0.8 and less than 1"),
            "resamples": (self.resamples >= 200, "at least 200"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise InvalidProject(
                    f"workflow.gate.{name}: got {getattr(self, name)}, must be {rule};"
                    " anything else would open the gate or close it for good."
                )
