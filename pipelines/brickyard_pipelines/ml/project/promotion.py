"""How a validated version takes over: at once, or after it has answered a part of the traffic."""

from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """The new version answers `percent` of the requests for `minutes`, and then all, or none.

    It takes over when it has answered `min_requests`, with at most `max_error_rate` of answers 5xx (and of 4xx beyond
    the champion's own), on average at most `max_latency_ratio` times as slowly as the champion. Too few requests are
    no answer: the traffic goes back.
    """

    percent: int
    minutes: float
    max_error_rate: float = 0.01
    max_latency_ratio: float | None = 1.5
    min_requests: int = 50

    def __post_init__(self) -> None:
        rules = {  # each is false for NaN too
            "percent": (1 <= self.percent <= 50, "from 1 to 50"),
            "minutes": (0 < self.minutes <= 24 * 60, "more than 0 and at most 1440"),
            "max_error_rate": (0 <= self.max_error_rate <= 0.5, "from 0 to 0.5"),
            "max_latency_ratio": (self.max_latency_ratio is None or 1 <= self.max_latency_ratio <= 100, "1 to 100"),
            "min_requests": (self.min_requests >= 1, "at least 1"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                got = getattr(self, name)
                raise InvalidProject(f"workflow.promotion.canary.{name}: got {got}, must be {rule}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Promotion:
    """What the deploy step does besides moving the alias."""

    canary: Canary | None = None
