"""What starts a job by itself: a time, a file, a table, or its own end. A paused one is kept and starts nothing.

Source: docs.databricks.com/aws/en/jobs/triggers; docs.databricks.com/api/workspace/jobs/create
Gaps: triggers on models, and SQL conditions.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from cdktf_cdktf_provider_databricks.job import (
    JobContinuous,
    JobSchedule,
    JobTrigger,
    JobTriggerFileArrival,
    JobTriggerPeriodic,
    JobTriggerTableUpdate,
)

from brickyard_constructs.checks import check_at_least, check_each_once, check_full_name, check_not_empty, check_one_of
from brickyard_constructs.checks import known as is_known
from brickyard_constructs.errors import InvalidProps

_LEAST_S = 60  # Source: the API's reference: both waits are at least a minute
_SCHEMES = ("/Volumes/", "s3://", "abfss://", "gs://")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """Times, as Quartz writes them, on the clock of a time zone."""

    quartz: str
    timezone: str
    paused: bool

    def __post_init__(self) -> None:
        check_not_empty("quartz", self.quartz)
        check_not_empty("timezone", self.timezone)
        if is_known(self.quartz) and len(self.quartz.split()) not in (6, 7):
            rule = "six or seven fields, seconds first: 0 30 6 * * ? is half past six every day"
            raise InvalidProps("quartz", self.quartz, rule=rule)

    def fields(self) -> dict[str, Any]:
        """The job's argument."""
        schedule = JobSchedule(
            quartz_cron_expression=self.quartz, timezone_id=self.timezone, pause_status=_status(self.paused)
        )
        return {"schedule": schedule}


@dataclass(frozen=True, kw_only=True, slots=True)
class Periodic:
    """Every so many hours, days or weeks; Databricks chooses the moment."""

    interval: int
    unit: str
    paused: bool

    def __post_init__(self) -> None:
        check_at_least("interval", self.interval, 1)
        check_one_of("unit", self.unit, ("HOURS", "DAYS", "WEEKS"))

    def fields(self) -> dict[str, Any]:
        """The job's argument."""
        periodic = JobTriggerPeriodic(interval=self.interval, unit=self.unit)
        return {"trigger": JobTrigger(periodic=periodic, pause_status=_status(self.paused))}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileArrival:
    """New files in a volume or an external location. `quiet_s`: how long nothing must have come."""

    url: str
    paused: bool
    between_s: int | None = None
    quiet_s: int | None = None

    def __post_init__(self) -> None:
        if is_known(self.url) and not self.url.startswith(_SCHEMES):
            raise InvalidProps("url", self.url, rule=f"a folder that starts with one of {', '.join(_SCHEMES)}")
        _check_waits(self.between_s, self.quiet_s)

    def fields(self) -> dict[str, Any]:
        """The job's argument."""
        arrival = JobTriggerFileArrival(
            url=self.url, min_time_between_triggers_seconds=self.between_s, wait_after_last_change_seconds=self.quiet_s
        )
        return {"trigger": JobTrigger(file_arrival=arrival, pause_status=_status(self.paused))}


@dataclass(frozen=True, kw_only=True, slots=True)
class TableUpdate:
    """New commits to any of the tables, or to all of them."""

    tables: tuple[str, ...]
    paused: bool
    all_of_them: bool = False
    between_s: int | None = None
    quiet_s: int | None = None

    def __post_init__(self) -> None:
        check_not_empty("tables", self.tables)
        check_each_once("tables", self.tables)
        for table in self.tables:
            check_full_name("tables", table)
        _check_waits(self.between_s, self.quiet_s)

    def fields(self) -> dict[str, Any]:
        """The job's argument."""
        update = JobTriggerTableUpdate(
            table_names=list(self.tables),
            condition="ALL_UPDATED" if self.all_of_them else "ANY_UPDATED",
            min_time_between_triggers_seconds=self.between_s,
            wait_after_last_change_seconds=self.quiet_s,
        )
        return {"trigger": JobTrigger(table_update=update, pause_status=_status(self.paused))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuous:
    """Again as soon as the run before has ended."""

    paused: bool

    def fields(self) -> dict[str, Any]:
        """The job's argument."""
        return {"continuous": JobContinuous(pause_status=_status(self.paused))}


Trigger: TypeAlias = Cron | Periodic | FileArrival | TableUpdate | Continuous


def _status(paused: bool) -> str:
    return "PAUSED" if paused else "UNPAUSED"


def _check_waits(between_s: int | None, quiet_s: int | None) -> None:
    for prop, value in (("between_s", between_s), ("quiet_s", quiet_s)):
        if value is not None:
            check_at_least(prop, value, _LEAST_S)
