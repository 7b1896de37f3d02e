"""What happened in the end: did the flight arrive more than 15 minutes late?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LATE_AFTER_MIN = 15


def build(tables: Mapping[str, "DataFrame"]) -> "DataFrame":
    """One row per flight that arrived at its destination: `flight_id` and `arrived_late` (0 or 1).

    Cancelled and diverted flights have no arrival delay and no label; the steps count them.
    """
    arrived = tables["flights"].where("arrival_delay_min IS NOT NULL")
    return arrived.selectExpr("flight_id", f"cast(arrival_delay_min > {LATE_AFTER_MIN} AS int) AS arrived_late")
