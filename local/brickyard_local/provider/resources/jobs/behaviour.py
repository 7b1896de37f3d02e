"""The row of databricks_job: the widest resource of all."""

from collections.abc import Mapping

from brickyard_local.provider.engine.behaviour import (
    Behaviour,
    OneOf,
    Suppress,
    at_least,
    ignore_unset,
    ignore_unset_if,
    not_empty,
    one_of,
)
from brickyard_local.provider.wire.values import Value

_PAUSED = one_of("PAUSED", "UNPAUSED")
_TASK, _NESTED_TASK = "task", "task.for_each_task.task"
_WEBHOOKS = (
    "on_duration_warning_threshold_exceeded",
    "on_failure",
    "on_start",
    "on_streaming_backlog_exceeded",
    "on_success",
)
_MAILS = (*_WEBHOOKS, "no_alert_for_skipped_runs")


def _notifications(parent: str) -> dict[str, Suppress]:
    """The platform reports empty notifications where none were configured."""
    blocks = {f"{parent}email_notifications": ignore_unset, f"{parent}webhook_notifications": ignore_unset}
    mails = {f"{parent}email_notifications.{name}": ignore_unset for name in _MAILS}
    return {**blocks, **mails}


def _suppressions() -> Mapping[str, Suppress]:
    sources = {
        f"{task}.{kind}.source": ignore_unset
        for task in (_TASK,)
        for kind in ("notebook_task", "spark_python_task", "sql_task.file", "dbt_task")
    }
    run_if = {f"{task}.run_if": ignore_unset_if("ALL_SUCCESS") for task in (_TASK, _NESTED_TASK)}
    notifications = {
        path: rule for parent in ("", f"{_TASK}.", f"{_NESTED_TASK}.") for path, rule in _notifications(parent).items()
    }
    return {**sources, **run_if, **notifications, "queue": ignore_unset, "queue.enabled": ignore_unset}


def _api_names() -> Mapping[str, str]:
    git = {f"git_source.{name}": f"git_{name}" for name in ("branch", "commit", "provider", "tag", "url")}
    libraries = {"library": "libraries", f"{_TASK}.library": "libraries", f"{_NESTED_TASK}.library": "libraries"}
    lists = {name: f"{name}s" for name in ("environment", "job_cluster", "parameter", "task")}
    return {**git, **libraries, **lists}


def _defaults() -> Mapping[str, Value]:
    paused = {f"{block}.pause_status": "UNPAUSED" for block in ("continuous", "schedule", "trigger")}
    dbt = {f"{task}.dbt_task.schema": "default" for task in (_TASK, _NESTED_TASK)}
    clusters = {f"{parent}new_cluster.num_workers": 0 for parent in ("", f"{_TASK}.", "job_cluster.")}
    flags = {"always_running": False, "control_run_state": False}
    return {**paused, **dbt, **clusters, **flags, "max_concurrent_runs": 1, "name": "Untitled"}


JOB = Behaviour(
    schema_version=2,
    force_new=frozenset({"provider_config.workspace_id"}),
    defaults=_defaults(),
    computed_blocks=frozenset({"run_as"}),
    suppress=_suppressions(),
    checks={
        "continuous.pause_status": _PAUSED,
        "max_concurrent_runs": at_least(0),
        "schedule.pause_status": _PAUSED,
        "trigger.file_arrival.url": not_empty,
        "trigger.pause_status": _PAUSED,
        "trigger.periodic.interval": at_least(1),
        "trigger.periodic.unit": one_of("DAYS", "HOURS", "WEEKS"),
        "trigger.table_update.condition": one_of("ANY_UPDATED", "ALL_UPDATED"),
    },
    one_of=(
        OneOf(names=("continuous", "schedule", "trigger")),
        OneOf(names=("always_running", "continuous")),
        OneOf(names=("always_running", "control_run_state")),
        OneOf(names=("git_source.branch", "git_source.commit", "git_source.tag")),
        OneOf(names=("run_as.user_name", "run_as.service_principal_name"), at_least=1),
        OneOf(names=("trigger.file_arrival", "trigger.periodic", "trigger.table_update"), at_least=1),
    ),
    local=frozenset({"id", "always_running", "control_run_state", "provider_config", "url"}),
    api_names=_api_names(),
)
