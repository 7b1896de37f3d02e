"""What is looked at once a model predicts: windows, slices, and from how many rows on a number means something."""

from dataclasses import dataclass
from typing import Literal, get_args

from brickyard_pipelines.errors import InvalidProject

Granularity = Literal["1 hour", "1 day", "1 week", "1 month"]
GRANULARITIES: tuple[str, ...] = get_args(Granularity)
_MOST_SLICES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Monitoring:
    """How the inference table is cut into windows, and what a window is compared with.

    `granularity` is one of the quality monitor's. `against` is its drift: the window `before`, or its `baseline`.
    `slices` are features whose values get metrics of their own. Windows of fewer than `min_rows` rows are shown and
    decide nothing.
    """

    granularity: str = "1 week"
    against: str = "previous"
    slices: tuple[str, ...] = ()
    min_rows: int = 500
    refresh_within_minutes: int = 60

    def __post_init__(self) -> None:
        rules = {
            "granularity": (self.granularity in GRANULARITIES, f"one of {', '.join(GRANULARITIES)}"),
            "against": (self.against in ("previous", "baseline"), "previous or baseline"),
            "slices": (len(set(self.slices)) == len(self.slices) <= _MOST_SLICES, f"at most {_MOST_SLICES}, each once"),
            "min_rows": (self.min_rows >= 50, "at least 50: fewer say nothing about a rate"),
            "refresh_within_minutes": (1 <= self.refresh_within_minutes <= 1440, "from 1 to 1440"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise InvalidProject(f"workflow.monitoring.{name}: got {getattr(self, name)!r}; must be {rule}.")
