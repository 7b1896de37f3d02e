"""Which windows a refresh computes: those that the change data feed names, with what they are compared with."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import AnalysisException

from brickyard_local.monitors.engine.changes import analysed
from brickyard_local.monitors.engine.frames import Key, Windows
from brickyard_local.monitors.engine.request import Request

DAY = 86_400_000_000
REQUEST = Request(
    table="c.s.t",
    profile_table="c.m.p",
    drift_table="c.m.d",
    definition={"time_series": {"timestamp_col": "at", "granularities": ["1 day"]}},
    monitor_version=0,
    begins_us=100 * DAY,
    refreshed_us=130 * DAY,
    first_version=3,
    analysed_version=7,
)


class Feed:
    """A Spark session whose tables changed in the windows that begin on these days, or that have no feed."""

    def __init__(self, *days: int, there: bool = True) -> None:
        self.asked: list[str] = []
        self._answer = {"0": [day * DAY for day in days], "1": [(day + 1) * DAY for day in days]}
        self._there = there

    def sql(self, query: str) -> Any:
        self.asked.append(query)
        if not self._there:
            raise AnalysisException("DELTA_MISSING_CHANGE_DATA")
        return SimpleNamespace(collect=lambda: [self._answer])


def key(day: int) -> Key:
    return Key(start=day * DAY, end=(day + 1) * DAY, model=None, slice_key=None, slice_value=None, granularity="1 day")


def days(windows: Any, test: str) -> list[int]:
    return [day for day in range(95, 135) if getattr(windows, test)(key(day))]


def test_a_refresh_computes_what_changed_since_the_last_one_and_the_drift_of_the_window_after_it() -> None:
    feed = Feed(110)
    found = analysed(feed, REQUEST, 9)
    assert days(found, "profiled") == [110]
    assert days(found, "compared") == [110, 111]
    assert "table_changes('`c`.`s`.`t`', 8, 9)" in feed.asked[0]


def test_rows_that_come_are_analysed_whatever_time_they_are_of() -> None:
    assert days(analysed(Feed(96), REQUEST, 9), "profiled") == [96]


def test_a_refresh_of_a_table_that_did_not_change_computes_nothing() -> None:
    feed = Feed(110)
    assert days(analysed(feed, REQUEST, 7), "compared") == []
    assert feed.asked == []


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, analysed_version=None),  # defined anew
        replace(REQUEST, definition={**REQUEST.definition, "baseline_table_name": "c.s.b"}),
    ],
)
def test_where_all_must_be_computed_anew_that_is_the_last_30_days_and_all_that_came_since(request_: Request) -> None:
    feed = Feed(96)
    assert days(analysed(feed, request_, 9), "profiled") == [96, *range(100, 135)]
    assert "', 4, 9)" in feed.asked[0]


@pytest.mark.parametrize("request_", [REQUEST, replace(REQUEST, analysed_version=None, first_version=None)])
def test_without_a_feed_every_refresh_computes_all_windows_since_30_days_before_the_monitor(request_: Request) -> None:
    assert days(analysed(Feed(there=False), request_, 9), "profiled") == list(range(100, 135))


def test_a_table_that_was_made_anew_is_computed_from_its_beginning() -> None:
    assert days(analysed(Feed(96), REQUEST, 2), "profiled") == list(range(100, 135))


def test_rows_are_read_of_windows_that_changed_and_of_their_neighbours_only() -> None:
    windows = Windows(starts=frozenset({5}), ends=frozenset({6}), since_us=None)
    assert windows.condition() == "`:start` IN (5L, 6L) OR `:end` IN (5L)"
    assert Windows(starts=frozenset(), ends=frozenset(), since_us=None).condition() == "false"
    assert Windows(starts=frozenset(), ends=frozenset(), since_us=9).condition() == "`:end` > 9L"
