import pandas as pd

from flight_delays.weather import MEASURES, newest_known

HOUR_S = 3600


def weather(*hours: tuple[int, float]) -> pd.DataFrame:
    observed = pd.DataFrame({"observed_s": [hour * HOUR_S for hour, _ in hours]})
    calm = observed.assign(**dict.fromkeys(MEASURES, 0.0))
    return calm.assign(temperature_f=[degrees for _, degrees in hours])


def temperature_at(moment_s: int, *hours: tuple[int, float]) -> float:
    return float(newest_known(pd.Series([moment_s]), weather(*hours)).temperature_f.iloc[0])


def test_an_observation_counts_when_its_hour_is_over_and_not_before() -> None:
    hours = ((8, 50.0), (9, 60.0))
    assert temperature_at(10 * HOUR_S - 1, *hours) == 50.0
    assert temperature_at(10 * HOUR_S, *hours) == 60.0


def test_an_observation_older_than_three_hours_is_missing() -> None:
    assert temperature_at(12 * HOUR_S, (8, 50.0)) == 50.0
    assert pd.isna(temperature_at(12 * HOUR_S + 1, (8, 50.0)))


def test_answers_stand_in_the_order_of_the_questions() -> None:
    moments = pd.Series([10 * HOUR_S, 9 * HOUR_S], index=[7, 3])
    answered = newest_known(moments, weather((8, 50.0), (9, 60.0)))
    assert answered.temperature_f.to_dict() == {7: 60.0, 3: 50.0}


def test_without_any_weather_everything_is_missing() -> None:
    assert newest_known(pd.Series([0, 1]), weather()).isna().all(axis=None)
