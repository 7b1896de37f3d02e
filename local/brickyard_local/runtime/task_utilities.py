"""`dbutils` of a task process: task values. All else says that it is not emulated.

Source: docs.databricks.com/dev-tools/databricks-utils (jobs utility); at most 48 KiB of JSON per value.
"""

import json
import os
from pathlib import Path
from typing import Any

_LIMIT_BYTES = 48 * 1024


class NotEmulatedHere(NotImplementedError):
    """Raised by every part of dbutils that the local workspace does not have."""


class TaskValues:
    """`dbutils.jobs.taskValues`: small values that one task hands to later ones."""

    def __init__(self, folder: Path) -> None:
        self._own = folder / "values.json"
        self._upstream = folder / "upstream_values.json"

    def set(self, key: str, value: Any) -> None:
        """Errors: TypeError when the value is not JSON, ValueError when it is too large."""
        size = len(json.dumps(value).encode())
        if size > _LIMIT_BYTES:
            raise ValueError(f"The task value '{key}' has {size} bytes as JSON; at most {_LIMIT_BYTES} are allowed.")
        values = _read(self._own) | {key: value}
        temporary = self._own.with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(values, file)
        temporary.replace(self._own)

    def get(
        self,
        taskKey: str,  # noqa: N803 - Databricks' own names
        key: str,
        default: Any = None,
        debugValue: Any = None,  # noqa: N803, ARG002 - of use outside of a job only
    ) -> Any:
        """Errors: ValueError when the task has not ended, or set no such value and there is no default."""
        tasks = _read(self._upstream)
        if taskKey not in tasks:
            raise ValueError(
                f"No task values of task '{taskKey}': it is no task of this job that ended before this one."
            )
        if key in tasks[taskKey]:
            return tasks[taskKey][key]
        if default is not None:
            return default
        raise ValueError(f"Task '{taskKey}' has set no value '{key}'; it set {sorted(tasks[taskKey])}.")


class OutsideTaskValues:
    """`dbutils.jobs.taskValues` outside of a job: `set` does nothing, `get` answers the debug value."""

    def set(self, key: str, value: Any) -> None:
        """Nothing to hand on to."""

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:  # noqa: N803, ARG002
        """Errors: TypeError without a debug value, as on Databricks."""
        if debugValue is None:
            raise TypeError("Must pass debugValue when calling get outside of a job context.")
        return debugValue


class Jobs:
    """`dbutils.jobs`."""

    def __init__(self) -> None:
        folder = os.environ.get("BRICKYARD_TASK_FOLDER")
        self.taskValues = TaskValues(Path(folder)) if folder else OutsideTaskValues()


class NotEmulatedUtility:
    """A part of dbutils that is missing here; every use of it says so."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        if method.startswith("__"):
            raise AttributeError(method)
        raise NotEmulatedHere(
            f"The local workspace does not emulate dbutils.{self._name}.{method}. In a task use "
            "dbutils.jobs.taskValues, the task's parameters (sys.argv), and "
            "databricks.sdk.WorkspaceClient() for files and secrets."
        )


class TaskUtilities:
    """`dbutils` of a task."""

    def __init__(self) -> None:
        self.jobs = Jobs()

    def __getattr__(self, name: str) -> NotEmulatedUtility:
        if name.startswith("__"):
            raise AttributeError(name)
        return NotEmulatedUtility(name)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return found
