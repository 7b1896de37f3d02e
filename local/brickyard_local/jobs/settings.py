"""What a job may configure here: honoured, kept, or refused by name. Pure: no I/O.

A setting is *honoured* (it does what it does on Databricks), *kept* (it changes nothing that can be seen on one
machine and is echoed), or *refused* with 501 when a run would have to do something that is not done here.
Source: docs.databricks.com/api/workspace/jobs/create
Gaps: a cluster is this machine, so sizes, node types and policies of `new_cluster` are kept and mean nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.jobs import graph, references

Settings = dict[str, Any]

MAX_TASKS = 100
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
        "health",
        "notification_settings",
        "email_notifications",
        "webhook_notifications",
        "schedule",
        "trigger",
        "continuous",
    }
)
_TASK_FIELDS = frozenset(
    {
        "task_key",
        "description",
        "depends_on",
        "run_if",
        "environment_key",
        "job_cluster_key",
        "new_cluster",
        "libraries",
        "python_wheel_task",
        "spark_python_task",
        "max_retries",
        "min_retry_interval_millis",
        "retry_on_timeout",
        "timeout_seconds",
        "disable_auto_optimization",
        "health",
        "notification_settings",
        "email_notifications",
        "webhook_notifications",
    }
)
TASK_TYPES = ("python_wheel_task", "spark_python_task")
_ENVIRONMENT_FIELDS = frozenset({"client", "environment_version", "dependencies"})
_CLUSTER_REFUSED = frozenset({"init_scripts", "docker_image", "spark_conf"})
_NOTIFICATION_FLAGS = frozenset({"no_alert_for_skipped_runs", "no_alert_for_canceled_runs", "alert_on_last_attempt"})


def check(settings: Settings) -> None:
    """Errors: InvalidParameter for what Databricks would refuse, NotEmulated for what is not done here."""
    _known(settings, _JOB_FIELDS, "job setting")
    _never_sent(settings, "the job")
    for name in ("schedule", "trigger", "continuous"):
        if settings.get(name) and settings[name].get("pause_status", "UNPAUSED") != "PAUSED":
            raise NotEmulated(f"'{name}' of a job unless its pause_status is PAUSED: nothing starts runs by itself")
    tasks = settings.get("tasks") or []
    if len(tasks) > MAX_TASKS:
        raise NotEmulated(f"jobs of more than {MAX_TASKS} tasks, got {len(tasks)}")
    _check_limits(settings, "the job")
    environments = _by_key(settings.get("environments"), "environment_key", "environments")
    for environment in environments.values():
        _check_environment(environment)
    clusters = _by_key(settings.get("job_clusters"), "job_cluster_key", "job_clusters")
    for cluster in clusters.values():
        _check_cluster(cluster.get("new_cluster") or {})
    _by_key(settings.get("parameters"), "name", "parameters")
    for task in tasks:
        _check_task(task, environments, clusters)
    graph.check(tasks)
    references.check(settings)


def task_type(task: Mapping[str, Any]) -> str:
    """`python_wheel_task` or `spark_python_task`."""
    return next(name for name in TASK_TYPES if task.get(name))


def dependencies(settings: Settings, task: Mapping[str, Any]) -> list[str]:
    """Wheel paths and requirements that a task asks for, in the order it names them."""
    if task.get("environment_key"):
        environments = {e["environment_key"]: e for e in settings.get("environments") or []}
        spec = environments[task["environment_key"]].get("spec") or {}
        return list(spec.get("dependencies") or [])
    return [_library(library) for library in task.get("libraries") or []]


def cluster_environment(settings: Settings, task: Mapping[str, Any]) -> dict[str, str]:
    """`spark_env_vars` of the task's cluster."""
    cluster = task.get("new_cluster") or {}
    if task.get("job_cluster_key"):
        clusters = {c["job_cluster_key"]: c for c in settings.get("job_clusters") or []}
        cluster = clusters[task["job_cluster_key"]].get("new_cluster") or {}
    return dict(cluster.get("spark_env_vars") or {})


