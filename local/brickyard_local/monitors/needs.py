"""What monitors need of the other services."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from brickyard_local.callers import Caller
from brickyard_local.store import Document


class Tables(Protocol):
    """Tables and schemas of Unity Catalog."""

    def table(self, caller: Caller, full_name: str, *privileges: str) -> Document: ...

    def table_of_id(self, table_id: str) -> Document | None: ...

    def schema(self, caller: Caller, full_name: str, *privileges: str) -> Document: ...

    def schema_of_id(self, schema_id: str) -> Document | None: ...

    def schema_named(self, full_name: str) -> Document | None: ...


class Principals(Protocol):
    """Tokens of the account's principals."""

    def mint_token(self, principal: str, *, purpose: str, lifetime_s: float | None) -> str: ...

    def revoke(self, token: str) -> None: ...


class SparkSessions(Protocol):
    """How a process joins the workspace's Spark, which this starts when it does not run."""

    def environment(self, caller: Caller, token: str) -> Mapping[str, str]: ...


class Schedule(Protocol):
    """A parsed cron expression."""

    def next_after(self, moment: datetime) -> datetime | None: ...


CallerOf = Callable[[int, str], Caller]
ParseSchedule = Callable[[str, str], Schedule]
