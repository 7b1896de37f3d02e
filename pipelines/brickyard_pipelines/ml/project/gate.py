"""The bar that a version must clear before it may become champion."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from brickyard_pipelines.errors import InvalidProject

_Rules = Mapping[str, tuple[bool, str]]  # by name: whether it holds, and in words; each is false for NaN too


def _refuse(of: object, where: str, rules: _Rules) -> None:
    for name, (holds, rule) in rules.items():
        if not holds:
            raise InvalidProject(
                f"workflow.gate.{where}{name}: got {getattr(of, name)}, must be {rule};"
                " anything else would open the gate or close it for good."
            )


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
class SliceGuard:
    """What must hold for every group of a column's values; numbers are cut into `bins` of equally many rows.

    A group of fewer than `min_rows` is undecided. `max_loss` bounds the gate's metric in each; `champion_margin` is
    how much worse than the champion a group may not be shown to be.
    """

    min_rows: int = 500
    max_loss: float | None = None
    champion_margin: float = 0.02
    bins: int = 4

    def __post_init__(self) -> None:
        rules = {
            "min_rows": (self.min_rows >= 30, "at least 30"),
            "max_loss": (self.max_loss is None or 0 < self.max_loss < math.inf, "more than 0"),
            "champion_margin": (0 <= self.champion_margin <= 0.5, "from 0 to 0.5"),
            "bins": (2 <= self.bins <= 20, "from 2 to 20"),
        }
        _refuse(self, "slices.", rules)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sanity:
    """How far the hold-out may be from the training period before a verdict on it says nothing. Shares, 0 to 1."""

    max_null_increase: float = 0.25
    max_unseen_share: float = 0.1
    max_label_rate_shift: float = 0.25

    def __post_init__(self) -> None:
        names = (each.name for each in fields(self))
        _refuse(self, "sanity.", {name: (0 <= getattr(self, name) <= 1, "from 0 to 1") for name in names})


@dataclass(frozen=True, kw_only=True, slots=True)
class Budgets:
    """What serving the model may take: one row's prediction, the files, and a fresh process until it can answer."""

    latency_ms_p95: float | None = None
    model_mb: float | None = None
    load_s: float | None = None

    def __post_init__(self) -> None:
        limits = self.as_limits()
        rules = {name: (limit is None or 0 < limit < math.inf, "more than 0") for name, limit in limits.items()}
        _refuse(self, "budgets.", rules)

    def as_limits(self) -> dict[str, float | None]:
        """The limits by name; None where there is none."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


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
    slices: Mapping[str, SliceGuard] = field(default_factory=dict)
    sanity: Sanity = field(default_factory=Sanity)
    budgets: Budgets = field(default_factory=Budgets)

    def __post_init__(self) -> None:
        if self.metric not in ("log_loss", "brier"):
            raise InvalidProject(
                f"workflow.gate.metric: got {self.metric!r}; comparisons row by row need log_loss or brier."
            )
        if not self.thresholds:
            raise InvalidProject("workflow.gate.thresholds: empty, so every model would pass. State at least one.")
        rules = {
            "min_rows": (self.min_rows >= 100, "at least 100"),
            "baseline_min_gain": (0 <= self.baseline_min_gain < 1, "at least 0 and less than 1"),
            "champion_margin": (0 <= self.champion_margin <= 0.2, "from 0 to 0.2"),
            "confidence": (0.8 <= self.confidence < 1, "at least 0.8 and less than 1"),
            "resamples": (self.resamples >= 200, "at least 200"),
        }
        _refuse(self, "", rules)
