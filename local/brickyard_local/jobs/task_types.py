"""The task types that run here, and the fields that any task may have: one table for checks and answers.

A new type is one line in `TYPES`, its check, and for a *process* its preparation in `processes`.
Source: docs.databricks.com/api/workspace/jobs/create (tasks); docs.databricks.com/jobs/configure-task
Gaps: every type that is not in the table is refused by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.jobs import conditions, inputs, process_checks

Check = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskType:
    """One task type. `check` gets the task's key and the type's own block."""

    name: str
    check: Check
    has_compute: bool = True
    """Whether a task of this type runs on an environment or a cluster."""
    needs_compute: bool = True
    """Whether it must name one; a notebook need not: serverless has an environment of its own."""


def _check_wheel(key: str, wheel: Mapping[str, Any]) -> None:
    for field in ("package_name", "entry_point"):
        if not wheel.get(field):
            raise InvalidParameter(f"python_wheel_task of task '{key}' needs '{field}'.")
    if wheel.get("parameters") and wheel.get("named_parameters"):
        raise InvalidParameter(f"Task '{key}' has both parameters and named_parameters; keep one of them.")


_RUN_JOB_FIELDS = frozenset({"job_id", "job_parameters"})


def _check_run_job(key: str, run_job: Mapping[str, Any]) -> None:
    job_id = run_job.get("job_id")
    if not isinstance(job_id, int) or isinstance(job_id, bool):
        raise InvalidParameter(f"run_job_task of task '{key}' needs a job_id; got {job_id!r}.")
    for name in sorted(set(run_job) - _RUN_JOB_FIELDS):
        if run_job[name] not in (None, "", [], {}):
            raise NotEmulated(f"'{name}' of the run_job_task of task '{key}'; give job_parameters")


TYPES: Mapping[str, TaskType] = {
    kind.name: kind
    for kind in (
        TaskType(name="python_wheel_task", check=_check_wheel),
        TaskType(name="spark_python_task", check=process_checks.check_script),
        TaskType(name="notebook_task", check=process_checks.check_notebook, needs_compute=False),
        TaskType(name="sql_task", check=process_checks.check_sql, has_compute=False),
        TaskType(name="condition_task", check=conditions.check, has_compute=False),
        TaskType(name="for_each_task", check=inputs.check, has_compute=False),
        TaskType(name="run_job_task", check=_check_run_job, has_compute=False),
    )
}

COMMON_FIELDS = (
    "task_key",
    "description",
    "depends_on",
    "run_if",
    "disabled",
    "environment_key",
    "job_cluster_key",
    "existing_cluster_id",
    "new_cluster",
    "libraries",
    "max_retries",
    "min_retry_interval_millis",
    "retry_on_timeout",
    "timeout_seconds",
    "disable_auto_optimization",
)
"""Fields that are honoured (or change nothing on one machine) and shown in runs."""

QUIET_FIELDS = ("health", "notification_settings", "email_notifications", "webhook_notifications")
"""Fields that only say who is told; naming somebody is refused, since nobody would be."""

SHOWN_FIELDS = (*COMMON_FIELDS, *TYPES)
KNOWN_FIELDS = frozenset((*SHOWN_FIELDS, *QUIET_FIELDS))


def type_of(task: Mapping[str, Any]) -> TaskType:
    """The type of a task that was checked."""
    return next(kind for name, kind in TYPES.items() if task.get(name))
