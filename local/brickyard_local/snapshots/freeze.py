"""Hold a process and everything below it still, and let it go on whatever happens to us."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil

from brickyard_local.snapshots.errors import CannotSnapshot

_STILL_S = 10.0
# Reads the ids of stopped processes; when its input closes, and be it by our `kill -9`, it wakes them all.
_WAKER = 'while read -r pid; do pids="$pids $pid"; done; [ -z "$pids" ] || kill -CONT $pids 2>/dev/null; true'


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """No instruction of the process or its descendants runs inside the block. Errors: CannotSnapshot."""
    waker = subprocess.Popen(["/bin/sh", "-c", _WAKER], stdin=subprocess.PIPE, start_new_session=True)
    try:
        _stop_all(psutil.Process(pid), waker)
        yield
    except psutil.NoSuchProcess as error:
        raise CannotSnapshot("The local workspace ended while it was copied: run the command again.") from error
    finally:
        if waker.stdin is not None:
            waker.stdin.close()
        waker.wait()


def _stop_all(root: psutil.Process, waker: "subprocess.Popen[bytes]") -> None:
    """The root first, then its descendants until no new one appears: a stopped process starts nothing."""
    stopped: dict[int, psutil.Process] = {}
    waiting = [root]
    while waiting:
        for process in waiting:
            stopped[process.pid] = process
            _stop(process.pid, waker)
        _wait_until_still(waiting)
        waiting = [child for child in root.children(recursive=True) if child.pid not in stopped]


def _stop(pid: int, waker: "subprocess.Popen[bytes]") -> None:
    if waker.stdin is not None:
        waker.stdin.write(f"{pid}\n".encode())
        waker.stdin.flush()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)


def _wait_until_still(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + _STILL_S
    while any(_moves(process) for process in processes):
        if time.monotonic() > deadline:
            raise CannotSnapshot(
                f"A process of the local workspace could not be paused within {_STILL_S:.0f} s (a slow disk?): "
                "run the command again, or stop the workspace first with `brickyard local down`."
            )
        time.sleep(0.001)


def _moves(process: psutil.Process) -> bool:
    try:
        return process.status() not in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False
