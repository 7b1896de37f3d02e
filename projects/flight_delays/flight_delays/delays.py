"""What an airport knows of its delays at a moment: departures that have happened, and those overdue. Pandas only.

All times are seconds since 1970 (UTC). A departure counts from the second it happened; what happens later
does not change the answer for an earlier moment.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

OVERDUE_AFTER_S = 15 * 60
_GIVEN_UP_AFTER_S = 3 * 3600  # a flight that has not left by then is taken as cancelled


def mean_recent_delay(
    departed_s: pd.Series, delay_min: pd.Series, moments_s: pd.Series, *, window_s: int
) -> NDArray[np.float64]:
    """Mean delay of the departures in the window before each moment; NaN where there was none.

    >>> mean_recent_delay(pd.Series([100, 200]), pd.Series([10.0, 30.0]), pd.Series([99, 150, 200]), window_s=150)
    array([nan, 10., 20.])
    """
    happened = departed_s.notna().to_numpy()
    times, delays = departed_s.to_numpy(float)[happened], delay_min.to_numpy(float)[happened]
    order = np.argsort(times, kind="stable")
    times, total = times[order], np.concatenate([[0.0], np.cumsum(delays[order])])
    first, last = _window(times, moments_s.to_numpy(float), window_s)
    count = last - first
    mean = (total[last] - total[first]) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan)


def departures_in(times_s: pd.Series, moments_s: pd.Series, *, window_s: int) -> NDArray[np.float64]:
    """How many of `times_s` lie in the window that ends with each moment."""
    first, last = _window(np.sort(times_s.dropna().to_numpy(float)), moments_s.to_numpy(float), window_s)
    return (last - first).astype(float)


def overdue(scheduled_s: pd.Series, departed_s: pd.Series, moments_s: pd.Series) -> NDArray[np.float64]:
    """How many flights should have left a quarter of an hour before each moment, and have not.

    >>> overdue(pd.Series([0, 0]), pd.Series([5000, None]), pd.Series([900, 4000, 6000, 99999]))
    array([2., 2., 1., 0.])
    """
    begins = scheduled_s.to_numpy(float) + OVERDUE_AFTER_S
    given_up = scheduled_s.to_numpy(float) + _GIVEN_UP_AFTER_S
    ends = np.fmin(departed_s.to_numpy(float), given_up)
    late = ends > begins
    moments = moments_s.to_numpy(float)
    begun = np.searchsorted(np.sort(begins[late]), moments, side="right")
    ended = np.searchsorted(np.sort(ends[late]), moments, side="right")
    return (begun - ended).astype(float)


def _window(
    times: NDArray[np.float64],
    moments: NDArray[np.float64],
    window_s: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first = np.searchsorted(times, moments - window_s, side="right")
    return first, np.searchsorted(times, moments, side="right")
