"""The parent of Postgres: `python -m brickyard_local.databases.keeper ORDER`, a JSON document (`Order`).

It makes the data directory, starts the server, and ends it when standard input closes: the workspace is gone then,
whatever ended it. Politely first, so that Postgres gives its shared memory back.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

MARK = "brickyard.json"
SUPERUSER = "brickyard"
_PREDECESSOR_S = 30.0
_END_S = 5.0
_ORPHAN_S = 7.0  # a keeper that lives has ended its server by then


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to run. `data` lies in a folder of its own, and so do the `sockets`; `leftover` is removed in the end.

    `machine` says since when this machine runs: files that an earlier start of it wrote are not trusted, since they
    were never forced to disk. `anew` distrusts them in any case.
    """

    programs: str
    data: str
    sockets: str
    machine: str
    settings: tuple[str, ...]
    uid: int | None = None
    leftover: str | None = None
    anew: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def main() -> int:
    """Run until told to stop; the server's exit status."""
    order = Order(**json.loads(sys.argv[1]))
    watched = os.dup(sys.stdin.fileno())
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    server = _Server()
    threading.Thread(
        target=_end_with_parent, args=(watched, server, order), name="exit-with-parent", daemon=True
    ).start()
    signal.signal(signal.SIGTERM, server.stop)
    data = Path(order.data)
    lock = _lock(data.parent / "lock", data)
    _prepare(order, data, server, lock)
    # Their process ids may be a stranger's by now, or a dead child's that nobody waited for.
    for stale in (data / "postmaster.pid", *Path(order.sockets).glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)
    return server.run([f"{order.programs}/bin/postgres", "-D", str(data), *order.settings], data, order.uid, lock)


class _Server:
    """What runs now, `initdb` or Postgres, for the signal handler and the thread that both may end it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self, argv: Sequence[str], folder: Path, uid: int | None, lock: int) -> int:
        """Everything that it starts inherits the lock: who holds it next knows that nothing of it lives."""
        if self._stopping:
            return 1
        user: dict[str, Any] = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        self._process = subprocess.Popen(argv, pass_fds=(lock,), cwd=folder, **user)
        if self._stopping:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Fast: clients are disconnected, not waited for."""
        self._stopping = True
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """At once, but so that Postgres gives its shared memory back."""
        self._stopping = True
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)


def _lock(path: Path, data: Path) -> int:
    """Wait until no process of an earlier server lives: only then is what it locked certainly stale."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    begin, is_told = time.monotonic(), False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited_s = time.monotonic() - begin
            if waited_s > _PREDECESSOR_S:
                sys.exit(f"An earlier Postgres still holds {path} after {_PREDECESSOR_S:.0f} s: end that process.")
            if waited_s > _ORPHAN_S and not is_told:
                _end_orphan(data)
                is_told = True
            time.sleep(0.02)
        else:
            return lock


def _end_orphan(data: Path) -> None:
    """Its keeper was killed too, so nobody told it to end."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
        if str(data) in process.cmdline():
            process.send_signal(signal.SIGQUIT)


def _prepare(order: Order, data: Path, server: _Server, lock: int) -> None:
    """A data directory that this version of Postgres wrote since the machine started; a new one otherwise."""
    mark = {"machine": order.machine, "programs": order.programs}
    if not order.anew and _is_ours(data, mark):
        return
    new = data.with_name(data.name + ".new")
    for old in (data, new):
        shutil.rmtree(old, ignore_errors=True)
    argv = [f"{order.programs}/bin/initdb", "-D", str(new), "-U", SUPERUSER, "--auth=trust", "--no-sync"]
    options = ["--encoding=UTF8", "--locale=C", "--no-instructions", "--wal-segsize=4"]
    if server.run([*argv, *options], data.parent, order.uid, lock) != 0:
        sys.exit(f"initdb did not make {new}: what it said stands above.")
    (new / MARK).write_text(json.dumps({**mark, "incarnation": uuid.uuid4().hex}))
    new.rename(data)


def _is_ours(data: Path, mark: dict[str, str]) -> bool:
    try:
        found = json.loads((data / MARK).read_text())
        return bool(found["incarnation"]) and all(found[key] == value for key, value in mark.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _end_with_parent(watched: int, server: _Server, order: Order) -> None:
    while os.read(watched, 1024):
        pass
    server.end()
    if order.leftover is not None:
        shutil.rmtree(order.leftover, ignore_errors=True)
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
