"""What is known of the aircraft, offline and at request time alike. Packed with the model: pandas only."""

from collections.abc import Mapping

import pandas as pd


def of_aircraft(flight_year: pd.Series, built_year: pd.Series, seats: pd.Series) -> dict[str, pd.Series]:
    """The features of the aircraft; NaN where it is not known.

    >>> known = of_aircraft(pd.Series([2013.0]), pd.Series([1999.0]), pd.Series([149.0]))
    >>> {name: values.tolist() for name, values in known.items()}
    {'aircraft_age_years': [14.0], 'aircraft_seats': [149.0]}
    """
    age = flight_year.astype(float) - built_year.astype(float)
    return {"aircraft_age_years": age, "aircraft_seats": seats.astype(float)}


def at_request(request: pd.DataFrame, references: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The same from a request's `flight_year` (local, of the scheduled departure) and the plane of its tail number."""
    planes = references["planes"]
    known = of_aircraft(request["flight_year"], planes["built_year"], planes["seats"])
    return pd.DataFrame(known, index=request.index)
