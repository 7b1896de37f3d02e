"""A rolling split moves with the data, and neither reaches what the gate judges nor leaves it stale."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.errors import InvalidProject, UnusableRows
from brickyard_pipelines.ml.project import Months, RollingSplit, SplitByTime
from brickyard_pipelines.ml.project.periods import from_parameters, resolve


def rolling(validation: int = 1, holdout: int = 2, train: int | None = None) -> RollingSplit:
    return RollingSplit(rolling=Months(validation_months=validation, holdout_months=holdout, train_months=train))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("last", "holdout_until"),
    [
        ("2013-12-31", "2014-01-01"),  # a month is complete on its last day
        ("2014-01-01", "2014-01-01"),  # rows of the evening are of the next day in UTC
        ("2013-12-30", "2013-12-01"),
        ("2013-05-01", "2013-05-01"),
    ],
)
def test_the_newest_complete_month_ends_the_holdout(last: str, holdout_until: str) -> None:
    split = resolve(rolling(), day("2013-01-01"), day(last))
    assert split.holdout.until == day(holdout_until)


def test_training_takes_what_there_is_up_to_the_months_that_are_wanted() -> None:
    first, last = day("2013-01-05"), day("2013-12-31")
    assert resolve(rolling(), first, last).train.since == first
    assert resolve(rolling(train=3), first, last).train.since == day("2013-07-01")
    assert resolve(rolling(train=24), first, last).train.since == first


def test_too_few_months_are_said_with_what_there_is() -> None:
    with pytest.raises(UnusableRows, match=r"from 2013-01-02 to 2013-04-30.*the 2 \+ 1 months.*begin on 2013-02-01"):
        resolve(rolling(), day("2013-01-02"), day("2013-04-30"))
    with pytest.raises(UnusableRows, match="No row has a label yet"):
        resolve(rolling(), None, None)


def test_months_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidProject, match=r"rolling\.holdout_months: got 0"):
        rolling(holdout=0)


@given(
    first=st.dates(dt.date(2000, 1, 1), dt.date(2020, 1, 1)),
    length=st.integers(1, 3000),
    validation=st.integers(1, 13),
    holdout=st.integers(1, 13),
    train=st.none() | st.integers(1, 30),
)
def test_whatever_is_asked_parts_follow_each_other_in_whole_months_within_the_labels(
    first: dt.date, length: int, validation: int, holdout: int, train: int | None
) -> None:
    last = first + dt.timedelta(days=length)
    try:
        split = resolve(rolling(validation, holdout, train), first, last)
    except UnusableRows:
        return
    assert first <= split.train.since < split.train.until == split.validation.since
    assert split.validation.until == split.holdout.since < split.holdout.until <= last + dt.timedelta(days=1)
    assert (last - split.holdout.until).days < 31
    assert {one.day for one in (split.validation.since, split.holdout.since, split.holdout.until)} == {1}
    assert from_parameters(split.as_parameters()) == split


def test_a_run_that_does_not_say_all_dates_says_none() -> None:
    said = resolve(rolling(), day("2013-01-01"), day("2013-12-31")).as_parameters()
    assert isinstance(from_parameters(said), SplitByTime)
    assert from_parameters(said | {"split.holdout_since": "soon"}) is None
    del said["split.train_since"]
    assert from_parameters(said) is None
