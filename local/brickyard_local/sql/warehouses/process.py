"""The process of one warehouse: started, asked, stopped; its state is what can be seen of it."""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from brickyard_local.child_environment import inherited
from brickyard_local.children import Child, spawn
from brickyard_local.errors import LocalWorkspaceError, TemporarilyUnavailable

STOPPED, STARTING, RUNNING, STOPPING = "STOPPED", "STARTING", "RUNNING", "STOPPING"

Json = dict[str, Any]
Probe = Callable[[], AbstractContextManager[dict[str, str]]]

_SOCKET_FOLDER = "brickyard-sql-"
_START_S = 120.0
_POLL_S = 0.02


class WarehouseProcess:
    """RUNNING only once Spark answered a query. Safe to use from any thread."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._changed = threading.Condition()
        self._state = STOPPED
        self._failure = ""
        self._child: Child | None = None
        self._client: httpx.Client | None = None
        self._sockets: Path | None = None
        self._running: set[str] = set()
        self._idle_since = time.monotonic()

    @property
    def state(self) -> str:
        """Of now: a process that died is STOPPED."""
        with self._changed:
            self._notice_death()
            return self._state

    @property
    def failure(self) -> str:
        """Why it is STOPPED although nobody stopped it; else empty."""
        return self._failure

    @property
    def active(self) -> int:
        """Statements that run."""
        return len(self._running)

    def idle_s(self) -> float:
        """Seconds without a statement."""
        return 0.0 if self._running else time.monotonic() - self._idle_since

    def start(self, probe: Probe) -> None:
        """Begin to start it, unless it runs or is starting. `probe` opens the environment of the first query."""
        with self._changed:
            self._notice_death()
            while self._state == STOPPING:
                self._changed.wait()
            if self._state != STOPPED:
                return
            self._state, self._failure = STARTING, ""
            threading.Thread(target=self._bring_up, args=(probe,), name="warehouse-start", daemon=True).start()

    def wait_until_running(self, *, given_up: Callable[[], bool]) -> bool:
        """False when `given_up`. Errors: TemporarilyUnavailable when it did not start, or was stopped."""
        with self._changed:
            while self._state == STARTING and not given_up():
                self._changed.wait(0.1)
            if given_up():
                return False
            if self._state != RUNNING:
                raise TemporarilyUnavailable(f"The warehouse does not run. {self._failure or 'It was stopped.'}")
            return True

    def ask(self, path: str, body: Json, *, statement_id: str = "") -> Json:
        """Send one request and wait for its answer. Errors: TemporarilyUnavailable when the process ends over it."""
        client = self._client
        with self._changed:
            self._running.add(statement_id or path)
        try:
            if client is None:
                raise httpx.ConnectError("it is stopped")
            answer: Json = client.post(path, json=body).raise_for_status().json()
        except httpx.HTTPError as error:
            child = self._child
            said = f" Its log, {self._log}, ends:\n{child.log_tail(5)}" if child is not None else ""
            raise TemporarilyUnavailable(f"The warehouse's process ended: {error}.{said}") from error
        finally:
            with self._changed:
                self._running.discard(statement_id or path)
                self._idle_since = time.monotonic()
        return answer

    def cancel(self, statement_id: str) -> bool:
        """Have Spark interrupt the statement. False when it does not run here, or not yet."""
        client = self._client
        if client is None or statement_id not in self._running:
            return False
        try:
            answer: Json = client.post(f"/statements/{statement_id}/cancel", json={}, timeout=10.0).json()
        except (httpx.HTTPError, ValueError, RuntimeError):  # a client that `stop` closes meanwhile
            return False
        return bool(answer.get("running"))

    def stop(self) -> None:
        """End the process and what it runs. Returns when it is STOPPED."""
        with self._changed:
            if self._state in {STOPPED, STOPPING}:
                return
            self._state, self._failure = STOPPING, ""
        self._end()
        with self._changed:
            self._state, self._idle_since = STOPPED, time.monotonic()
            self._changed.notify_all()

    def _bring_up(self, probe: Probe) -> None:
        failure = ""
        try:
            child, socket = self._launch()
            with probe() as environment:  # Spark starts while the child imports its client
                self._connect(child, socket)
                answer = self.ask("/probe", {"environment": environment, "user": "probe"})
            failure = str(answer["error"]["message"]) if "error" in answer else ""
        except (LocalWorkspaceError, OSError) as error:
            failure = str(error)
        with self._changed:
            stopped = self._state != STARTING
            if not stopped and not failure:
                self._state, self._idle_since = RUNNING, time.monotonic()
            self._changed.notify_all()
        if failure and not stopped:
            self._end()
            with self._changed:
                self._state, self._failure = STOPPED, failure
                self._changed.notify_all()

    def _launch(self) -> tuple[Child, Path]:
        """The child, and the socket that it will listen on. Errors: TemporarilyUnavailable when it is stopped."""
        self._sockets = Path(tempfile.mkdtemp(prefix=_SOCKET_FOLDER))  # short: a socket's path has at most 107 bytes
        socket = self._sockets / "warehouse"
        child = spawn(
            [sys.executable, "-P", "-m", "brickyard_local.sql.engine.child", str(socket)],
            log=self._log,
            environment=inherited(os.environ, also=("PYTHONPATH", "VIRTUAL_ENV")),
            folder=self._sockets,
        )
        with self._changed:
            if self._state == STARTING:
                self._child = child
                return child, socket
        child.stop()
        raise TemporarilyUnavailable("The warehouse was stopped while it started.")

    def _connect(self, child: Child, socket: Path) -> None:
        """Errors: TemporarilyUnavailable when the child does not listen in time."""
        deadline = time.monotonic() + _START_S
        while not socket.exists():
            if not child.alive or time.monotonic() > deadline:
                raise TemporarilyUnavailable(f"The warehouse's process did not start:\n{child.log_tail()}")
            time.sleep(_POLL_S)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=30)
        transport = httpx.HTTPTransport(uds=str(socket), limits=limits)
        # A statement takes as long as it takes.
        self._client = httpx.Client(transport=transport, base_url="http://warehouse", timeout=None, trust_env=False)  # noqa: S113

    def _notice_death(self) -> None:
        if self._state == RUNNING and self._child is not None and not self._child.alive:
            self._failure = f"Its process ended with status {self._child.process.returncode}; the log is {self._log}."
            self._state = STOPPED
            self._forget()

    def _end(self) -> None:
        child = self._child
        if child is not None:
            child.stop(grace_s=0.5)
        self._forget()

    def _forget(self) -> None:
        client, sockets = self._client, self._sockets
        self._child, self._client, self._sockets = None, None, None
        if client is not None:
            client.close()
        if sockets is not None:
            shutil.rmtree(sockets, ignore_errors=True)
