"""What a job may configure here: honoured, kept, or refused by name. Pure: no I/O.

A setting is *honoured* (it does what it does on Databricks), *kept* (it changes nothing that can be seen on one
machine and is echoed), or *refused* with 501 when a run would have to do something that is not done here.
A health rule only sends a notification, and naming a receiver is refused: RUN_DURATION_SECONDS is kept.
Source: docs.databricks.com/api/workspace/jobs/create
"""

from collections.abc import Callable, Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.jobs import clusters, graph, references, task_types

Settings = dict[str, Any]
CheckTriggers = Callable[[Settings], None]
dependencies = clusters.dependencies

MAX_TASKS = 1000
_JOB_FIELDS = frozenset(
    {
        "name",
        "description",
        "tags",
        "tasks",
        "environments",
        "job_clusters",
        "parameters",
        "queue",
        "max_concurrent_runs",
        "timeout_seconds",
        "run_as",
        "format",
        "edit_mode",
        "deployment",
        "performance_target",
        "budget_policy_id",
        "health",
        "notification_settings",
        "email_notifications",
        "webhook_notifications",
        "schedule",
        "trigger",
        "continuous",
    }
)
_NOTIFICATION_FLAGS = frozenset({"no_alert_for_skipped_runs", "no_alert_for_canceled_runs", "alert_on_last_attempt"})
_MAX_CONCURRENT_RUNS = 1000


def check(settings: Settings, check_triggers: CheckTriggers | None = None) -> None:
    """Errors: InvalidParameter for what Databricks would refuse, NotEmulated for what is not done here."""
    clusters.known(settings, _JOB_FIELDS, "job setting")
    _check_told(settings, "the job")
    (check_triggers or _refuse_triggers)(settings)
    tasks = settings.get("tasks") or []
    if len(tasks) > MAX_TASKS:
        raise InvalidParameter(f"A job has at most {MAX_TASKS} tasks, got {len(tasks)}.")
    _check_limits(settings, "the job")
    environments = clusters.by_key(settings.get("environments"), "environment_key", "environments")
    for environment in environments.values():
        clusters.check_environment(environment)
    shared = clusters.by_key(settings.get("job_clusters"), "job_cluster_key", "job_clusters")
    clusters.by_key(settings.get("parameters"), "name", "parameters")
    for task in tasks:
        _check_task(task, environments, shared)
    graph.check(tasks)
    references.check(settings)


def task_type(task: Mapping[str, Any]) -> str:
    """The name of the type's block in a checked task, e.g. `python_wheel_task`."""
    return task_types.type_of(task).name


def every_task(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tasks of a job and the nested ones of its For each tasks."""
    found = []
    for task in settings.get("tasks") or []:
        found.append(task)
        if task.get("for_each_task"):
            found.append(task["for_each_task"]["task"])
    return found


def _refuse_triggers(settings: Settings) -> None:
    for name in ("schedule", "trigger", "continuous"):
        if settings.get(name) and settings[name].get("pause_status", "UNPAUSED") != "PAUSED":
            raise NotEmulated(f"'{name}' of a job unless its pause_status is PAUSED: nothing starts runs by itself")


def _check_told(settings: Mapping[str, Any], where: str) -> None:
    for name in ("email_notifications", "webhook_notifications"):
        for event, receivers in (settings.get(name) or {}).items():
            if event not in _NOTIFICATION_FLAGS and clusters.is_set(receivers):
                raise NotEmulated(f"'{name}.{event}' of {where}: no message would be sent")
    for rule in (settings.get("health") or {}).get("rules") or []:
        if rule.get("metric") != "RUN_DURATION_SECONDS":
            raise NotEmulated(f"the health rule '{rule.get('metric')}' of {where}: only RUN_DURATION_SECONDS is known")


def _check_limits(settings: Mapping[str, Any], where: str) -> None:
    for name, least in (
        ("timeout_seconds", 0),
        ("max_concurrent_runs", 0),
        ("max_retries", -1),
        ("min_retry_interval_millis", 0),
    ):
        value = settings.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            raise InvalidParameter(f"{name} of {where} is {value!r}; it must be a whole number of at least {least}.")
    if (settings.get("max_concurrent_runs") or 0) > _MAX_CONCURRENT_RUNS:
        raise InvalidParameter(f"max_concurrent_runs of {where} is above {_MAX_CONCURRENT_RUNS}.")


def _check_task(task: Mapping[str, Any], environments: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
    key = task.get("task_key")
    if not key:
        raise InvalidParameter("Every task needs a task_key.")
    clusters.known(task, task_types.KNOWN_FIELDS, f"setting of task '{key}':")
    _check_told(task, f"task '{key}'")
    _check_limits(task, f"task '{key}'")
    types = [name for name in task_types.TYPES if task.get(name)]
    if len(types) != 1:
        raise InvalidParameter(f"Task '{key}' must have exactly one of {', '.join(task_types.TYPES)}; got {types}.")
    kind = task_types.TYPES[types[0]]
    if kind.has_compute:
        clusters.check_compute(task, environments, shared, needed=kind.needs_compute)
    kind.check(key, task[kind.name])
    if kind.name == "for_each_task":
        _check_task(task["for_each_task"]["task"], environments, shared)
