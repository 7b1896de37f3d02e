"""When a project trains again by itself, and how often at most."""

import math
from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.monitoring.known_metrics import breach_is_above


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """The worst that a metric may be: `threshold`, broken in `breaches` of the newest `windows` windows.

    Which side is worse is known of every metric (ml/monitoring/known_metrics.py).
    """

    metric: str
    threshold: float
    breaches: int = 1
    windows: int = 1

    def __post_init__(self) -> None:
        where = f"workflow.retraining.limits ({self.metric})"
        breach_is_above(self.metric)
        if not math.isfinite(self.threshold):
            raise InvalidProject(f"{where}: got threshold {self.threshold}; must be a finite number.")
        if not 1 <= self.breaches <= self.windows <= 100:
            raise InvalidProject(
                f"{where}: got breaches {self.breaches} of windows {self.windows}; must be at least 1, breaches at most"
                " windows, and windows at most 100."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Retraining:
    """Limits, and what holds a start back. Time is that of the data: the ends of windows, not the wall clock.

    After a start nothing starts until `cooldown_windows` more windows have ended, and at most `max_starts` do within
    `budget_windows` windows. Without limits a project is never trained by itself.
    """

    limits: tuple[Limit, ...] = ()
    cooldown_windows: int = 1
    max_starts: int = 4
    budget_windows: int = 12

    def __post_init__(self) -> None:
        rules = {
            "cooldown_windows": (0 <= self.cooldown_windows <= 1000, "from 0 to 1000"),
            "max_starts": (1 <= self.max_starts <= 1000, "from 1 to 1000"),
            "budget_windows": (1 <= self.budget_windows <= 10000, "from 1 to 10000"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise InvalidProject(f"workflow.retraining.{name}: got {getattr(self, name)}; must be {rule}.")
        if len({limit.metric for limit in self.limits}) < len(self.limits):
            raise InvalidProject("workflow.retraining.limits: a metric stands twice; give each one limit.")
