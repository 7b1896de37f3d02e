"""One task attempt as a process: prepare what it needs, start it, wait for it, say how it ended."""

import json
import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_local import children
from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError
from brickyard_local.jobs import references, settings, wheels
from brickyard_local.jobs.environment import Access, task_environment
from brickyard_local.jobs.needs import Files, Tokens
from brickyard_local.jobs.records import Ending
from brickyard_local.runtime import shared_models

PURPOSE = "task run"
_TOKEN_LIFETIME_S = 24 * 3600.0
_GRACE_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """Everything that one attempt of a task is to do."""

    task_run_id: int
    task: Mapping[str, Any]
    settings: Mapping[str, Any]
    caller: Caller
    context: references.Context
    job_parameters: Mapping[str, str]
    upstream_values: Mapping[str, Mapping[str, Any]]
    timeout_s: float | None


class TaskProcess:
    """The process of one attempt. `run` blocks; `cancel` may come from another thread at any time."""

    def __init__(self, assignment: Assignment, *, home: Home, files: Files, tokens: Tokens) -> None:
        self._assignment = assignment
        self._home = home
        self._files = files
        self._tokens = tokens
        self._lock = threading.Lock()
        self._child: children.Child | None = None
        self._cancelled = False
        self.folder = task_folder(home, assignment.task_run_id)

    def cancel(self) -> None:
        """End the process and all that it started; `run` then answers CANCELED."""
        with self._lock:
            self._cancelled = True
            child = self._child
        if child is not None:
            child.stop(grace_s=_GRACE_S)

    def run(self) -> Ending:
        """Start the process and wait for its end."""
        try:
            path, task = self._prepare()
            token = self._tokens.mint_token(
                self._assignment.caller.principal,
                purpose=f"{PURPOSE} {self._assignment.task_run_id}",
                lifetime_s=(self._assignment.timeout_s or _TOKEN_LIFETIME_S) + 60,
            )
        except wheels.CannotInstall as error:
            return _refused(f"Library installation failed: {error}", "LIBRARY_INSTALLATION_ERROR")
        except ApiError as error:
            code = "UNAUTHORIZED_ERROR" if error.status == 403 else "INVALID_RUN_CONFIGURATION"
            return _refused(error.message, code)
        try:
            return self._execute(path, task, token)
        finally:
            self._tokens.revoke(token)
            shutil.rmtree(self.folder / shared_models.FOLDER, ignore_errors=True)

    def values(self) -> dict[str, Any]:
        """The task values that the process has set."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "values.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def _prepare(self) -> tuple[list[Path], dict[str, Any]]:
        """Errors: ApiError for a bad reference or a missing file, CannotInstall for a library."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        task = self._resolve()
        wanted = settings.dependencies(dict(self._assignment.settings), self._assignment.task)
        libraries = [
            wheels.unpack(self._local(path), self._home.cache / "wheels") for path in wanted if path.startswith("/")
        ]
        requirements = [text for text in wanted if not text.startswith("/")]
        wheels.check_requirements(libraries, requirements, platform.python_version())
        task["archives"] = [str(library.archive) for library in libraries]
        return [library.folder for library in libraries], task

    def _resolve(self) -> dict[str, Any]:
        task, context = self._assignment.task, self._assignment.context
        kind = settings.task_type(task)
        configured = task[kind]
        named = {**configured.get("named_parameters", {})}
        if named:
            named |= self._assignment.job_parameters
        parameters = [f"--{key}={value}" for key, value in named.items()] or configured.get("parameters", [])
        resolved = [references.resolve(text, context) for text in parameters]
        if kind == "spark_python_task":
            script = self._local(configured["python_file"])
            return {"script": str(script), "parameters": resolved}
        return {
            "package_name": configured["package_name"],
            "entry_point": configured["entry_point"],
            "parameters": resolved,
        }

    def _local(self, path: str) -> Path:
        return self._files.local_path(self._assignment.caller, path, write=False)

    def _execute(self, path: list[Path], task: dict[str, Any], token: str) -> Ending:
        self._write("task.json", task)
        self._write("upstream_values.json", self._assignment.upstream_values)
        access = Access(host=self._assignment.caller.workspace.host, token=token)
        environment = task_environment(
            os.environ,
            access,
            folder=self.folder,
            path=path,
            configured=settings.cluster_environment(dict(self._assignment.settings), self._assignment.task),
        )
        with self._lock:
            if self._cancelled:
                return CANCELED
            child = self._child = children.spawn(
                [sys.executable, "-P", "-m", "brickyard_local.jobs.task_main", str(self.folder)],
                log=self.folder / "output.log",
                environment=environment,
                folder=self.folder,
            )
        return self._wait(child)

    def _wait(self, child: children.Child) -> Ending:
        try:
            status = child.process.wait(self._assignment.timeout_s)
        except subprocess.TimeoutExpired:
            child.stop(grace_s=_GRACE_S)
            return Ending(
                result="TIMEDOUT", code="CANCELED", message=f"Timed out after {self._assignment.timeout_s:g} s."
            )
        child.stop(grace_s=0.0)
        if self._cancelled:
            return CANCELED
        return Ending(result="SUCCESS", code="SUCCESS") if status == 0 else self._failure(child, status)

    def _failure(self, child: children.Child, status: int) -> Ending:
        try:
            told = json.loads((self.folder / "failure.json").read_text())
        except FileNotFoundError:
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            told = {"error": f"The task's process ended by {how}.", "error_trace": child.log_tail()}
        message = "Workload failed, see run output for details"
        return Ending(
            result="FAILED",
            code="RUN_EXECUTION_ERROR",
            message=message,
            error=told["error"],
            error_trace=told["error_trace"],
        )

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        target = self.folder / name
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(document, file)


CANCELED = Ending(result="CANCELED", code="USER_CANCELED", message="Run cancelled.")


def task_folder(home: Home, task_run_id: int) -> Path:
    """Where the log and the files of a task attempt lie."""
    return home.runs / str(task_run_id)


def forget_folder(home: Home, task_run_id: int) -> None:
    """Remove the log and the files of a task attempt."""
    shutil.rmtree(task_folder(home, task_run_id), ignore_errors=True)


def _refused(message: str, code: str) -> Ending:
    return Ending(result="FAILED", code=code, message=message, life_cycle="INTERNAL_ERROR", error=message)
