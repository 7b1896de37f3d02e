"""What an airport knows of its delays: nothing that happens later may change it."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from flight_delays.delays import departures_in, mean_recent_delay, overdue

HOUR_S = 3600
flights = st.lists(
    st.tuples(
        st.integers(0, 12 * HOUR_S).map(lambda second: second // 60 * 60),
        st.one_of(st.none(), st.integers(-20, 300)),
    ),
    min_size=1,
    max_size=40,
)
moments = st.integers(-HOUR_S, 15 * HOUR_S)


def frame(rows: list[tuple[int, int | None]]) -> pd.DataFrame:
    scheduled = pd.Series([row[0] for row in rows], dtype=float)
    delay = pd.Series([row[1] for row in rows], dtype=float)
    return pd.DataFrame({"scheduled": scheduled, "delay": delay, "departed": scheduled + 60 * delay})


def by_hand(rows: pd.DataFrame, moment: int, window_s: int) -> float:
    known = rows[(rows.departed > moment - window_s) & (rows.departed <= moment)]
    return float(known.delay.mean())


@given(rows=flights, moment=moments)
def test_the_mean_is_that_of_the_departures_in_the_window(rows: list[tuple[int, int | None]], moment: int) -> None:
    table = frame(rows)
    answered = mean_recent_delay(table.departed, table.delay, pd.Series([moment]), window_s=7200)
    np.testing.assert_allclose(answered, [by_hand(table, moment, 7200)])


@given(rows=flights, moment=moments)
def test_overdue_flights_are_those_that_should_have_left_and_have_not(
    rows: list[tuple[int, int | None]], moment: int
) -> None:
    table = frame(rows)
    waiting = (table.scheduled + 900 <= moment) & (moment < table.scheduled + 3 * HOUR_S)
    not_gone = table.departed.isna() | (table.departed > moment)
    assert overdue(table.scheduled, table.departed, pd.Series([moment]))[0] == (waiting & not_gone).sum()


@given(rows=flights, moment=moments, later=st.integers(1, 600))
def test_what_happens_after_the_moment_changes_nothing(
    rows: list[tuple[int, int | None]], moment: int, later: int
) -> None:
    before = frame(rows)
    future = before.departed > moment
    after = before.assign(
        delay=before.delay.where(~future, before.delay + later),
        departed=before.departed.where(~future, before.departed + 60 * later),
    )
    for table in (before, after.sample(frac=1, random_state=1)):
        asked = pd.Series([moment])
        said = (
            mean_recent_delay(table.departed, table.delay, asked, window_s=7200)[0],
            departures_in(table.departed, asked, window_s=7200)[0],
            overdue(table.scheduled, table.departed, asked)[0],
        )
        np.testing.assert_allclose(
            said,
            (
                by_hand(before, moment, 7200),
                ((before.departed > moment - 7200) & (before.departed <= moment)).sum(),
                overdue(before.scheduled, before.departed, asked)[0],
            ),
        )


def test_a_cancelled_flight_stops_waiting_after_three_hours() -> None:
    asked = pd.Series([1000, 3 * HOUR_S - 1, 3 * HOUR_S])
    assert overdue(pd.Series([0.0]), pd.Series([np.nan]), asked).tolist() == [1, 1, 0]
