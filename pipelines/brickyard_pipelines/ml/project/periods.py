"""Which days are learnt from, looked at while learning, and judged on."""

import datetime as dt
from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Days from `since` up to, not including, `until`."""

    since: dt.date
    until: dt.date

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise InvalidProject(f"A period must end after it begins: since {self.since}, until {self.until}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitByTime:
    """What is learnt from, what is looked at while learning, and what only the gate sees."""

    train: Period
    validation: Period
    holdout: Period

    def __post_init__(self) -> None:
        if self.train.until > self.validation.since or self.validation.until > self.holdout.since:
            raise InvalidProject(
                "workflow.split: train, validation and holdout must follow one another in time, without overlap;"
                f" got train until {self.train.until}, validation {self.validation.since} to"
                f" {self.validation.until}, holdout since {self.holdout.since}."
            )
