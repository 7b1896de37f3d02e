"""The data contract of the source: its files' columns, and the typed rows that silver keeps.

Times in silver are instants (UTC); minutes of the day are local times of New York, as printed on a ticket.
"""

from brickyard_pipelines.ml.data.contract import Check, Column, TableContract

NEW_YORK = "America/New_York"
_CLOCK = "cast({0} AS int) div 100 * 60 + cast({0} AS int) % 100"
_DEPARTURE = "timestamp_seconds(unix_timestamp(try_cast(time_hour AS timestamp)) + 60 * try_cast(minute AS int))"
_DATE = "make_date(try_cast(year AS int), try_cast(month AS int), try_cast(day AS int))"

FLIGHTS = TableContract(
    name="flights",
    comment="Flights that left New York in 2013, one row per scheduled flight",
    source_columns=(
        *("year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time"),
        *("arr_delay", "carrier", "flight", "tailnum", "origin", "dest", "air_time", "distance", "hour"),
        *("minute", "time_hour"),
    ),
    columns=(
        Column(
            name="flight_id",
            type="string",
            nullable=False,
            comment="Scheduled date, carrier, flight number and origin",
            expression=f"{_DATE} || '-' || carrier || '-' || flight || '-' || origin",
        ),
        Column(name="carrier", type="string", nullable=False, comment="Carrier code (IATA)"),
        Column(name="flight_number", type="int", source="flight", nullable=False, comment="Flight number"),
        Column(name="tail_number", type="string", source="tailnum", comment="The aircraft's registration"),
        Column(name="origin", type="string", nullable=False, comment="Airport of departure (FAA)"),
        Column(name="destination", type="string", source="dest", nullable=False, comment="Airport of arrival (FAA)"),
        Column(name="distance_mi", type="double", source="distance", nullable=False, comment="Distance in miles"),
        Column(
            name="scheduled_departure",
            type="timestamp",
            nullable=False,
            comment="Scheduled departure",
            expression=_DEPARTURE,
        ),
        Column(
            name="scheduled_departure_minute",
            type="int",
            nullable=False,
            comment="Scheduled departure, minutes since local midnight",
            expression="try_cast(hour AS int) * 60 + try_cast(minute AS int)",
        ),
        Column(
            name="scheduled_arrival_minute",
            type="int",
            nullable=False,
            comment="Scheduled arrival, minutes since midnight at the destination",
            expression=_CLOCK.format("sched_arr_time"),
        ),
        Column(
            name="departed_at",
            type="timestamp",
            comment="Actual departure; null when cancelled",
            expression=f"timestamp_seconds(unix_timestamp({_DEPARTURE}) + 60 * try_cast(dep_delay AS int))",
        ),
        Column(
            name="departure_delay_min",
            type="double",
            source="dep_delay",
            comment="Minutes after the scheduled departure, negative when early; null when cancelled",
        ),
        Column(
            name="arrival_delay_min",
            type="double",
            source="arr_delay",
            comment="Minutes after the scheduled arrival; null when cancelled or diverted",
        ),
    ),
    key=("flight_id",),
    checks=(
        Check(
            reason="scheduled departure is not the local hour of New York: a time zone mistake",
            condition=f"hour(from_utc_timestamp(scheduled_departure, '{NEW_YORK}')) * 60"
            f" + minute(scheduled_departure) = scheduled_departure_minute",
        ),
        Check(reason="distance is not positive", condition="distance_mi > 0"),
        Check(
            reason="arrival delay without a departure",
            condition="arrival_delay_min IS NULL OR departure_delay_min IS NOT NULL",
        ),
    ),
)

WEATHER = TableContract(
    name="weather",
    comment="Hourly weather at New York's airports",
    source_columns=(
        *("origin", "year", "month", "day", "hour", "temp", "dewp", "humid", "wind_dir", "wind_speed"),
        *("wind_gust", "precip", "pressure", "visib", "time_hour"),
    ),
    columns=(
        Column(name="origin", type="string", nullable=False, comment="Airport (FAA)"),
        Column(
            name="observed_hour",
            type="timestamp",
            source="time_hour",
            nullable=False,
            comment="Hour in which it was observed: all of it is known when the hour is over",
        ),
        Column(name="temperature_f", type="double", source="temp", comment="Temperature in degrees Fahrenheit"),
        Column(name="dew_point_f", type="double", source="dewp", comment="Dew point in degrees Fahrenheit"),
        Column(name="humidity_pct", type="double", source="humid", comment="Relative humidity in percent"),
        Column(name="wind_direction_deg", type="double", source="wind_dir", comment="Wind direction in degrees"),
        Column(name="wind_speed_mph", type="double", source="wind_speed", comment="Wind speed in miles per hour"),
        Column(name="wind_gust_mph", type="double", source="wind_gust", comment="Gusts in miles per hour, if any"),
        Column(name="precipitation_in", type="double", source="precip", comment="Precipitation in inches"),
        Column(name="pressure_mbar", type="double", source="pressure", comment="Sea level pressure in millibars"),
        Column(name="visibility_mi", type="double", source="visib", comment="Visibility in miles"),
    ),
    key=("origin", "observed_hour"),
    checks=(Check(reason="visibility is negative", condition="visibility_mi >= 0 OR visibility_mi IS NULL"),),
)

PLANES = TableContract(
    name="planes",
    comment="Aircraft by registration",
    source_columns=("tailnum", "year", "type", "manufacturer", "model", "engines", "seats", "speed", "engine"),
    columns=(
        Column(name="tail_number", type="string", source="tailnum", nullable=False, comment="Registration"),
        Column(name="built_year", type="int", source="year", comment="Year of manufacture"),
        Column(name="seats", type="int", comment="Number of seats"),
    ),
    key=("tail_number",),
)

AIRPORTS = TableContract(
    name="airports",
    comment="Airports by FAA code",
    source_columns=("faa", "name", "lat", "lon", "alt", "tz", "dst", "tzone"),
)

AIRLINES = TableContract(name="airlines", comment="Airlines by carrier code", source_columns=("carrier", "name"))

TABLES = (FLIGHTS, WEATHER, PLANES, AIRPORTS, AIRLINES)
