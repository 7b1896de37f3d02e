"""The newest weather known at a moment. Pandas only."""

import pandas as pd

_HOUR_S = 3600
_STALE_AFTER_S = 3 * _HOUR_S

MEASURES = (
    "temperature_f",
    "dew_point_f",
    "humidity_pct",
    "wind_direction_deg",
    "wind_speed_mph",
    "wind_gust_mph",
    "precipitation_in",
    "pressure_mbar",
    "visibility_mi",
)


def newest_known(moments_s: pd.Series, weather: pd.DataFrame) -> pd.DataFrame:
    """The last observation whose hour was over at each moment; NaN when it is older than three hours.

    *Shapes*: `weather` has `observed_s` (start of the hour, seconds since 1970) and MEASURES; the answer
    has MEASURES and the index of `moments_s`.
    """
    known = weather.assign(known_s=weather["observed_s"].astype("int64") + _HOUR_S).sort_values("known_s")
    asked = pd.DataFrame({"moment_s": moments_s.astype("int64")}).sort_values("moment_s")
    matched = pd.merge_asof(
        asked.reset_index(),
        known[["known_s", *MEASURES]],
        left_on="moment_s",
        right_on="known_s",
        tolerance=_STALE_AFTER_S,
    )
    return matched.set_index("index")[list(MEASURES)].astype(float).reindex(moments_s.index)
