"""What SQL needs of the other services."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from brickyard_local.callers import Caller

# (principal, level, the folder that grants it)
Inherited = Callable[[int, str], list[tuple[str, str, str]]]


class Permissions(Protocol):
    """Permission levels on warehouses, queries and alerts."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...

    def reached(self, caller: Caller, object_type: str, level: str) -> frozenset[str] | None: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...

    def register(
        self, request_type: str, exists: Callable[[int, str], bool], *, inherited: Inherited | None = None
    ) -> None: ...


class Principals(Protocol):
    """Tokens and principals of the account."""

    def mint_token(self, principal: str, *, purpose: str, lifetime_s: float | None) -> str: ...

    def revoke(self, token: str) -> None: ...

    def principal_field(self, name: str) -> str | None: ...


class Signer(Protocol):
    """Makes URLs that need no token."""

    def url(
        self, host: str, method: str, path: str, *, principal: str, query: Mapping[str, str], expire_time: str | None
    ) -> str: ...


class Tree(Protocol):
    """The workspace tree, where queries and alerts have their folders."""

    def require_parent(self, caller: Caller, path: str) -> None: ...

    def granted_above(self, workspace_id: int, path: str) -> list[tuple[str, str, str]]: ...


class SparkSessions(Protocol):
    """How a process joins the workspace's Spark, which this starts when it does not run."""

    def environment(self, caller: Caller, token: str) -> dict[str, str]: ...


class Schedule(Protocol):
    """A parsed cron expression."""

    def next_after(self, moment: datetime) -> datetime | None: ...


Entitlements = Callable[[Caller], frozenset[str]]
CallerOf = Callable[[int, str], Caller]
ParseSchedule = Callable[[str, str], Schedule]