def _known(found: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    for name, value in found.items():
        if name not in known and _set(value):
            raise NotEmulated(f"the {what} '{name}'")


def _set(value: object) -> bool:
    return value not in (None, "", [], {}, False, 0)


def _never_sent(settings: Mapping[str, Any], where: str) -> None:
    for name in ("email_notifications", "webhook_notifications"):
        for event, receivers in (settings.get(name) or {}).items():
            if event not in _NOTIFICATION_FLAGS and _set(receivers):
                raise NotEmulated(f"'{name}.{event}' of {where}: no message would be sent")


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


def _by_key(found: Any, key: str, what: str) -> dict[str, dict[str, Any]]:
    keyed: dict[str, dict[str, Any]] = {}
    for item in found or []:
        name = item.get(key)
        if not name or name in keyed:
            raise InvalidParameter(f"Every entry of '{what}' needs a {key} of its own; got {name!r}.")
        keyed[name] = item
    return keyed


def _check_environment(environment: Mapping[str, Any]) -> None:
    key, spec = environment["environment_key"], environment.get("spec") or {}
    _known(spec, _ENVIRONMENT_FIELDS, f"environment setting of '{key}':")
    for dependency in spec.get("dependencies") or []:
        _check_dependency(dependency, f"environment '{key}'")


def _check_dependency(dependency: str, where: str) -> None:
    text = dependency.strip()
    if text.startswith(("-", "git+")) or "://" in text or " @ " in text:
        raise NotEmulated(f"dependency '{text}' of {where}: name a wheel in /Volumes or /Workspace, or a requirement")
    if text.startswith("/") and not (text.startswith(("/Volumes/", "/Workspace/")) and text.endswith(".whl")):
        raise NotEmulated(f"dependency '{text}' of {where}: only wheels in /Volumes or /Workspace")


def _check_cluster(cluster: Mapping[str, Any]) -> None:
    for name in sorted(_CLUSTER_REFUSED):
        if _set(cluster.get(name)):
            raise NotEmulated(f"'{name}' of a new_cluster")
    for name, value in (cluster.get("spark_env_vars") or {}).items():
        if "{{secrets/" in str(value):
            raise NotEmulated(f"a secret in spark_env_vars ('{name}')")


def _library(library: Mapping[str, Any]) -> str:
    """A cluster library as a dependency. Errors: NotEmulated for all but wheels and PyPI packages."""
    if set(library) == {"whl"}:
        return str(library["whl"])
    if set(library) == {"pypi"} and set(library["pypi"]) == {"package"}:
        return str(library["pypi"]["package"])
    raise NotEmulated(f"the library {dict(library)}: only 'whl' in /Volumes or /Workspace and 'pypi.package'")


def _check_task(task: Mapping[str, Any], environments: Mapping[str, Any], clusters: Mapping[str, Any]) -> None:
    key = task.get("task_key")
    if not key:
        raise InvalidParameter("Every task needs a task_key.")
    _known(task, _TASK_FIELDS, f"setting of task '{key}':")
    _never_sent(task, f"task '{key}'")
    _check_limits(task, f"task '{key}'")
    types = [name for name in TASK_TYPES if task.get(name)]
    if len(types) != 1:
        raise InvalidParameter(f"Task '{key}' must have exactly one of {', '.join(TASK_TYPES)}; got {types}.")
    _check_compute(task, environments, clusters)
    for library in task.get("libraries") or []:
        _check_dependency(_library(library), f"task '{key}'")
    if types == ["spark_python_task"]:
        _check_script(key, task["spark_python_task"])
    else:
        _check_wheel_task(key, task["python_wheel_task"])


def _check_compute(task: Mapping[str, Any], environments: Mapping[str, Any], clusters: Mapping[str, Any]) -> None:
    key = task["task_key"]
    named = [name for name in ("environment_key", "job_cluster_key", "new_cluster") if task.get(name)]
    if len(named) != 1:
        raise InvalidParameter(
            f"Task '{key}' must name exactly one of environment_key, job_cluster_key or new_cluster; got {named}."
        )
    for field, known in (("environment_key", environments), ("job_cluster_key", clusters)):
        if task.get(field) and task[field] not in known:
            raise InvalidParameter(f"{field} '{task[field]}' of task '{key}' is not one of the job's: {sorted(known)}.")
    if task.get("environment_key") and task.get("libraries"):
        raise InvalidParameter(f"Task '{key}' has an environment_key: its libraries belong into that environment.")
    _check_cluster(task.get("new_cluster") or {})


def _check_wheel_task(key: str, wheel: Mapping[str, Any]) -> None:
    for field in ("package_name", "entry_point"):
        if not wheel.get(field):
            raise InvalidParameter(f"python_wheel_task of task '{key}' needs '{field}'.")
    if wheel.get("parameters") and wheel.get("named_parameters"):
        raise InvalidParameter(f"Task '{key}' has both parameters and named_parameters; keep one of them.")


def _check_script(key: str, script: Mapping[str, Any]) -> None:
    path = script.get("python_file") or ""
    if script.get("source", "WORKSPACE") != "WORKSPACE" or not path.startswith(("/Volumes/", "/Workspace/")):
        raise NotEmulated(f"python_file '{path}' of task '{key}': only files in /Workspace and /Volumes")
