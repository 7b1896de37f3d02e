"""A thread that lives while somebody has asked for work. Where nothing is asked there is none."""

import threading
from collections.abc import Callable

_LAST_S = 10.0


class WokenThread:
    """Calls `work` as often as `wake` asks; asked several times while it works, it works once more.

    Safe to use from any thread.
    """

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._name = name
        self._work = work
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked = False
        self.closing = False

    def wake(self) -> None:
        """There may be something to do."""
        with self._lock:
            self._asked = True
            if self._thread is None and not self.closing:
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()

    def close(self, interrupt: Callable[[], None]) -> None:
        """Take no more work, `interrupt` what is being done, and wait for its end."""
        with self._lock:
            self.closing = True
            thread = self._thread
        interrupt()
        if thread is not None:
            thread.join(_LAST_S)

    def _loop(self) -> None:
        while True:
            with self._lock:
                if self.closing or not self._asked:
                    self._thread = None
                    return
                self._asked = False
            self._work()
