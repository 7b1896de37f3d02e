"""Waiting until the workspace has done what it was asked for."""

import re
import time
from collections.abc import Callable, Collection

from brickyard_local.provider.errors import ProviderError
from brickyard_local.provider.resource import State

_LONGEST_PAUSE_S = 2.0
_SECONDS = {"h": 3600, "m": 60, "s": 1}


class NotReady(ProviderError):
    """Raised when an object does not come into the state it was to come into."""


def wait_for(what: str, look: Callable[[], str], *, ready: str, failed: Collection[str], timeout_s: float) -> None:
    """Until `look` answers `ready`. Errors: NotReady for one of `failed`, and after `timeout_s`."""
    deadline, pause_s = time.monotonic() + timeout_s, 0.1
    while True:
        state = look()
        if state == ready:
            return
        if state in failed:
            raise NotReady(f"{what} is not ready", f"Its state is {state}.")
        if time.monotonic() > deadline:
            raise NotReady(f"{what} is not ready after {timeout_s:.0f} s", f"It is {state}.")
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def timeout_s(planned: State, action: str, default_s: float) -> float:
    """Go's duration in the `timeouts` block, in seconds."""
    timeouts = planned.get("timeouts")
    written = timeouts.get(action) if isinstance(timeouts, dict) else None
    if not isinstance(written, str):
        return default_s
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"([\d.]+)([hms])", written))
