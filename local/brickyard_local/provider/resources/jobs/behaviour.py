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
from brickyard_local.provider.resources.compute.cluster_behaviour import of_a_job
from brickyard_local.provider.wire.values import Value

_PAUSED = one_of("PAUSED", "UNPAUSED")
_TASK, _NESTED_TASK = "task", "task.for_each_task.task"
_CLUSTERS = tuple(of_a_job(f"{parent}new_cluster") for parent in ("", "job_cluster.", f"{_TASK}.", f"{_NESTED_TASK}."))
_WEBHOOKS = (
    "on_duration_warning_threshold_exceeded",
    "on_failure",
    "on_start",
    "on_streaming_backlog_exceeded",
    "on_success",
)
_MAILS = (*_WEBHOOKS, "no_alert_for_skipped_runs")


def _mail(parent: str) -> dict[str, Suppress]:
    """The platform reports empty notifications where none were configured."""
    mail = f"{parent}email_notifications"
    return {mail: ignore_unset, **{f"{mail}.{name}": ignore_unset for name in _MAILS}}


def _suppressions() -> Mapping[str, Suppress]:
    kinds = ("dbt_task", "notebook_task", "spark_python_task")
    sources = [f"{parent}{kind}.source" for parent in ("", f"{_TASK}.") for kind in kinds]
    webhooks = [f"{parent}webhook_notifications" for parent in ("", f"{_TASK}.")]
    unset = (*sources, *webhooks, f"{_TASK}.sql_task.file.source", "queue", "queue.enabled")
    mails = [_mail(parent) for parent in ("", f"{_TASK}.", f"{_NESTED_TASK}.")]
    return {
        **dict.fromkeys(unset, ignore_unset),
        **{path: rule for cluster in _CLUSTERS for path, rule in cluster.suppress.items()},
        **{path: rule for mail in mails for path, rule in mail.items()},
        **{f"{task}.run_if": ignore_unset_if("ALL_SUCCESS") for task in (_TASK, _NESTED_TASK)},
    }


def _api_names() -> Mapping[str, str]:
    git = {f"git_source.{name}": f"git_{name}" for name in ("branch", "commit", "provider", "tag", "url")}
    libraries = {"library": "libraries", f"{_TASK}.library": "libraries", f"{_NESTED_TASK}.library": "libraries"}
    lists = {name: f"{name}s" for name in ("environment", "job_cluster", "parameter", "task")}
    clusters = {path: name for cluster in _CLUSTERS for path, name in cluster.api_names.items()}
    return {**git, **clusters, **libraries, **lists}


def _defaults() -> Mapping[str, Value]:
    paused = {f"{block}.pause_status": "UNPAUSED" for block in ("continuous", "schedule", "trigger")}
    dbt = {f"{parent}dbt_task.schema": "default" for parent in ("", f"{_TASK}.", f"{_NESTED_TASK}.")}
    flags = {"always_running": False, "control_run_state": False}
    clusters = {path: value for cluster in _CLUSTERS for path, value in cluster.defaults.items()}
    return {**clusters, **paused, **dbt, **flags, "max_concurrent_runs": 1, "name": "Untitled"}


JOB = Behaviour(
    schema_version=2,
    force_new=frozenset(path for cluster in _CLUSTERS for path in cluster.force_new),
    defaults=_defaults(),
    computed_blocks=frozenset({"run_as"}),
    suppress=_suppressions(),
    checks={
        **{path: check for cluster in _CLUSTERS for path, check in cluster.checks.items()},
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
