"""A line for each request, written a fifth of a second later, many at once.

Python's logging takes as long for a line as reading a document does, on the event loop that all calls share.
"""

import asyncio
import contextlib
import sys
import time

_LATER_S = 0.2


class RequestLog:
    """Of one event loop at a time; who ends the loop flushes what waits."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, str]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def note(self, line: str) -> None:
        """`line` without its time."""
        loop = asyncio.get_running_loop()
        if not self._waiting or self._loop is not loop:
            self._loop = loop
            loop.call_later(_LATER_S, self.flush)
        self._waiting.append((time.time(), line))

    def flush(self) -> None:
        """Write what waits, as `logging` would have, and as quietly where it cannot be written."""
        waiting, self._waiting = self._waiting, []
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write("".join(f"{_asctime(at)} INFO brickyard_local.requests {line}\n" for at, line in waiting))
            sys.stderr.flush()


def _asctime(at: float) -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))},{int(at % 1 * 1000):03d}"
