"""Limits on the calls of an endpoint, counted over the last minute.

The endpoint's own limit holds for all. A limit of a user or service principal goes before those of groups, a group's
(shared by its members; of several, the one that still has room) before the default of every user.
Source: docs.databricks.com/aws/en/ai-gateway/rate-limits
Gaps: counts are in memory: a restart begins a new minute.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.errors import TooManyRequests

Limits = Sequence[Mapping[str, Any]]
Key = tuple[str, str, str]

_PERIOD_S = 60.0


class RateLimiter:
    """Counts the calls that were let through, by endpoint and limit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[Key, deque[float]] = {}

    def admit(self, endpoint_id: str, limits: Limits, caller: Caller) -> None:
        """Count one call. Errors: TooManyRequests naming the limit and when to try again; nothing is counted then."""
        if not limits:
            return
        now = self._clock()
        with self._lock:
            counted = [
                self._with_room(endpoint_id, choices, caller, now) for choices in _applying(limits, caller) if choices
            ]
            for calls in counted:
                calls.append(now)

    def forget(self, endpoint_id: str) -> None:
        """The endpoint is gone."""
        with self._lock:
            self._calls = {key: calls for key, calls in self._calls.items() if key[0] != endpoint_id}

    def _with_room(self, endpoint_id: str, choices: Limits, caller: Caller, now: float) -> deque[float]:
        waits = []
        for limit in choices:
            calls = self._calls.setdefault(_key(endpoint_id, limit, caller), deque())
            while calls and calls[0] <= now - _PERIOD_S:
                calls.popleft()
            if len(calls) < limit["calls"]:
                return calls
            waits.append(calls[0] + _PERIOD_S - now if calls else _PERIOD_S)
        raise TooManyRequests(_explained(choices[0]), retry_after_s=max(1, math.ceil(min(waits))))


def _applying(limits: Limits, caller: Caller) -> tuple[Limits, Limits]:
    """The endpoint's limit, and those of the caller: of several it is enough that one has room."""
    whole = [limit for limit in limits if _kind(limit) == "endpoint"]
    named = [limit for limit in limits if limit.get("principal")]
    own = [limit for limit in named if _kind(limit) != "user_group" and limit["principal"] == caller.principal]
    groups = [limit for limit in named if _kind(limit) == "user_group" and limit["principal"] in caller.groups]
    default = [limit for limit in limits if _kind(limit) == "user" and not limit.get("principal")]
    return whole, own or groups or default


def _kind(limit: Mapping[str, Any]) -> str:
    return str(limit.get("key") or "endpoint")


def _key(endpoint_id: str, limit: Mapping[str, Any], caller: Caller) -> Key:
    shared = limit.get("principal") or ("" if _kind(limit) == "endpoint" else caller.principal)
    default = "default " if _kind(limit) == "user" and not limit.get("principal") else ""
    return endpoint_id, default + _kind(limit), str(shared)


def _explained(limit: Mapping[str, Any]) -> str:
    whom = {
        "endpoint": "of the endpoint",
        "user": "of a user",
        "user_group": f"of group '{limit.get('principal')}'",
        "service_principal": "of the service principal",
    }[_kind(limit)]
    return f"The rate limit {whom} is reached: {limit['calls']} calls per minute. Try again later."
