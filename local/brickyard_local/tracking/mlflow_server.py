"""The running mlflow server of one workspace: started when needed, watched, started again when it dies.

It listens on a Unix socket in a folder that only this user can enter, so nobody gets around our routes.
Units: it ends when nobody called for BRICKYARD_MLFLOW_IDLE_S seconds (default half an hour), until the next call.
"""

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from starlette.concurrency import run_in_threadpool

from brickyard_local.child_environment import inherited
from brickyard_local.children import Child, spawn
from brickyard_local.errors import ApiError, TemporarilyUnavailable
from brickyard_local.sockets import SocketFolder, socket_folder

_START_S = 120.0
_AGAIN_S = 5.0
_POLL_S = 0.05
_ANSWER_S = 300.0
_IDLE_S = 1800.0
IDLE = "BRICKYARD_MLFLOW_IDLE_S"

Json = dict[str, Any]
Query = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What mlflow's server answered."""

    status: int
    content: bytes
    content_type: str

    def json(self) -> Json:
        """The body. Errors: ApiError with mlflow's own code and message when it refused."""
        try:
            body: Json = json.loads(self.content)
        except ValueError:
            body = {}
        if self.status >= 400:
            message = str(body.get("message", self.content[:500].decode(errors="replace")))
            raise ApiError(message, error_code=str(body.get("error_code", "INTERNAL_ERROR")), status=self.status)
        return body


class MlflowServer:
    """One child at a time; safe to use from any thread."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder
        self._log = log
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._client: httpx.Client | None = None
        self._sockets: SocketFolder | None = None
        self._ready = False
        self._started = 0.0
        self._failed = -_START_S
        self._reason = ""
        self._closed = False
        self._idle_s = float(os.environ.get(IDLE) or _IDLE_S)
        self._use = threading.Lock()
        self._calls = 0
        self._last_used = time.monotonic()

    async def wait(self) -> None:
        """Until it answers, without holding a thread. Errors: TemporarilyUnavailable when it cannot start."""
        while not await run_in_threadpool(self.poll):  # noqa: ASYNC110 - another process has no asyncio.Event
            await asyncio.sleep(_POLL_S)

    def ensure(self) -> None:
        """As `wait`, for callers in a thread."""
        while not self.poll():
            time.sleep(_POLL_S)

    def poll(self) -> bool:
        """Whether it answers; starts it when it does not run. Errors: TemporarilyUnavailable."""
        if self._ready and self._child is not None and self._child.alive:
            return True
        if not self._lock.acquire(blocking=False):
            return False  # another caller looks after it: waiting for the lock would hold this one's thread
        try:
            return self._look_after()
        finally:
            self._lock.release()

    def call(self, method: str, path: str, *, query: Query | None = None, body: Json | None = None) -> Answer:
        """One request. Errors: TemporarilyUnavailable when the child dies over it."""
        with self._in_use():
            self.ensure()
            return self._ask(method, path, query, body)

    def _ask(self, method: str, path: str, query: Query | None, body: Json | None) -> Answer:
        client = self._client
        try:
            if client is None:
                raise httpx.ConnectError("stopped")
            answer = client.request(
                method, quote(path), params=httpx.QueryParams(tuple(query)) if query else None, json=body
            )
        except httpx.TransportError as error:
            raise TemporarilyUnavailable(f"mlflow's server broke off ({error}): try again. Log: {self._log}") from error
        content_type = answer.headers.get("content-type", "application/json")
        return Answer(status=answer.status_code, content=answer.content, content_type=content_type)

    def close(self) -> None:
        """Stop the child for good."""
        with self._lock:
            self._closed = True
            self._stop()

    def pid(self) -> int | None:
        """The child's process id while it runs."""
        child = self._child
        return child.process.pid if child is not None and child.alive else None

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        """While a call is under way the child is not idle."""
        with self._use:
            self._calls += 1
        try:
            yield
        finally:
            with self._use:
                self._calls -= 1
                self._last_used = time.monotonic()

    def _end_when_idle(self, child: Child) -> None:
        while child.alive:
            time.sleep(min(5.0, self._idle_s / 4))
            with self._lock:
                if self._child is not child:
                    return
                if self._became_idle():
                    self._stop()

    def _became_idle(self) -> bool:
        """From here on a call waits for a new child: it counts itself before it looks whether this one is ready."""
        with self._use:
            idle = self._ready and not self._calls and time.monotonic() - self._last_used > self._idle_s
            self._ready = self._ready and not idle
            return idle

    def _look_after(self) -> bool:
        if self._child is not None and not self._child.alive:
            self._note_death(self._child)
        if time.monotonic() - self._failed < _AGAIN_S or self._closed:
            raise TemporarilyUnavailable(f"mlflow's server did not start. The end of {self._log}:\n{self._reason}")
        if self._child is None:
            self._start()
        elif not self._ready:
            self._ready = self._answers()
        return self._ready

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        environment = inherited(os.environ, also=("PYTHONPATH", "VIRTUAL_ENV"))
        self._sockets = socket_folder("mlflow")
        socket = self._sockets.path / "mlflow"
        argv = [sys.executable, "-m", "brickyard_local.tracking.child", str(socket)]
        self._child = spawn(argv, log=self._log, environment=environment, folder=self._folder)
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket), limits=httpx.Limits(keepalive_expiry=60)),
            base_url="http://localhost",
            timeout=_ANSWER_S,
            trust_env=False,
        )
        self._started = self._last_used = time.monotonic()
        threading.Thread(target=self._end_when_idle, args=(self._child,), name="mlflow-idle", daemon=True).start()

    def _answers(self) -> bool:
        if time.monotonic() - self._started > _START_S and self._child is not None:
            self._child.stop()
            return False
        try:
            return self._client is not None and self._client.get("/health", timeout=2.0).status_code == 200
        except httpx.TransportError:
            return False

    def _note_death(self, child: Child) -> None:
        if not self._ready:
            self._failed, self._reason = time.monotonic(), child.log_tail()
        self._stop()

    def _stop(self) -> None:
        self._ready = False
        if self._client is not None:
            self._client.close()
        if self._child is not None:
            self._child.stop(grace_s=2.0)
        if self._sockets is not None:
            self._sockets.remove()
            self._sockets = None
        self._child, self._client = None, None
