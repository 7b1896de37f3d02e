"""`dbutils` of a task process: task values, files and secrets; in notebooks also widgets, notebook and library.

Files and secrets go through databricks-sdk to the workspace, with the run's own token.
Source: docs.databricks.com/dev-tools/databricks-utils (jobs utility); at most 48 KiB of JSON per value.
"""

import functools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from brickyard_local.runtime import task_files
from brickyard_local.runtime.notebook_flow import Library, NotebookUtility, Widgets

_LIMIT_BYTES = 48 * 1024


class NotEmulatedHere(NotImplementedError):
    """Raised by every part of dbutils that the local workspace does not have."""


class TaskValues:
    """`dbutils.jobs.taskValues`: small values that one task hands to later ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def set(self, key: str, value: Any) -> None:
        """Errors: TypeError when the value is not JSON, ValueError when it is too large."""
        size = len(json.dumps(value).encode())
        if size > _LIMIT_BYTES:
            raise ValueError(f"The task value '{key}' has {size} bytes as JSON; at most {_LIMIT_BYTES} are allowed.")
        values = task_files.read(self._folder, task_files.VALUES) | {key: value}
        task_files.write(self._folder, task_files.VALUES, values)

    def get(
        self,
        taskKey: str,  # noqa: N803 - Databricks' own names
        key: str,
        default: Any = None,
        debugValue: Any = None,  # noqa: N803, ARG002 - of use outside of a job only
    ) -> Any:
        """Errors: ValueError when the task has not ended, or set no such value and there is no default."""
        tasks = task_files.read(self._folder, task_files.UPSTREAM_VALUES)
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
            f"The local workspace does not emulate dbutils.{self._name}.{method} in this task. There are "
            "dbutils.jobs.taskValues, fs and secrets, in notebooks also widgets, notebook and library; "
            "the parameters of other tasks are in sys.argv."
        )


class Delegated(NotEmulatedUtility):
    """A part of dbutils that databricks-sdk does over REST: some of its methods, the others say that they are not."""

    def __init__(self, name: str, remote: Any, methods: Sequence[str]) -> None:
        super().__init__(name)
        self._remote = remote
        self._methods = methods

    def __getattr__(self, method: str) -> Any:
        return getattr(self._remote, method) if method in self._methods else super().__getattr__(method)


class TaskUtilities:
    """`dbutils` of a task. What only notebooks have is set by the notebook's run."""

    def __init__(self) -> None:
        self.jobs = Jobs()

    @functools.cached_property
    def fs(self) -> Any:
        """`dbutils.fs`, over the Files API: volumes and files of this machine."""
        return Delegated("fs", self._remote.fs, ("cp", "head", "ls", "mkdirs", "mv", "put", "rm"))

    @functools.cached_property
    def secrets(self) -> Any:
        """`dbutils.secrets`, over the Secrets API: what the run's principal may read."""
        return Delegated("secrets", self._remote.secrets, ("get", "getBytes", "list", "listScopes"))

    def become_notebook(self, *, widgets: Widgets, notebook: NotebookUtility) -> None:
        """Give the utilities that only notebooks have."""
        self.widgets = widgets
        self.notebook = notebook
        self.library = Library()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return NotEmulatedUtility(name)

    @functools.cached_property
    def _remote(self) -> Any:
        from databricks.sdk.dbutils import RemoteDbUtils  # half a second: only tasks that ask pay for it

        return RemoteDbUtils()


@functools.cache
def of_this_process() -> TaskUtilities:
    """The one `dbutils` that a notebook, its modules and databricks-sdk share."""
    return TaskUtilities()
