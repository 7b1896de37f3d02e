"""Which features new rows may touch: as many as needed, and the rest stays."""

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.features import touched
from brickyard_pipelines.ml.features.touched import Days, Plan
from brickyard_pipelines.ml.project import FeatureTable

SEEN = {"code": "x", "inputs": {"flights": {"load": 2, "contract": "c"}, "planes": {"load": 1, "contract": "c"}}}
DAY_ONE = dt.date(2013, 1, 1)
days = st.integers(0, 400).map(lambda number: DAY_ONE + dt.timedelta(days=number))


def seen_with(**inputs: dict[str, Any]) -> dict[str, Any]:
    return {"code": "x", "inputs": SEEN["inputs"] | inputs}  # type: ignore[operator]


@pytest.mark.parametrize(
    ("known", "now", "lookback", "planned"),
    [
        (None, SEEN, 1, Plan(rebuild="it is new")),
        (SEEN, SEEN, None, Plan(loads={})),
        (SEEN | {"code": "y"}, SEEN, 1, Plan(rebuild="the code is another")),
        ({"silver": {}, "code": "x"}, SEEN, 1, Plan(rebuild="the contract of flights is another")),
        (SEEN, seen_with(flights={"load": 3, "contract": "c"}), 1, Plan(loads={"flights": 2})),
        (
            SEEN,
            seen_with(flights={"load": 3, "contract": "c"}),
            None,
            Plan(rebuild="features.lookback_days is not given"),
        ),
        (SEEN, seen_with(flights={"load": 2, "contract": "d"}), 1, Plan(rebuild="the contract of flights is another")),
        (
            SEEN,
            seen_with(planes={"load": 2, "contract": "c"}),
            1,
            Plan(rebuild="planes has new rows and no event time"),
        ),
    ],
)
def test_what_there_is_to_do(known: Any, now: Any, lookback: int | None, planned: Plan) -> None:
    assert touched.plan(known, now, ["flights"], lookback) == planned


def test_an_input_that_another_pipeline_writes_builds_all_anew_when_it_changes() -> None:
    then = {"code": "x", "inputs": {"theirs": {"load": None, "contract": None, "version": 4}}}
    now = {"code": "x", "inputs": {"theirs": {"load": None, "contract": None, "version": 5}}}
    assert touched.plan(then, then, ["theirs"], 1).nothing
    assert touched.plan(then, now, ["theirs"], 1).rebuild == "theirs has changed, and its rows carry no load"


@settings(deadline=None)
@given(st.lists(days, max_size=6), st.integers(0, 40))
def test_ranges_hold_exactly_the_days_within_reach(around: list[dt.date], reach: int) -> None:
    parts = touched.around(around, reach)
    held = [
        part.since + dt.timedelta(days=number) for part in parts for number in range((part.until - part.since).days)
    ]
    wanted = {day + dt.timedelta(days=number) for day in around for number in range(-reach, reach + 1)}
    assert held == sorted(wanted)
    assert all(one.until < other.since for one, other in itertools.pairwise(parts))


def count_of_the_last_day(rows: pd.DataFrame) -> pd.DataFrame:
    """A feature per row that looks 24 hours back and half an hour ahead, asked an hour before the row's time."""
    times = np.sort(rows.at_s.to_numpy())
    ahead = np.searchsorted(times, rows.at_s + 1800, side="right")
    behind = np.searchsorted(times, rows.at_s - 86_400, side="left")
    return pd.DataFrame({"key": rows.key, "moment_s": rows.at_s - 3600, "near": ahead - behind})


def between(frame: pd.DataFrame, column: str, parts: tuple[Days, ...]) -> pd.DataFrame:
    moments = pd.to_datetime(frame[column], unit="s")
    inside = [(moments >= pd.Timestamp(part.since)) & (moments < pd.Timestamp(part.until)) for part in parts]
    found: pd.DataFrame = frame.loc[np.logical_or.reduce(inside)] if inside else frame.iloc[:0]
    return found


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20 * 86_400)), min_size=1, max_size=60), st.data())
def test_what_new_rows_touch_built_anew_is_the_full_rebuild(
    given_rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Rows come in two loads; the second replaces by key, also to another day."""
    cut = data.draw(st.integers(0, len(given_rows)))
    before, after = dict(given_rows[:cut]), dict(given_rows)
    news = {key: after[key] for key, _ in given_rows[cut:]}
    rows = {
        name: pd.DataFrame(list(state.items()), columns=["key", "at_s"])
        for name, state in (("before", before), ("after", after))
    }
    moved = [*news.values(), *(before[key] for key in news if key in before)]
    parts = touched.around(pd.to_datetime(pd.Series(moved, dtype="int64"), unit="s").dt.date, 1)
    kept = count_of_the_last_day(rows["before"])
    kept = kept[~kept.index.isin(between(kept, "moment_s", parts).index)]
    built = count_of_the_last_day(between(rows["after"], "at_s", touched.widened(parts, 1)))
    now = pd.concat([kept, between(built, "moment_s", parts)]).sort_values("key").reset_index(drop=True)
    whole = count_of_the_last_day(rows["after"]).sort_values("key").reset_index(drop=True)
    pd.testing.assert_frame_equal(now, whole, check_dtype=False)


DEFINITION = {"function": "p:f", "columns": "p:c", "inputs": ("flights",), "key": "k", "time_key": "t"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"lookback_days": 0, "event_times": {"flights": "at"}}, "got 0, must be from 1 to 3660"),
        ({"lookback_days": 1}, "given without event_times"),
        ({"event_times": {"planes": "at"}}, "planes is none of the inputs flights"),
    ],
)
def test_increments_that_cannot_be_right_are_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidProject, match=said):
        FeatureTable(**(DEFINITION | more))
