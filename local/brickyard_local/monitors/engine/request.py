"""What a refresh is asked to compute."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A monitor's definition in the shape of MonitorInfo, and the tables of one refresh.

    `first_version` is the version of the table that the monitor's first refresh saw, `analysed_version` the one that
    the last refresh of this definition saw.
    Units: `begins_us`, `refreshed_us` are microseconds since the epoch. What lay before `begins_us` when the monitor
    was made is not analysed.
    """

    table: str
    profile_table: str
    drift_table: str
    definition: Mapping[str, Any]
    monitor_version: int
    begins_us: int
    refreshed_us: int
    first_version: int | None = None
    analysed_version: int | None = None

    @property
    def inference_log(self) -> Mapping[str, Any]:
        return self.definition.get("inference_log") or {}

    @property
    def timestamp_col(self) -> str | None:
        """None for a snapshot."""
        windowed = self.inference_log or self.definition.get("time_series") or {}
        return windowed.get("timestamp_col")

    @property
    def granularities(self) -> list[str]:
        windowed = self.inference_log or self.definition.get("time_series") or {}
        return list(windowed.get("granularities", []))

    @property
    def model_id_col(self) -> str | None:
        return self.inference_log.get("model_id_col")

    @property
    def baseline(self) -> str | None:
        return self.definition.get("baseline_table_name")

    @property
    def slicing_exprs(self) -> list[str]:
        return list(self.definition.get("slicing_exprs") or [])

    @property
    def custom_metrics(self) -> list[Mapping[str, Any]]:
        return list(self.definition.get("custom_metrics") or [])
