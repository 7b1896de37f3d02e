"""What database instances need of the other services."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from brickyard_local.callers import Caller
from brickyard_local.databases.naming import OnlineTable
from brickyard_local.store import Document


class Permissions(Protocol):
    """Permission levels on instances and pipelines."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...


class SyncedSecurables(Protocol):
    """Synced tables and their sources as securables of Unity Catalog. Errors: NotFound, PermissionDenied."""

    def change(self) -> AbstractContextManager[Any]: ...

    def follow(self, kind: str, told: Callable[[], None]) -> None: ...

    def create(self, caller: Caller, full_name: str, columns: list[Document]) -> Document: ...

    def drop(self, caller: Caller, full_name: str) -> None: ...

    def read(self, caller: Caller, full_name: str) -> Document: ...

    def require(self, caller: Caller, full_name: str, privilege: str) -> Document: ...

    def require_schema(self, caller: Caller, full_name: str, privilege: str) -> None: ...

    def source(self, caller: Caller, full_name: str) -> Document: ...

    def copied(self, full_name: str) -> Document: ...

    def folder(self, source: Document) -> Path: ...

    def keep_columns(self, full_name: str, columns: list[Document]) -> None: ...


class BudgetPolicies(Protocol):
    """What usage is billed under. Errors: InvalidParameter, PermissionDenied."""

    def require_usable(self, caller: Caller, policy_id: str) -> None: ...


class Postgres(Protocol):
    """The server that holds the rows of all instances. Errors: PostgresNotInstalled, TemporarilyUnavailable."""

    @property
    def incarnation(self) -> str: ...

    @property
    def socket(self) -> Path: ...

    def check_installed(self) -> None: ...

    def prepare(self, table: OnlineTable) -> None: ...

    def drop_table(self, table: OnlineTable) -> None: ...

    def drop_instance(self, instance: str) -> None: ...

    def close(self) -> None: ...


CallerOf = Callable[[int, str], Caller]
