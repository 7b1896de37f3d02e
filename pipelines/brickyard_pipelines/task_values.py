"""Task values: how one task of a job hands a small fact to the next.

Source: docs.databricks.com/aws/en/jobs/task-values
"""

import logging
from typing import Any

from brickyard_pipelines.errors import NotInAJob

_log = logging.getLogger(__name__)


def hand_on(key: str, value: str, *, job_run_id: str | None) -> None:
    """Set the task value `key` for the tasks that follow; outside a job only say it.

    Errors: NotInAJob when a job's run is named but this process is not one of its tasks.
    """
    if job_run_id is None:
        _log.info("%s=%s (outside a job: give it to the next step as --%s)", key, value, key.replace("_", "-"))
        return
    _task_values_of_this_task(key).set(key=key, value=value)
    _log.info("task value %s=%s", key, value)


def handed_on(task: str, key: str, *, job_run_id: str | None) -> str:
    """The value that an earlier task set; empty where it set none, or outside a job."""
    if job_run_id is None:
        return ""
    try:
        value = _task_values_of_this_task(key).get(taskKey=task, key=key, default="", debugValue="")
    except (ValueError, TypeError) as error:  # a task that is no code of this workspace, such as another job, has none
        _log.info("task %s handed on no %s: %s", task, key, error)
        return ""
    return str(value)


def _task_values_of_this_task(key: str) -> Any:
    from databricks.sdk.runtime import dbutils  # its import probes the runtime

    values = getattr(getattr(dbutils, "jobs", None), "taskValues", None)
    if values is None or type(values).__module__.startswith("databricks.sdk"):
        # The SDK's stand-in accepts `set` and forgets it: the next task would fail far from here.
        raise NotInAJob(
            f"The task value {key} has no receiver: --job-run-id is given, but this process is not a job's task."
            " Leave --job-run-id out when running a step by hand."
        )
    return values
