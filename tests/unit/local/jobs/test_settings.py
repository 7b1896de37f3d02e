"""What a job may configure: honoured, kept, or refused by name."""

from typing import Any

import pytest

from brickyard_local.errors import ApiError, InvalidParameter, NotEmulated
from brickyard_local.jobs.settings import check, dependencies


def job(task: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    wheel = {"package_name": "p", "entry_point": "main"}
    base = {"task_key": "a", "environment_key": "default", "python_wheel_task": wheel}
    environment = {
        "environment_key": "default",
        "spec": {"environment_version": "4", "dependencies": ["/Volumes/a.whl"]},
    }
    return {"name": "j", "tasks": [{**base, **(task or {})}], "environments": [environment], **settings}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tags": {"team": "ml"}, "description": "d", "performance_target": "STANDARD", "edit_mode": "UI_LOCKED"},
        {"schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"}},
        {"email_notifications": {"no_alert_for_skipped_runs": True}, "webhook_notifications": {}},
        {"email_notifications": {"on_failure": []}},
        {"health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 10}]}},
        {"git_source": None, "continuous": None},
        {"budget_policy_id": "x"},
    ],
)
def test_what_changes_nothing_here_is_kept(settings: dict[str, Any]) -> None:
    check(job(**settings))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC"}}, "schedule"),
        ({"trigger": {"periodic": {"interval": 1, "unit": "DAYS"}, "pause_status": "UNPAUSED"}}, "trigger"),
        ({"continuous": {"pause_status": "UNPAUSED"}}, "continuous"),
        ({"git_source": {"git_url": "https://example.com"}}, "git_source"),
        ({"email_notifications": {"on_failure": ["a@example.com"]}}, "email_notifications.on_failure"),
        ({"webhook_notifications": {"on_start": [{"id": "1"}]}}, "webhook_notifications.on_start"),
        ({"something_new": 1}, "something_new"),
    ],
)
def test_job_settings_that_would_do_nothing_are_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(NotEmulated, match=named):
        check(job(**settings))


@pytest.mark.parametrize(
    ("task", "named"),
    [
        ({"dbt_task": {"commands": ["dbt run"]}}, "dbt_task"),
        ({"email_notifications": {"on_success": ["a"]}}, "email_notifications.on_success"),
        ({"environment_key": None, "new_cluster": {"num_workers": 1}, "libraries": [{"jar": "/Volumes/a.jar"}]}, "jar"),
    ],
)
def test_task_settings_that_would_do_nothing_are_refused_by_name(task: dict[str, Any], named: str) -> None:
    with pytest.raises(NotEmulated, match=named):
        check(job(task))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tasks": [{"task_key": "a", "environment_key": "default"}]}, "exactly one of python_wheel_task"),
        ({"environments": []}, "environment_key 'default'"),
        ({"timeout_seconds": -1}, "timeout_seconds of the job is -1"),
        ({"tasks": [{"python_wheel_task": {}}]}, "needs a task_key"),
    ],
)
def test_what_databricks_refuses_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        check({**job(), **change})


def test_a_task_needs_one_compute() -> None:
    with pytest.raises(InvalidParameter, match="exactly one of environment_key"):
        check(job({"environment_key": None}))
    with pytest.raises(InvalidParameter, match="exactly one of environment_key"):
        check(job({"new_cluster": {"num_workers": 1}}))


@pytest.mark.parametrize("dependency", ["-e /Workspace/r", "git+https://x", "https://x/a.whl", "/dbfs/a.whl", "a @ b"])
def test_dependencies_that_would_be_downloaded_are_refused(dependency: str) -> None:
    spec = {"environment_key": "default", "spec": {"dependencies": [dependency]}}
    with pytest.raises(ApiError, match="does not emulate"):
        check(job(environments=[spec]))


def test_a_task_on_a_cluster_gets_its_wheels() -> None:
    cluster = {"job_cluster_key": "c", "new_cluster": {"num_workers": 2}}
    libraries = [{"whl": "/Volumes/a.whl"}, {"pypi": {"package": "pandas>2"}}]
    settings = job({"environment_key": None, "job_cluster_key": "c", "libraries": libraries}, job_clusters=[cluster])
    check(settings)
    assert dependencies(settings, settings["tasks"][0]) == ["/Volumes/a.whl", "pandas>2"]
