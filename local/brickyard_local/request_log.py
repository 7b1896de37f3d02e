"""A line for each request, written a fifth of a second later, many at once.

Python's logging takes as long for a line as reading a document does, on the event loop that all calls share.
"""

import asyncio
import sys
import time

_LATER_S = 0.2


class RequestLog:
    """Belongs to one event loop; what waits is written when the loop ends its server."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, str]] = []

    def note(self, line: str) -> None:
        """`line` without its time."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(_LATER_S, self.flush)
        self._waiting.append((time.time(), line))

    def flush(self) -> None:
        """Write what waits, as `logging` would have."""
        waiting, self._waiting = self._waiting, []
        sys.stderr.write("".join(f"{_asctime(at)} INFO brickyard_local.requests {line}\n" for at, line in waiting))
        sys.stderr.flush()


def _asctime(at: float) -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))},{int(at % 1 * 1000):03d}"
