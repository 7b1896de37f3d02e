"""A thread that sleeps until something is due. Where nothing is scheduled there is none."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

_LONGEST_SLEEP_S = 60.0  # the machine's clock may be set, and while the machine is suspended no sleep goes on
_PAUSE_AFTER_BUG_S = 5.0
_log = logging.getLogger("brickyard_local.sleeper")

Act = Callable[[datetime], datetime | None]
"""Does what is due at a moment; answers when to come again, None when nothing is scheduled."""


class Sleeper:
    """Asleep until `start`. Safe to use from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._closing = False
        self._act: Act | None = None
        self._thread: threading.Thread | None = None

    def start(self, act: Act) -> None:
        """Begin to act."""
        self._act = act
        self.wake()

    def wake(self) -> None:
        """What is scheduled has changed: look again, now."""
        with self._lock:
            self._changed.set()
            if self._thread is None and self._act is not None and not self._closing:
                self._thread = threading.Thread(target=self._loop, args=(self._act,), name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Act no more."""
        with self._lock:
            self._closing = True
            self._changed.set()

    def _loop(self, act: Act) -> None:
        while not self._closing:
            self._changed.clear()
            pause_s = self._pause_s(act)
            if pause_s is None and self._ended():
                return
            self._changed.wait(pause_s)

    def _ended(self) -> bool:
        """Nothing is scheduled, also not since it was looked at: the next `wake` starts another thread."""
        with self._lock:
            if self._changed.is_set():
                return False
            self._thread = None
            return True

    def _pause_s(self, act: Act) -> float | None:
        try:
            following = act(datetime.now(UTC))
        except Exception:  # noqa: BLE001 - one schedule's bug must not silence the others
            _log.exception("%s", self._name)
            return _PAUSE_AFTER_BUG_S
        if following is None:
            return None
        return min(_LONGEST_SLEEP_S, max(0.0, (following - datetime.now(UTC)).total_seconds()))
