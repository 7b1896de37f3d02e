"""What jobs need of the other services."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.store import Document


class Tokens(Protocol):
    """Tokens and principals of the account."""

    def mint_token(self, principal: str, *, purpose: str, lifetime_s: float | None) -> str: ...

    def revoke(self, token: str) -> None: ...

    def principal_exists(self, name: str) -> bool: ...

    def may_run_as(self, caller: Caller, principal: str) -> bool: ...


class Permissions(Protocol):
    """Permission levels on jobs."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...

    def reached(self, caller: Caller, object_type: str, level: str) -> frozenset[str] | None: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...


class Files(Protocol):
    """Where a file of a volume or of the workspace lies on this machine."""

    def local_path(self, caller: Caller, path: str, *, write: bool) -> Path: ...


class Compute(Protocol):
    """Clusters and their policies."""

    def job_cluster(self, caller: Caller, spec: Document, *, runs_as: Caller | None = None) -> Document: ...

    def attachable(self, caller: Caller, cluster_id: str) -> Document: ...

    def attached(
        self, workspace_id: int, cluster_id: str, stop: Callable[[], None]
    ) -> AbstractContextManager[None]: ...


class BudgetPolicies(Protocol):
    """What serverless work is billed under. Errors: InvalidParameter, PermissionDenied."""

    def require_usable(self, caller: Caller, policy_id: str) -> None: ...


class Secrets(Protocol):
    """Secrets of the workspace."""

    def value(self, caller: Caller, scope: str, key: str) -> bytes: ...


class SparkServer(Protocol):
    """The Spark server of one workspace."""

    def session_environment(self, principal_token: str, catalogs: Sequence[str]) -> Mapping[str, str]: ...

    def stop(self) -> None: ...


NewSparkServer = Callable[[Workspace], SparkServer]
CatalogNames = Callable[[Caller], list[str]]
CallerOf = Callable[[int, str], Caller]
Grant = Callable[[Caller, str, str, list[Document]], None]
"""Sets the access control list of an object: (caller, object type, object id, entries)."""
