"""Which days are learnt from, looked at while learning, and judged on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from brickyard_pipelines.errors import InvalidProject, UnusableRows

_PARTS = ("train", "validation", "holdout")
_ENDS = ("since", "until")


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

    def as_parameters(self) -> dict[str, str]:
        """The dates as the parameters of a run: `split.train_since` and so on."""
        return {f"split.{part}_{end}": str(getattr(getattr(self, part), end)) for part in _PARTS for end in _ENDS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Months:
    """How many months each part has, counted back from the end of the newest complete month that has labels."""

    validation_months: int
    holdout_months: int
    train_months: int | None = None

    def __post_init__(self) -> None:
        for name in ("validation_months", "holdout_months", "train_months"):
            months = getattr(self, name)
            if months is not None and not 1 <= months <= 1200:
                raise InvalidProject(f"workflow.split.rolling.{name}: got {months}, must be from 1 to 1200.")


@dataclass(frozen=True, kw_only=True, slots=True)
class RollingSplit:
    """A split that moves on with the data; without `train_months` everything before the validation is learnt from."""

    rolling: Months


Split = SplitByTime | RollingSplit


def resolve(split: Split, labelled_since: dt.date | None, labelled_until: dt.date | None) -> SplitByTime:
    """The days of a split, for data whose labels reach from one day to the other, both included (UTC).

    A month is complete when labels reach its last day: with labels from 2013-01-01 to 2013-04-30, April is; until
    2013-04-29 it is not, and March is the newest. Training takes at most `train_months`, and at least one whole month.

    Errors: UnusableRows when there are too few months, saying how many there are and are needed.
    """
    if isinstance(split, SplitByTime):
        return split
    if labelled_since is None or labelled_until is None:
        raise UnusableRows("No row has a label yet, so workflow.split.rolling has no month to count back from.")
    months = split.rolling
    end = _month(labelled_until + dt.timedelta(days=1), 0)
    holdout = _month(end, -months.holdout_months)
    validation = _month(holdout, -months.validation_months)
    wanted = _month(validation, -months.train_months) if months.train_months else labelled_since
    train = max(wanted, labelled_since)
    if train > _month(validation, -1):
        raise UnusableRows(
            f"Labels reach from {labelled_since} to {labelled_until}: complete months end on {end} (not included),"
            f" the {months.holdout_months} + {months.validation_months} months of hold-out and validation begin on"
            f" {validation}, and no whole month before that has labels to learn from."
            " Land more months, or ask for fewer in workflow.split.rolling."
        )
    return SplitByTime(
        train=Period(since=train, until=validation),
        validation=Period(since=validation, until=holdout),
        holdout=Period(since=holdout, until=end),
    )


def from_parameters(parameters: Mapping[str, str]) -> SplitByTime | None:
    """The dates that a run was trained with; None when it does not say all of them, or not as dates.

    Errors: InvalidProject when they overlap.
    """
    try:
        periods = {
            part: Period(**{end: dt.date.fromisoformat(parameters[f"split.{part}_{end}"]) for end in _ENDS})
            for part in _PARTS
        }
    except (KeyError, ValueError):
        return None
    return SplitByTime(**periods)


def _month(day: dt.date, later: int) -> dt.date:
    """The first day of the month of `day`, or of one some months later or earlier.

    >>> _month(dt.date(2013, 1, 31), -1), _month(dt.date(2013, 12, 5), 1)
    (datetime.date(2012, 12, 1), datetime.date(2014, 1, 1))
    """
    number = day.year * 12 + day.month - 1 + later
    return dt.date(number // 12, number % 12 + 1, 1)
