"""The features of one airport: the promised columns, and nothing from after the prediction moment."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from brickyard_pipelines.errors import LookAhead
from brickyard_pipelines.ml.features import leaks
from brickyard_pipelines.ml.features.leaks import Knowledge
from flight_delays.features import FEATURES, LEAD_S, of_airport
from flight_delays.weather import MEASURES

HOUR_S = 3600
Build = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


def flights(count: int = 300, seed: int = 0) -> pd.DataFrame:
    """One airport's flights over two days, some cancelled."""
    random = np.random.default_rng(seed)
    scheduled = np.sort(random.integers(0, 48 * 60, count)) * 60 + 1_357_000_000 // 60 * 60
    delay = np.where(random.random(count) < 0.1, np.nan, random.integers(-10, 200, count))
    return pd.DataFrame(
        {
            "flight_id": [f"f{number}" for number in range(count)],
            "carrier": random.choice(["UA", "B6", "DL"], count),
            "origin": "EWR",
            "destination": random.choice(["ORD", "LAX"], count),
            "distance_mi": 719.0,
            "departure_delay_min": delay,
            "scheduled_departure_minute": 600,
            "scheduled_arrival_minute": 700,
            "seats": 149,
            "built_year": 2006,
            "day_of_week": 2,
            "flight_year": 2013,
            "scheduled_s": scheduled,
            "departed_s": scheduled + 60 * delay,
        }
    )


def weather(around: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    first, last = around.scheduled_s.min() // HOUR_S - 6, around.scheduled_s.max() // HOUR_S + 6
    hours = np.arange(first, last)
    random = np.random.default_rng(seed)
    measured = {name: random.normal(size=len(hours)) for name in MEASURES}
    return pd.DataFrame({"origin": "EWR", "observed_s": hours * HOUR_S, **measured})


KNOWN = {
    "flights": [Knowledge(at="departed_s", columns=("departure_delay_min",), at_moves=True)],
    "weather": [Knowledge(at="observed_s", columns=MEASURES, delay_s=HOUR_S)],
}


def compared(build: Build) -> int:
    """The rows that the leak guard compares at three moments."""
    known = flights()
    moments = np.quantile(known.scheduled_s, [0.25, 0.5, 0.75]) - LEAD_S
    return leaks.check(
        lambda tables: build(tables["flights"], tables["weather"]),
        {"flights": known, "weather": weather(known)},
        KNOWN,
        key="flight_id",
        time_key="prediction_s",
        moments=moments.tolist(),
    )


def test_no_feature_knows_what_happens_after_the_prediction_moment() -> None:
    assert compared(of_airport) > 400


def its_own_delay(known: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    rows = of_airport(known, observed)
    return rows.assign(origin_mean_delay_2h_min=known.departure_delay_min.to_numpy())


def the_next_hours_weather(known: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    return of_airport(known, observed.assign(observed_s=observed.observed_s - 2 * HOUR_S))


@pytest.mark.parametrize(
    ("leak", "feature"),
    [(its_own_delay, "origin_mean_delay_2h_min"), (the_next_hours_weather, "temperature_f")],
)
def test_a_planted_leak_is_caught_and_named(leak: Build, feature: str) -> None:
    with pytest.raises(LookAhead, match=rf"'{feature}': \d+"):
        compared(leak)


def test_the_columns_are_the_promised_ones_in_their_order_and_types() -> None:
    rows = of_airport(flights(), weather(flights()))
    assert list(rows.columns) == ["flight_id", "prediction_s", *(feature.name for feature in FEATURES)]
    doubles = [feature.name for feature in FEATURES if feature.type == "double"]
    assert set(rows[doubles].dtypes) == {np.dtype(float)}


def test_the_prediction_moment_is_one_hour_before_the_scheduled_departure() -> None:
    known = flights()
    assert (of_airport(known, weather(known)).prediction_s.to_numpy() == known.scheduled_s - HOUR_S).all()


def test_a_cancelled_flight_has_features_too() -> None:
    known = flights()
    assert known.departed_s.isna().any()
    assert of_airport(known, weather(known)).flight_id.tolist() == known.flight_id.tolist()


def test_required_features_are_never_missing_and_others_may_be() -> None:
    rows = of_airport(flights(), weather(flights()).iloc[:0])
    required = [feature.name for feature in FEATURES if feature.required]
    assert rows[required].notna().all(axis=None)
    assert rows[list(MEASURES)].isna().all(axis=None)


def test_an_airport_without_flights_has_no_rows() -> None:
    rows = of_airport(flights().iloc[:0], weather(flights()))
    assert rows.empty
    assert "carrier_mean_delay_3h_min" in rows
