"""One served entity: a child process, watched; started again when it dies after it was ready."""

import http.client
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from brickyard_local import children
from brickyard_local.child_environment import inherited
from brickyard_local.errors import ApiError

CREATING = "DEPLOYMENT_CREATING"
READY = "DEPLOYMENT_READY"
FAILED = "DEPLOYMENT_FAILED"
RECOVERING = "DEPLOYMENT_RECOVERING"

_LOAD_S = 600.0
_POLL_S = 0.05
_LONGEST_PAUSE_S = 60.0
_REQUEST_S = 300.0
_log = logging.getLogger("brickyard_local.serving")


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What makes two served entities the same process."""

    name: str
    entity_name: str
    entity_version: str
    environment_vars: tuple[tuple[str, str], ...]


class ServedEntity:
    """The process of one entity. `find_folder` answers the model version's folder, or raises why it cannot."""

    def __init__(
        self, identity: Identity, *, find_folder: Callable[[], Path], socket_path: Path, log: Path, recovering: bool
    ) -> None:
        self.identity = identity
        self.log = log
        self.state = RECOVERING if recovering else CREATING
        self.message = ""
        self.settled = threading.Event()
        self._find_folder = find_folder
        self._socket = socket_path
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child: children.Child | None = None
        self._client: httpx.AsyncClient | None = None
        self._thread = threading.Thread(target=self._keep_up, name=f"served-{identity.name}", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        return self.state == READY

    def client(self) -> httpx.AsyncClient:
        """The way to the process, for the event loop of the server."""
        if self._client is None:
            transport = httpx.AsyncHTTPTransport(uds=str(self._socket), limits=httpx.Limits(max_connections=200))
            self._client = httpx.AsyncClient(transport=transport, base_url="http://served", timeout=_REQUEST_S)
        return self._client

    def stop(self) -> None:
        """End the process for good."""
        self._stopping.set()
        self.settled.set()
        with self._lock:
            child = self._child
        if child is not None:
            child.stop()
        self._thread.join(10)
        self._socket.unlink(missing_ok=True)

    def _keep_up(self) -> None:
        pause_s = 1.0
        was_ready = self.state == RECOVERING
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                reason = self._run_once()
            except Exception as error:  # noqa: BLE001 - a bug of ours must end the loading, not hang whoever waits
                _log.exception("%s", self.identity.name)
                reason = f"The local workspace failed: {error!r}"
                self._end_child()
            if self._stopping.is_set():
                return
            was_ready = was_ready or self.state == READY
            self.message = reason
            if not was_ready:
                self.state = FAILED
                self.settled.set()
                return
            self.state = RECOVERING
            _log.warning("%s stopped: %s; it is started again in %.0f s", self.identity.name, reason, pause_s)
            self._stopping.wait(pause_s)
            pause_s = 1.0 if time.monotonic() - began > _LONGEST_PAUSE_S else min(pause_s * 2, _LONGEST_PAUSE_S)

    def _run_once(self) -> str:
        """Start the process and wait for its end. Answers why it ended."""
        try:
            folder = self._find_folder()
        except ApiError as error:
            return error.message
        child = self._spawn(folder)
        if child is None:
            return ""
        begin = time.monotonic()
        while child.alive and not self._answers():
            if time.monotonic() - begin > _LOAD_S:
                child.stop()
                return f"The model did not load within {_LOAD_S:.0f} s."
            self._stopping.wait(_POLL_S)
        if child.alive:
            self.state, self.message = READY, ""
            self.settled.set()
        child.process.wait()
        child.stop(grace_s=0)
        return self._reason(child)

    def _end_child(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.stop()

    def _spawn(self, folder: Path) -> children.Child | None:
        self._socket.unlink(missing_ok=True)
        configured = dict(self.identity.environment_vars)
        with self._lock:
            if self._stopping.is_set():
                return None
            self._child = children.spawn(
                [sys.executable, "-P", "-m", "brickyard_local.serving.child", str(folder), str(self._socket)],
                log=self.log,
                environment=inherited(os.environ) | configured,
                folder=self._socket.parent,
            )
            return self._child

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("served", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(5)
        try:
            connection.sock.connect(str(self._socket))
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _reason(self, child: children.Child) -> str:
        status = child.process.returncode
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        said = [line for line in child.log_tail(40).splitlines() if line.strip()]
        last = f": {said[-1].strip()}" if said else ""
        return f"Served entity '{self.identity.name}' ended with {how}{last}"
