"""What schedule, trigger and continuous of a job may say."""

from typing import Any

import pytest

from brickyard_local.errors import ApiError, InvalidParameter, NotEmulated
from brickyard_local.triggers.settings import active, check

DAILY = {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "Europe/Amsterdam"}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"schedule": DAILY},
        {"schedule": DAILY | {"pause_status": "PAUSED"}},
        {"trigger": {"periodic": {"interval": 1, "unit": "HOURS"}}},
        {"trigger": {"file_arrival": {"url": "/Volumes/c/s/v/in/", "min_time_between_triggers_seconds": 60}}},
        {"trigger": {"file_arrival": {"url": "s3://bucket/in"}}},
        {"trigger": {"table_update": {"table_names": ["c.s.t"], "condition": "ALL_UPDATED"}}},
        {"trigger": {"table_update": {"table_names": ["c.s.t"], "wait_after_last_change_seconds": 0}}},
        {"continuous": {"pause_status": "UNPAUSED"}, "max_concurrent_runs": 1},
    ],
)
def test_these_are_taken(settings: dict[str, Any]) -> None:
    check(settings)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"schedule": DAILY, "continuous": {"pause_status": "PAUSED"}}, InvalidParameter, "one of schedule"),
        ({"schedule": DAILY | {"timezone_id": "Nowhere"}}, InvalidParameter, "timezone_id"),
        ({"schedule": {"timezone_id": "UTC"}}, InvalidParameter, "quartz_cron_expression"),
        ({"schedule": DAILY | {"quartz_cron_expression": "* * *"}}, InvalidParameter, "has 3 fields"),
        ({"schedule": DAILY | {"pause_status": "OFF"}}, InvalidParameter, "schedule.pause_status is 'OFF'"),
        ({"schedule": DAILY | {"sql_condition": {"sql": "1"}}}, NotEmulated, "schedule.sql_condition"),
        ({"trigger": {"pause_status": "PAUSED"}}, InvalidParameter, "one of periodic"),
        ({"trigger": {"model": {"condition": "MODEL_CREATED"}}}, NotEmulated, "trigger.model"),
        ({"trigger": {"periodic": {"interval": 0, "unit": "DAYS"}}}, InvalidParameter, "interval is 0"),
        ({"trigger": {"periodic": {"interval": 10**400, "unit": "WEEKS"}}}, InvalidParameter, "at most"),
        ({"trigger": {"file_arrival": {"url": "s3://bucket/\0"}}}, InvalidParameter, "control character"),
        ({"trigger": {"periodic": {"interval": 1, "unit": "SECONDS"}}}, InvalidParameter, "unit is 'SECONDS'"),
        ({"trigger": {"file_arrival": {"url": "ftp://bucket/in"}}}, InvalidParameter, "ftp://bucket/in"),
        ({"trigger": {"file_arrival": {"url": "/Volumes/c/s"}}}, InvalidParameter, "/Volumes/c/s"),
        ({"trigger": {"file_arrival": {"url": "/Volumes/c/s/v/../x"}}}, InvalidParameter, "url"),
        ({"trigger": {"file_arrival": {"url": "/Volumes/c/s/v/*"}}}, InvalidParameter, "wildcards"),
        (
            {"trigger": {"file_arrival": {"url": "/Volumes/c/s/v", "min_time_between_triggers_seconds": 59}}},
            InvalidParameter,
            "at least 60",
        ),
        ({"trigger": {"table_update": {"table_names": ["c.t"]}}}, InvalidParameter, "catalog.schema.table"),
        ({"trigger": {"table_update": {"table_names": []}}}, InvalidParameter, "one of periodic|catalog.schema"),
        (
            {"trigger": {"table_update": {"table_names": ["c.s.t"], "condition": "SOME"}}},
            InvalidParameter,
            "condition is 'SOME'",
        ),
        ({"continuous": {"task_retry_mode": "ON_FAILURE"}}, NotEmulated, "ON_FAILURE"),
        ({"continuous": {"pause_status": "PAUSED"}, "max_concurrent_runs": 2}, InvalidParameter, "must be 1"),
    ],
)
def test_these_are_refused(settings: dict[str, Any], error: type[ApiError], said: str) -> None:
    with pytest.raises(error, match=said):
        check(settings)


def test_a_paused_block_starts_nothing() -> None:
    assert active({"schedule": DAILY}) == "schedule"
    assert active({"schedule": DAILY | {"pause_status": "PAUSED"}}) is None
    assert active({"trigger": {}, "name": "x"}) is None
