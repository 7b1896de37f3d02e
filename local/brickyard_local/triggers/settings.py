"""What `schedule`, `trigger` and `continuous` of a job may say here. Pure: no I/O.

Source: docs.databricks.com/api/workspace/jobs/create; docs.databricks.com/jobs/triggers
Gaps: SQL conditions, model triggers, maintenance windows and retries of continuous jobs are refused by name.
"""

import re
from collections.abc import Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.triggers.quartz import Quartz, zone_of

BLOCKS = ("schedule", "trigger", "continuous")
UNIT_S = {"MINUTES": 60, "HOURS": 3600, "DAYS": 86_400, "WEEKS": 604_800}
_FIELDS = {
    "schedule": ("quartz_cron_expression", "timezone_id", "pause_status"),
    "trigger": ("periodic", "file_arrival", "table_update", "pause_status"),
    "continuous": ("pause_status", "task_retry_mode"),
    "trigger.periodic": ("interval", "unit"),
    "trigger.file_arrival": ("url", "min_time_between_triggers_seconds", "wait_after_last_change_seconds"),
    "trigger.table_update": (
        "table_names",
        "condition",
        "min_time_between_triggers_seconds",
        "wait_after_last_change_seconds",
    ),
}
_LEAST_S = 60
_MOST = 1_000_000_000
_CLOUD = re.compile(r"(abfss|gs|r2|s3a?)://[^/\s]+")


def check(settings: Mapping[str, Any]) -> None:
    """Errors: InvalidParameter for what Databricks would refuse, NotEmulated for what is not done here."""
    named = [name for name in BLOCKS if settings.get(name)]
    if len(named) > 1:
        raise InvalidParameter(f"A job has one of {', '.join(BLOCKS)}; got {' and '.join(named)}.")
    for name in named:
        block = settings[name]
        _known(name, block)
        _one_of(f"{name}.pause_status", block.get("pause_status", "UNPAUSED"), ("PAUSED", "UNPAUSED"))
    if settings.get("schedule"):
        quartz_of(settings["schedule"])
    if settings.get("trigger"):
        _check_trigger(settings["trigger"])
    if settings.get("continuous"):
        _check_continuous(settings["continuous"], settings)


def quartz_of(schedule: Mapping[str, Any]) -> Quartz:
    """The parsed `schedule` block. Errors: InvalidParameter."""
    for name in ("quartz_cron_expression", "timezone_id"):
        if not schedule.get(name) or not isinstance(schedule[name], str):
            raise InvalidParameter(f"schedule.{name} is {schedule.get(name)!r}; it must be set.")
    return Quartz.parse(schedule["quartz_cron_expression"], zone_of(schedule["timezone_id"]))


def active(settings: Mapping[str, Any]) -> str | None:
    """Which block starts runs of this job now: none when it is paused or has no trigger."""
    for name in BLOCKS:
        block = settings.get(name)
        if block and block.get("pause_status", "UNPAUSED") != "PAUSED":
            return name
    return None


def _check_trigger(trigger: Mapping[str, Any]) -> None:
    kinds = [name for name in ("periodic", "file_arrival", "table_update") if trigger.get(name)]
    if len(kinds) != 1:
        raise InvalidParameter(f"trigger must have one of periodic, file_arrival, table_update; got {kinds}.")
    kind = kinds[0]
    block = trigger[kind]
    _known(f"trigger.{kind}", block)
    for name in ("min_time_between_triggers_seconds", "wait_after_last_change_seconds"):
        _at_least(f"trigger.{kind}.{name}", block.get(name) or _LEAST_S, _LEAST_S)
    if kind == "periodic":
        _at_least("trigger.periodic.interval", block.get("interval"), 1)
        _one_of("trigger.periodic.unit", block.get("unit"), tuple(UNIT_S))
    elif kind == "file_arrival":
        _check_url(str(block.get("url") or ""))
    else:
        _check_tables(block)


def _check_url(url: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in url):
        raise InvalidParameter(f"trigger.file_arrival.url is {url!r}; it holds a control character.")
    names = url.strip("/").split("/")
    in_volume = url.startswith("/Volumes/") and len(names) >= 4 and all(names)
    if not (in_volume or _CLOUD.match(url)) or ".." in names:
        raise InvalidParameter(
            f"trigger.file_arrival.url is '{url}'; it must be /Volumes/<catalog>/<schema>/<volume> or the URL of an "
            "external location, or a folder in it."
        )
    if "*" in url or "?" in url:
        raise InvalidParameter(f"trigger.file_arrival.url is '{url}'; it cannot contain wildcards.")


def _check_tables(block: Mapping[str, Any]) -> None:
    names = block.get("table_names") or []
    wrong = [name for name in names if not isinstance(name, str) or [*map(bool, name.split("."))] != [True] * 3]
    if not names or wrong:
        raise InvalidParameter(
            f"trigger.table_update.table_names is {names}; it must name tables as catalog.schema.table."
        )
    condition = block.get("condition") or "ANY_UPDATED"
    _one_of("trigger.table_update.condition", condition, ("ANY_UPDATED", "ALL_UPDATED"))


def _check_continuous(continuous: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    mode = continuous.get("task_retry_mode") or "NEVER"
    _one_of("continuous.task_retry_mode", mode, ("NEVER", "ON_FAILURE"))
    if mode == "ON_FAILURE":
        raise NotEmulated("'continuous.task_retry_mode' ON_FAILURE; NEVER starts a new run after a failed one")
    if (settings.get("max_concurrent_runs") or 1) != 1:
        raise InvalidParameter(
            f"max_concurrent_runs is {settings['max_concurrent_runs']}; it must be 1 in a continuous job."
        )


def _known(where: str, block: Any) -> None:
    if not isinstance(block, Mapping):
        raise InvalidParameter(f"{where} is {block!r}; it must be an object.")
    for name, value in block.items():
        if name not in _FIELDS[where] and value not in (None, "", [], {}, False):
            raise NotEmulated(f"'{where}.{name}' of a job")


def _one_of(where: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidParameter(f"{where} is {value!r}; it must be one of {', '.join(allowed)}.")


def _at_least(where: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidParameter(f"{where} is {value!r}; it must be a whole number of at least {least}.")
    if value > _MOST:
        raise InvalidParameter(f"{where} must be at most {_MOST}.")
