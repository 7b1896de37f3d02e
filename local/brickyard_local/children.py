"""Child processes that never outlive the workspace, not even its `kill -9`.

A child gets a pipe as its standard input and watches it; when the parent dies by any means the pipe closes,
and the child ends with its whole process group. This needs nothing that only one operating system has.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SECRET_LINE = 8
_GRACE_S = 5.0
_LAST_WORDS_S = 1.0
_BLOCK_BYTES = 64 * 1024
_HIDDEN = b"[hidden]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A running child and the file that its standard output and error go to."""

    process: subprocess.Popen[bytes]
    log: Path
    copier: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, *, grace_s: float = _GRACE_S) -> None:
        """End the child and everything that it started: politely, then by force."""
        for number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 10.0)):
            if self._number_was_given_away():
                break
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                break
            try:
                self.process.wait(timeout=patience_s)
            except subprocess.TimeoutExpired:
                continue
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()

    def _number_was_given_away(self) -> bool:
        """Whether a stranger has this process id: ours was waited for, so one that is alive is not ours.

        What ours left behind in its group is met all the same: a group's number is nobody else's while it has members.
        """
        if self.process.returncode is None:
            return False
        try:
            os.kill(self.process.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the log, for an error message."""
        if self.copier is not None and not self.alive:
            self.copier.join(timeout=2)
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    folder: Path | None = None,
    hidden: Sequence[str] = (),
) -> Child:
    """Start a child as leader of its own process group; `argv[0]` must call `exit_with_parent` itself.

    `hidden` are secrets that the child's own libraries may print: they do not reach the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if hidden else output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )
    copier = None
    if process.stdout is not None:
        copier = threading.Thread(target=_copy, args=(process.stdout, log, hidden), name=f"log {log.name}", daemon=True)
        copier.start()
    return Child(process=process, log=log, copier=copier)


def _copy(source: IO[bytes], log: Path, hidden: Sequence[str]) -> None:
    """A line at a time, or a block of one that is long: a progress bar never ends its line.

    Of a block, as many bytes wait as could be the beginning of a secret.
    """
    secrets = sorted({part.encode() for secret in hidden for part in _shown_parts(secret)}, key=len, reverse=True)
    longest = max(map(len, secrets), default=1)
    waiting = b""
    with source, log.open("ab", buffering=0) as output:
        while block := source.readline(_BLOCK_BYTES):
            waiting += block
            for secret in secrets:
                waiting = waiting.replace(secret, _HIDDEN)
            ready = len(waiting) if block.endswith(b"\n") else max(0, len(waiting) - longest + 1)
            output.write(waiting[:ready])
            waiting = waiting[ready:]
        output.write(waiting)


def _shown_parts(secret: str) -> list[str]:
    """A secret of several lines, a private key say, reaches a log line by line; what is short in it is no secret."""
    lines = secret.splitlines()
    return [line for line in lines if len(line.strip()) >= _SECRET_LINE] if len(lines) > 1 else lines


def exit_with_parent() -> None:
    """Call first in a child: ends the process group when standard input closes."""
    watched = os.dup(sys.stdin.fileno())
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())

    def watch() -> None:
        while os.read(watched, 1024):
            pass
        _say_the_rest()
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, name="exit-with-parent", daemon=True).start()


def _say_the_rest() -> None:
    """What was printed and waits in memory reaches the log; a stream that cannot be written holds nothing up."""

    def flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()

    flushing = threading.Thread(target=flush, name="last-words", daemon=True)
    flushing.start()
    flushing.join(_LAST_WORDS_S)
