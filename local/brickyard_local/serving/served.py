"""One served entity: a child process, watched; started again when it dies after it was ready.

One that scales to zero ends when nobody asked for a while, and starts again for the next request.
Units: BRICKYARD_SCALE_TO_ZERO_S is that while, in seconds; without it half an hour, as on Databricks.
"""

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brickyard_local import children
from brickyard_local.child_environment import inherited
from brickyard_local.errors import ApiError, TemporarilyUnavailable
from brickyard_local.serving.probe import answers
from brickyard_local.serving.served_http import Client

CREATING = "DEPLOYMENT_CREATING"
READY = "DEPLOYMENT_READY"
FAILED = "DEPLOYMENT_FAILED"
RECOVERING = "DEPLOYMENT_RECOVERING"
SCALED_TO_ZERO = "Scaled to zero"

IDLE = "BRICKYARD_SCALE_TO_ZERO_S"
REQUEST_S = 297.0
_IDLE_S = 1800.0
_LOAD_S = 600.0
_POLL_S = 0.05
_LONGEST_PAUSE_S = 60.0
_log = logging.getLogger("brickyard_local.serving")


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What makes two served entities the same process; secrets are named, not held."""

    name: str
    entity_name: str
    entity_version: str
    environment_vars: tuple[tuple[str, str], ...] = ()
    scale_to_zero: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """What a process is started with; `hidden` are the secrets in its environment, `packages` folders for its path.

    `ended` is called when the process is gone.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    packages: tuple[Path, ...] = ()
    ended: Callable[[], None] = lambda: None


