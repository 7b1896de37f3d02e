"""What is known one hour before a flight's scheduled departure.

The pandas half (`of_airport`) holds the rules and is tested without Spark; `build` feeds it airport by airport.
Cancelled flights get features too: at the prediction moment nobody knows that they will be cancelled.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from brickyard_pipelines.ml.data.contract import Feature
from flight_delays.aircraft import of_aircraft
from flight_delays.contract import NEW_YORK
from flight_delays.delays import departures_in, mean_recent_delay, overdue
from flight_delays.weather import MEASURES, newest_known

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LEAD_S = 3600  # the prediction moment: one hour before the scheduled departure
_HALF_HOUR_S = 1800

FEATURES = (
    Feature(name="carrier", type="string", required=True, comment="Carrier code, such as UA"),
    Feature(name="origin", type="string", required=True, comment="EWR, JFK or LGA"),
    Feature(name="destination", type="string", required=True, comment="Airport of arrival (FAA), such as ORD"),
    Feature(name="distance_mi", type="double", required=True, comment="Distance in miles"),
    Feature(
        name="scheduled_departure_minute",
        type="double",
        required=True,
        comment="Scheduled departure, minutes since local midnight",
    ),
    Feature(
        name="scheduled_arrival_minute",
        type="double",
        required=True,
        comment="Scheduled arrival, minutes since midnight at the destination",
    ),
    Feature(name="day_of_week", type="double", required=True, comment="1 (Monday) to 7 (Sunday), local"),
    Feature(name="aircraft_age_years", type="double", comment="Years since manufacture, if known"),
    Feature(name="aircraft_seats", type="double", comment="Seats of the aircraft, if known"),
    Feature(
        name="departures_scheduled_1h",
        type="double",
        comment="Flights scheduled to leave the origin within half an hour of this one, itself included",
    ),
    *(Feature(name=name, type="double", comment="Newest known weather at the origin") for name in MEASURES),
    Feature(name="origin_mean_delay_2h_min", type="double", comment="Mean delay of the last 2 h's departures"),
    Feature(name="origin_mean_delay_30m_min", type="double", comment="Mean delay of the last 30 min's departures"),
    Feature(name="origin_departures_2h", type="double", comment="Departures from the origin in the last 2 h"),
    Feature(
        name="origin_overdue_flights",
        type="double",
        comment="Flights at the origin that should have left 15 min ago or more, and have not",
    ),
    Feature(name="carrier_mean_delay_3h_min", type="double", comment="As origin, of this carrier, last 3 h"),
)

# Plain lists, since `of_airport` and what it refers to travel to Spark's workers.
_NAMES = [feature.name for feature in FEATURES]
_DOUBLES = [feature.name for feature in FEATURES if feature.type == "double"]


def build(tables: Mapping[str, "DataFrame"]) -> "DataFrame":
    """One row per flight: `flight_id`, `prediction_at` and FEATURES.

    *Shapes*: `tables` holds silver's flights, weather and planes.
    """
    flights = tables["flights"].join(tables["planes"].hint("broadcast"), "tail_number", "left")
    local = f"from_utc_timestamp(scheduled_departure, '{NEW_YORK}')"
    known = flights.selectExpr(
        *("flight_id", "carrier", "origin", "destination", "distance_mi", "departure_delay_min"),
        *("scheduled_departure_minute", "scheduled_arrival_minute", "built_year", "seats"),
        f"weekday({local}) + 1 AS day_of_week",
        f"year({local}) AS flight_year",
        "unix_timestamp(scheduled_departure) AS scheduled_s",
        "unix_timestamp(departed_at) AS departed_s",
    )
    weather = tables["weather"].selectExpr("origin", "unix_timestamp(observed_hour) AS observed_s", *MEASURES)
    columns = ", ".join(f"{feature.name} {feature.type}" for feature in FEATURES)
    features = (
        known.groupBy("origin")
        .cogroup(weather.groupBy("origin"))
        .applyInPandas(of_airport, schema=f"flight_id string, prediction_s long, {columns}")
    )
    return features.selectExpr("flight_id", "timestamp_seconds(prediction_s) AS prediction_at", *_NAMES)


def of_airport(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """The features of one airport's flights.

    *Shapes*: `flights` as `build` selects them; `weather` of the same airport.
    """
    moments = flights["scheduled_s"] - LEAD_S
    scheduled, departed, delay = flights["scheduled_s"], flights["departed_s"], flights["departure_delay_min"]
    derived: dict[str, Any] = {
        "prediction_s": moments,
        **of_aircraft(flights["flight_year"], flights["built_year"], flights["seats"]),
        "departures_scheduled_1h": departures_in(scheduled, scheduled + _HALF_HOUR_S, window_s=2 * _HALF_HOUR_S),
        "origin_mean_delay_2h_min": mean_recent_delay(departed, delay, moments, window_s=7200),
        "origin_mean_delay_30m_min": mean_recent_delay(departed, delay, moments, window_s=1800),
        "origin_departures_2h": departures_in(departed, moments, window_s=7200),
        "origin_overdue_flights": overdue(scheduled, departed, moments),
        "carrier_mean_delay_3h_min": _by_carrier(flights, moments),
    }
    frame = flights.assign(**derived).join(newest_known(moments, weather))
    return frame.astype(dict.fromkeys(_DOUBLES, float))[["flight_id", "prediction_s", *_NAMES]]


def _by_carrier(flights: pd.DataFrame, moments: pd.Series) -> pd.Series:
    parts = [
        pd.Series(
            mean_recent_delay(own["departed_s"], own["departure_delay_min"], moments[own.index], window_s=10800),
            index=own.index,
        )
        for _, own in flights.groupby("carrier")
    ]
    return pd.concat(parts).reindex(flights.index) if parts else pd.Series(dtype=float)
