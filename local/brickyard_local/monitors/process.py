"""The process of a refresh: who it acts as, what it is asked, what it answered."""

import json
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from brickyard_local.account import Home
from brickyard_local.child_environment import inherited
from brickyard_local.children import Child, spawn
from brickyard_local.errors import LocalWorkspaceError
from brickyard_local.monitors.needs import CallerOf, Principals, SparkSessions
from brickyard_local.store import Document

PURPOSE = "monitor refresh"
_LONGEST_S = 24 * 3600.0
_BEFORE_CREATION_MS = 30 * 24 * 3600 * 1000  # of windows, Databricks analyses the last 30 days and what comes


class Canceled(LocalWorkspaceError):
    """Raised when a refresh ended because it was canceled."""


class RefreshFailed(LocalWorkspaceError):
    """Raised when the metrics were not written; the message is for the monitor's owner."""


class RefreshProcesses:
    """Makes the processes of refreshes."""

    def __init__(self, home: Home, principals: Principals, spark: SparkSessions, caller_of: CallerOf) -> None:
        self.folder = home.root / "monitors"
        self.log = home.logs / "monitors.log"
        self.principals = principals
        self.spark = spark
        self.caller_of = caller_of

    def sweep(self) -> None:
        """Remove what an earlier process left."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def process(self, refresh: Document) -> "RefreshProcess":
        return RefreshProcess(self, refresh)


class RefreshProcess:
    """One refresh. `cancel` may be called from another thread at any time."""

    def __init__(self, processes: RefreshProcesses, refresh: Document) -> None:
        self._processes = processes
        self._refresh = refresh
        self._folder = processes.folder / str(refresh["refresh_id"])
        self._lock = threading.Lock()
        self._canceled = False
        self._child: Child | None = None

    def run(self, monitor: Document, table: str) -> int:
        """The version of the table whose metrics are written now.

        Errors: Canceled, RefreshFailed, TemporarilyUnavailable, NotFound.
        """
        caller = self._processes.caller_of(monitor["workspace_id"], monitor["run_as"])
        purpose = f"{PURPOSE} {self._refresh['refresh_id']}"
        principals = self._processes.principals
        token = principals.mint_token(caller.principal, purpose=purpose, lifetime_s=_LONGEST_S)
        try:
            environment = dict(self._processes.spark.environment(caller, token))
            self._write_request(monitor, table)
            return self._wait(self._spawn(environment, token))
        finally:
            principals.revoke(token)
            shutil.rmtree(self._folder, ignore_errors=True)

    def cancel(self) -> None:
        """End the process, if it runs, and do not start it, if it does not."""
        with self._lock:
            self._canceled = True
            child = self._child
        if child is not None:
            child.stop()

    def _write_request(self, monitor: Document, table: str) -> None:
        request: dict[str, Any] = {
            "table": table,
            "profile_table": monitor["profile_table"],
            "drift_table": monitor["drift_table"],
            "definition": monitor["definition"],
            "monitor_version": monitor["monitor_version"],
            "begins_us": (monitor["created_at"] - _BEFORE_CREATION_MS) * 1000,
            "refreshed_us": self._refresh["start_time_ms"] * 1000,
            "first_version": monitor.get("first_version"),
            "analysed_version": _analysed(monitor),
            "user": monitor["run_as"],
        }
        self._folder.mkdir(parents=True, mode=0o700)
        (self._folder / "request.json").write_text(json.dumps(request))

    def _spawn(self, environment: dict[str, str], token: str) -> Child:
        with self._lock:
            if self._canceled:
                raise Canceled
            self._child = spawn(
                [sys.executable, "-P", "-m", "brickyard_local.monitors.engine.child", str(self._folder)],
                log=self._processes.log,
                environment={
                    **inherited(os.environ, also=("PYTHONPATH", "VIRTUAL_ENV")),
                    **environment,
                    "SPARK_CONNECT_MODE_ENABLED": "1",
                },
                folder=self._folder,
                hidden=(token, environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"]),
            )
            return self._child

    def _wait(self, child: Child) -> int:
        status = child.process.wait()
        answered = self._answer(self._folder / "result.json")
        if answered is None and self._canceled:
            raise Canceled
        if answered is None:
            raise RefreshFailed(f"Its process ended with status {status}; the log is {self._processes.log}.")
        if "error" in answered:
            raise RefreshFailed(answered["error"])
        return int(answered["version"])

    def _answer(self, path: Path) -> dict[str, Any] | None:
        if not path.exists():
            return None
        answer: dict[str, Any] = json.loads(path.read_text())
        return answer


def _analysed(monitor: Document) -> int | None:
    """Which version of the table the last refresh saw, if it was one of the definition that the monitor has now."""
    known = monitor.get("analysed") or {}
    return known.get("version") if known.get("monitor_version") == monitor["monitor_version"] else None
