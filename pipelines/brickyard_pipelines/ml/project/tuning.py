"""What tuning may try, how often, and what is best."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from brickyard_pipelines.errors import InvalidProject

# The metrics of a probability (evaluation/metrics.py) that say which model is better, and which way.
DIRECTIONS: Mapping[str, Literal["minimize", "maximize"]] = {
    "roc_auc": "maximize",
    "average_precision": "maximize",
    "log_loss": "minimize",
    "brier": "minimize",
    "calibration_error": "minimize",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FloatRange:
    """A number between two others, both included; `log` tries 0.01 to 0.1 as often as 0.1 to 1."""

    type: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.step, log=self.log)


@dataclass(frozen=True, kw_only=True, slots=True)
class IntRange:
    """A whole number between two others, both included."""

    type: Literal["int"]
    low: int
    high: int
    log: bool = False
    step: int | None = None

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.step, log=self.log)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """One of some values."""

    type: Literal["choice"]
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.values or not all(isinstance(value, str | int | float | None) for value in self.values):
            raise InvalidProject(
                f"workflow.training.tuning.space: got the values {list(self.values)};"
                " a choice needs at least one, each a text, a number, true, false or null."
            )


Candidates = FloatRange | IntRange | Choices


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """How many trials of which parameters, judged by `metric` on the validation period.

    `direction` follows from the metric. `distributed` runs the trials on Spark's workers, `parallel` at a time.
    """

    trials: int
    space: Mapping[str, FloatRange | IntRange | Choices]
    timeout_minutes: int | None = None
    metric: str = "log_loss"
    direction: Literal["minimize", "maximize"] | None = None
    seed: int = 0
    distributed: bool = False
    parallel: int = 2

    def __post_init__(self) -> None:
        where = "workflow.training.tuning"
        if self.metric not in DIRECTIONS:
            raise InvalidProject(f"{where}.metric: got {self.metric!r}; one of {', '.join(DIRECTIONS)}.")
        if self.direction not in (None, DIRECTIONS[self.metric]):
            raise InvalidProject(
                f"{where}.direction: got {self.direction}, but a good {self.metric} is one to"
                f" {DIRECTIONS[self.metric]}. Leave it out."
            )
        if not self.space:
            raise InvalidProject(f"{where}.space: empty, so every trial would be the same.")
        rules = {"trials": self.trials, "timeout_minutes": self.timeout_minutes, "parallel": self.parallel}
        for name, value in rules.items():
            if value is not None and not 1 <= value <= 10_000:
                raise InvalidProject(f"{where}.{name}: got {value}, must be from 1 to 10000.")


def _check_range(low: float, high: float, step: float | None, *, log: bool) -> None:
    """Errors: InvalidProject; each rule is false for NaN too."""
    where = "workflow.training.tuning.space"
    if not low < high:
        raise InvalidProject(f"{where}: got low {low}, high {high}; low must be less than high.")
    if log and not low > 0:
        raise InvalidProject(f"{where}: got low {low} with log; a logarithm needs more than 0.")
    if step is not None and (log or not 0 < step <= high - low):
        raise InvalidProject(
            f"{where}: got step {step}; it must be more than 0, fit between low and high, without log."
        )
