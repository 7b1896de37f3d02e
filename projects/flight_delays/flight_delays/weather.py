"""The newest weather known at a moment. Pandas only."""

import pandas as pd

from brickyard_pipelines.ml.features.as_of import AsOf, join_pandas

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
    rule = AsOf(moment="moment_s", at="observed_s", columns=MEASURES, delay_s=_HOUR_S, stale_after_s=_STALE_AFTER_S)
    asked = pd.DataFrame({"moment_s": moments_s})
    return join_pandas(asked, weather, rule)[list(MEASURES)].astype(float)