class ServedEntity:
    """The process of one entity. `prepare` answers what to start, or raises why it cannot."""

    def __init__(
        self, identity: Identity, *, prepare: Callable[[], Launch], socket_path: Path, log: Path, recovering: bool
    ) -> None:
        self.identity = identity
        self.log = log
        self.state = RECOVERING if recovering else CREATING
        self.message = ""
        self.settled = threading.Event()
        self.asleep = recovering and identity.scale_to_zero
        self._idle_s = float(os.environ.get(IDLE) or _IDLE_S)
        self._prepare = prepare
        self._socket = socket_path
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._was_ready = recovering
        self._users = 0
        self._retired = False
        self._last_used = time.monotonic()
        self._child: children.Child | None = None
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._keep_up, name=f"served-{identity.name}", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether a request is answered, after waking it if need be."""
        return self.asleep or self.state == READY

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        child = self._child
        return child.process.pid if child is not None and child.alive else None

    def enter(self) -> bool:
        """A request is on its way: wakes a process that was scaled to zero. Call `leave` when it is answered.

        False when another has taken over.
        """
        with self._lock:
            if self._retired:
                return False
            self._users += 1
            if self.asleep:
                self.asleep, self.state, self.message = False, CREATING, "The model is loaded: it was scaled to zero."
                self._wanted.set()
            return True

    def leave(self) -> None:
        """The request is answered."""
        with self._lock:
            self._users -= 1
            self._last_used = time.monotonic()

    async def up(self) -> Client:
        """The way to the process, once it answers. Errors: TemporarilyUnavailable when it does not come up."""
        waited = time.monotonic() + REQUEST_S
        while self.state != READY:
            if self.state != CREATING or time.monotonic() > waited:
                raise TemporarilyUnavailable(f"Served entity '{self.identity.name}' is not ready: {self.message}")
            await asyncio.sleep(_POLL_S)
        if self._client is None:
            self._client = Client(self._socket, patience_s=REQUEST_S)
        return self._client

    def drain(self) -> None:
        """Another has taken over: end when the requests that are under way are answered."""
        with self._lock:
            self._retired = True
        until = time.monotonic() + REQUEST_S
        while self._users and time.monotonic() < until and not self._stopping.wait(_POLL_S):
            pass
        self.stop()

    def stop(self) -> None:
        """End the process for good."""
        self._stopping.set()
        self._wanted.set()
        self.settled.set()
        with self._lock:
            child = self._child
        if child is not None:
            child.stop()
        self._thread.join(10)
        self._socket.unlink(missing_ok=True)

    def _keep_up(self) -> None:
        pause_s = 1.0
        was_ready = self._was_ready
        while not self._stopping.is_set():
            if self.asleep:
                self._wanted.wait()
                self._wanted.clear()
                continue
            began = time.monotonic()
            reason = self._run_guarded()
            was_ready = was_ready or self.state == READY or reason is None  # it slept, so it was ready
            if self._stopping.is_set() or reason is None:
                continue
            self.message = reason
            if not was_ready:
                self.state = FAILED
                self.settled.set()
                return
            self.state = RECOVERING
            _log.warning("%s stopped: %s; it is started again in %.0f s", self.identity.name, reason, pause_s)
            self._stopping.wait(pause_s)
            pause_s = 1.0 if time.monotonic() - began > _LONGEST_PAUSE_S else min(pause_s * 2, _LONGEST_PAUSE_S)

    def _run_guarded(self) -> str | None:
        try:
            return self._run_once()
        except Exception as error:  # noqa: BLE001 - a bug of ours must end the loading, not hang whoever waits
            _log.exception("%s", self.identity.name)
            self._end_child()
            return f"The local workspace failed: {error!r}"

    def _run_once(self) -> str | None:
        """Start the process and wait for its end. Answers why it ended, None when nobody needed it."""
        try:
            launch = self._prepare()
        except ApiError as error:
            return error.message
        try:
            return self._run_to_its_end(launch)
        finally:
            launch.ended()

    def _run_to_its_end(self, launch: Launch) -> str | None:
        child = self._spawn(launch)
        if child is None:
            return ""
        begin = time.monotonic()
        while child.alive and not answers(self._socket):
            if time.monotonic() - begin > _LOAD_S:
                child.stop()
                return f"The model did not load within {_LOAD_S:.0f} s."
            self._stopping.wait(_POLL_S)
        if child.alive:
            self._last_used = time.monotonic()
            self.state, self.message = READY, ""
            self.settled.set()
        sleeps = self._watch(child)
        child.stop(grace_s=0)
        return None if sleeps else self._reason(child)

    def _watch(self, child: children.Child) -> bool:
        """Until it ends. Whether it is to end because nobody asks it."""
        tick_s = min(1.0, self._idle_s / 4) if self.identity.scale_to_zero else None
        while not self._fell_asleep():
            try:
                child.process.wait(tick_s)
            except subprocess.TimeoutExpired:
                continue
            return False
        return True

    def _fell_asleep(self) -> bool:
        with self._lock:
            idle = self._users == 0 and time.monotonic() - self._last_used > self._idle_s
            self.asleep = self.identity.scale_to_zero and self.state == READY and idle
            return self.asleep

    def _end_child(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.stop()

    def _spawn(self, launch: Launch) -> children.Child | None:
        self._socket.unlink(missing_ok=True)
        with self._lock:
            if self._stopping.is_set():
                return None
            self._child = children.spawn(
                [sys.executable, "-P", "-m", "brickyard_local.serving.child", str(launch.folder), str(self._socket)],
                log=self.log,
                environment=inherited(os.environ) | _with_packages(launch),
                folder=self._socket.parent,
                hidden=launch.hidden,
            )
            return self._child

    def _reason(self, child: children.Child) -> str:
        status = child.process.returncode
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        said = [line for line in child.log_tail(40).splitlines() if line.strip()]
        last = f": {said[-1].strip()}" if said else ""
        return f"Served entity '{self.identity.name}' ended with {how}{last}"


def _with_packages(launch: Launch) -> dict[str, str]:
    """The variables, and what was installed for the model before what they say of the path."""
    given = launch.environment.get("PYTHONPATH")
    path = [*map(str, launch.packages), *([given] if given else [])]
    return {**launch.environment, **({"PYTHONPATH": os.pathsep.join(path)} if path else {})}
