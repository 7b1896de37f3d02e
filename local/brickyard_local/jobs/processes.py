"""One task attempt as a process: prepare what it needs, start it, wait for it, say how it ended."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brickyard_local import children
from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError
from brickyard_local.jobs import packages, redaction, references, wheels
from brickyard_local.jobs.environment import Access, task_environment
from brickyard_local.jobs.needs import Files, Tokens
from brickyard_local.jobs.preparation import Preparation, Prepared, Request
from brickyard_local.jobs.records import Ending
from brickyard_local.runtime import notebook_main, task_files

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
    environment: Mapping[str, str] = field(default_factory=dict)
    """The cluster's spark_env_vars, references to secrets resolved: never stored."""
    hidden: Sequence[str] = ()
    """The secrets in them: no log shows them."""
    pinned: Mapping[str, str] = field(default_factory=dict)
    """Digests of wheels, by path, as they were when the run began: a new deployment may delete the files."""


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
        self._began = time.monotonic()
        self.folder = task_folder(home, assignment.task_run_id)
        self.scratch = _scratch(home) / str(assignment.task_run_id)

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
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
            redaction.begin(self.folder, self._assignment.hidden)
            return self._run_prepared(self._preparation().prepare())
        except wheels.CannotInstall as error:
            return _refused(f"Library installation failed: {error}", "LIBRARY_INSTALLATION_ERROR")
        except ApiError as error:
            code = "UNAUTHORIZED_ERROR" if error.status in {401, 403} else "INVALID_RUN_CONFIGURATION"
            return _refused(error.message, code)
        except _Stopped as stopped:
            return stopped.ending
        finally:
            redaction.finish(self.folder, task_files.RESULT, self._assignment.hidden)
            shutil.rmtree(self.scratch, ignore_errors=True)

    def values(self) -> dict[str, Any]:
        """The task values that the process has set, without the secrets of its cluster."""
        found = task_files.read(self.folder, task_files.VALUES)
        return dict(redaction.redacted(found, self._assignment.hidden))

    def _preparation(self) -> Preparation:
        given = self._assignment
        request = Request(
            task=given.task,
            settings=dict(given.settings),
            caller=given.caller,
            context=given.context,
            job_parameters=given.job_parameters,
            pinned=given.pinned,
        )
        return Preparation(request, home=self._home, files=self._files)

    def _run_prepared(self, prepared: Prepared) -> Ending:
        path = [library.folder for library in prepared.libraries]
        installed = [packages.ensure(prepared.missing, self._home.cache, self._finish)] if prepared.missing else []
        path += installed
        told = {"scratch": str(self.scratch), "packages": [str(folder) for folder in installed]}
        task_files.write(self.folder, task_files.TASK, prepared.task | told)
        task_files.write(self.folder, task_files.UPSTREAM_VALUES, self._assignment.upstream_values)
        token = self._tokens.mint_token(
            self._assignment.caller.principal,
            purpose=f"{PURPOSE} {self._assignment.task_run_id}",
            lifetime_s=(self._assignment.timeout_s or _TOKEN_LIFETIME_S) + 60,
        )
        try:
            return self._execute(path, token)
        finally:
            self._tokens.revoke(token)

    def _execute(self, path: Sequence[Path], token: str) -> Ending:
        environment = task_environment(
            os.environ,
            Access(host=self._assignment.caller.workspace.host, token=token),
            folder=self.folder,
            scratch=self.scratch,
            path=path,
            configured=self._assignment.environment,
        )
        argv = [sys.executable, "-P", "-m", "brickyard_local.jobs.task_main", str(self.folder)]
        status = notebook_main.RESTART
        while status == notebook_main.RESTART:
            status = self._finish(argv, environment)
            if not (self.folder / task_files.RESUME).exists():
                break
        return Ending(result="SUCCESS", code="SUCCESS") if status == 0 else self._failure(status)

    def _finish(self, argv: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run a process of this task to its end; its exit status. Errors: _Stopped by a cancel or the time limit."""
        with self._lock:
            if self._cancelled:
                raise _Stopped(CANCELED)
            child = self._child = children.spawn(
                argv,
                log=self.folder / "output.log",
                environment=environment,
                folder=self.folder,
                hidden=self._assignment.hidden,
            )
        try:
            status = child.process.wait(self._time_left_s())
        except subprocess.TimeoutExpired:
            child.stop(grace_s=_GRACE_S)
            limit = f"Timed out after {self._assignment.timeout_s:g} s."
            raise _Stopped(Ending(result="TIMEDOUT", code="CANCELED", message=limit)) from None
        child.stop(grace_s=0.0)
        if child.copier is not None:
            child.copier.join(timeout=_GRACE_S)
        if self._cancelled:
            raise _Stopped(CANCELED)
        return status

    def _time_left_s(self) -> float | None:
        limit_s = self._assignment.timeout_s
        return None if limit_s is None else max(0.0, self._began + limit_s - time.monotonic())

    def _failure(self, status: int) -> Ending:
        told = task_files.read(self.folder, task_files.FAILURE)
        if not told:
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            tail = self._child.log_tail() if self._child is not None else ""
            told = {"error": f"The task's process ended by {how}.", "error_trace": tail}
        told = redaction.redacted(told, self._assignment.hidden)
        return Ending(
            result="FAILED",
            code="RUN_EXECUTION_ERROR",
            message="Workload failed, see run output for details",
            error=told["error"],
            error_trace=told["error_trace"],
        )


class _Stopped(Exception):
    """Raised when a task is cancelled or takes too long, whatever it was doing."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.message)
        self.ending = ending


CANCELED = Ending(result="CANCELED", code="USER_CANCELED", message="Run cancelled.")


def task_folder(home: Home, task_run_id: int) -> Path:
    """Where the log and the files of a task attempt lie."""
    return home.runs / str(task_run_id)


def sweep(home: Home, interrupted: Iterable[int]) -> None:
    """Before anything runs: remove what tasks of a killed server needed only while they ran."""
    for task_run_id in interrupted:
        task_files.forget_drafts(task_folder(home, task_run_id))
    shutil.rmtree(_scratch(home), ignore_errors=True)
    packages.sweep(home.cache)


def _scratch(home: Home) -> Path:
    return home.root / "scratch"


def forget_folder(home: Home, task_run_id: int) -> None:
    """Remove the log and the files of a task attempt."""
    shutil.rmtree(task_folder(home, task_run_id), ignore_errors=True)


def _refused(message: str, code: str) -> Ending:
    return Ending(result="FAILED", code=code, message=message, life_cycle="INTERNAL_ERROR", error=message)
