"""The running Postgres of an account: started when needed, watched, started again when it dies.

It listens on a Unix socket only, in a folder that nobody else enters: whoever connects there is whom they say.
"""

import contextlib
import json
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from brickyard_local.child_environment import inherited
from brickyard_local.children import Child, spawn
from brickyard_local.databases.binaries import copy_for_others, find_programs, user_of_postgres
from brickyard_local.databases.keeper import MARK, SUPERUSER, Order
from brickyard_local.errors import TemporarilyUnavailable
from brickyard_local.sockets import SocketFolder, socket_folder

if TYPE_CHECKING:
    from pg8000.native import Connection

_START_S = 90.0
_AGAIN_S = 5.0
_END_S = 20.0
_POLL_S = 0.02
_SOCKET = ".s.PGSQL.5432"
_ENDS = "The workspace ends, and its Postgres with it."
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_log = logging.getLogger(__name__)

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "120",
    "shared_buffers": "16MB",
    # Rows are copies: after a crash of the machine they are copied again, and nothing waits for a disk before.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "8MB",
    "max_wal_size": "32MB",
    # A table is written once, analysed then, and replaced as a whole.
    "autovacuum": "off",
    "max_worker_processes": "0",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "jit": "off",
    # What is shared lies in the data directory: after `kill -9` nothing stays in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
    # A reader fills neither the disk nor the log, and holds no table for ever.
    "temp_file_limit": "256MB",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
    "checkpoint_warning": "0",
    "idle_in_transaction_session_timeout": "5min",
    "timezone": "UTC",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where the server's programs and files are, and its socket, as long as the workspace lives."""

    sockets: SocketFolder
    programs: Path
    data: Path
    directory: Path
    uid: int | None

    @property
    def socket(self) -> Path:
        return self.directory / _SOCKET


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    child: Child
    incarnation: str


class Server:
    """One server at a time; safe to use from any thread. `folder` keeps its files where our own user runs it."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder.absolute()
        self._log = log
        self._lock = threading.Lock()
        self._place: _Place | None = None
        self._running: _Running | None = None
        self._failed = -_AGAIN_S
        self._reason = ""
        self._closed = False

    def ensure(self) -> str:
        """Start it unless it runs; which incarnation of its files it serves.

        Errors: PostgresNotInstalled, TemporarilyUnavailable with what it said.
        """
        running = self._running
        if running is not None and running.child.alive:
            return running.incarnation
        with self._lock:
            if self._running is None or not self._running.child.alive:
                self._renew()
            assert self._running is not None  # noqa: S101 - `_renew` raises where it does not start
            return self._running.incarnation

    def socket(self) -> Path:
        """The Unix socket of the running server. Errors: as of `ensure`."""
        self.ensure()
        place = self._place
        if place is None:
            raise TemporarilyUnavailable(_ENDS)
        return place.socket

    def connect(self, database: str = "postgres") -> "Connection":
        """A connection as superuser. Errors: as of `ensure`."""
        return connect(self.socket(), database)

    @property
    def pid(self) -> int | None:
        """Of the process that keeps the server, while it runs."""
        running = self._running
        return running.child.process.pid if running is not None and running.child.alive else None

    def close(self) -> None:
        """Stop it for good."""
        with self._lock:
            self._closed = True
            self._stop()
            if self._place is not None:
                self._place.sockets.remove()
                self._place = None

    def _renew(self) -> None:
        self._stop()
        if self._closed:
            raise TemporarilyUnavailable(_ENDS)
        if time.monotonic() - self._failed < _AGAIN_S:
            raise TemporarilyUnavailable(self._reason)
        try:
            self._running = self._started()
        except (TemporarilyUnavailable, OSError) as error:
            self._failed, self._reason = time.monotonic(), str(error)
            raise TemporarilyUnavailable(self._reason) from error

    def _started(self) -> _Running:
        if self._place is None:
            self._place = _place(self._folder)
        try:
            return self._start(self._place, anew=False)
        except TemporarilyUnavailable:
            _log.warning("Postgres does not start from its files: they are made anew. Its log: %s", self._log)
            return self._start(self._place, anew=True)

    def _start(self, place: _Place, *, anew: bool) -> _Running:
        order = Order(
            programs=str(place.programs),
            data=str(place.data),
            sockets=str(place.directory),
            machine=_machine_start(),
            settings=_arguments(place.directory),
            uid=place.uid,
            leftover=str(place.sockets.path),
            anew=anew,
        )
        argv = [sys.executable, "-m", "brickyard_local.databases.keeper", order.to_json()]
        environment = inherited(os.environ, also=("PYTHONPATH", "VIRTUAL_ENV"))
        child = spawn(argv, log=self._log, environment=environment)
        try:
            self._wait(child, place.socket)
            incarnation = json.loads((place.data / MARK).read_text())["incarnation"]
        except BaseException:
            child.stop()
            raise
        return _Running(child=child, incarnation=incarnation)

    def _wait(self, child: Child, socket: Path) -> None:
        deadline = time.monotonic() + _START_S
        while not _answers(socket):
            if not child.alive or time.monotonic() > deadline:
                raise TemporarilyUnavailable(
                    f"Postgres did not start within {_START_S:.0f} s. The end of {self._log}:\n{child.log_tail()}\n"
                    "Check the disk space in the home of the workspace and in the folder for temporary files."
                )
            time.sleep(_POLL_S)

    def _stop(self) -> None:
        if self._running is not None:
            self._running.child.stop(grace_s=_END_S)
            self._running = None


def _place(folder: Path) -> _Place:
    """As root, everything lies in the folder of the socket, where the user that Postgres runs as reaches it."""
    programs, uid = find_programs(), user_of_postgres()
    sockets = socket_folder("postgres", shared=uid is not None)
    try:
        if uid is None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            directory, data = sockets.path, folder / "data"
        else:
            programs = copy_for_others(programs, sockets.path / "programs")
            directory, data = _given(sockets.path / "run", uid), _given(sockets.path / "files", uid) / "data"
    except BaseException:
        sockets.remove()
        raise
    return _Place(sockets=sockets, programs=programs, data=data, directory=directory, uid=uid)


def connect(socket: Path, database: str) -> "Connection":
    """A connection as superuser to a running server."""
    from pg8000.native import Connection

    return Connection(SUPERUSER, database=database, unix_sock=str(socket), application_name="brickyard")


def _answers(socket: Path) -> bool:
    from pg8000.exceptions import Error

    try:
        connect(socket, "postgres").close()
    except (Error, OSError):
        return False
    return True


def _arguments(directory: Path) -> tuple[str, ...]:
    settings = SETTINGS | {"unix_socket_directories": str(directory)}
    return tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))


def _given(folder: Path, uid: int) -> Path:
    folder.mkdir(mode=0o700)
    os.chown(folder, uid, uid)
    return folder


def _machine_start() -> str:
    """Changes whenever the machine starts."""
    with contextlib.suppress(OSError):
        return _BOOT_ID.read_text().strip()
    return str(round(psutil.boot_time(), -2))
