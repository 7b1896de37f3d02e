"""What serving needs of the other services."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from brickyard_local.callers import Caller


class Catalog(Protocol):
    """Privileges on securables."""

    def require(self, caller: Caller, securable_type_name: str, full_name: str, privilege: str) -> None: ...


class ModelVersion(Protocol):
    """A version of a registered model, and where its files lie."""

    @property
    def status(self) -> str: ...

    @property
    def folder(self) -> Path: ...


class Models(Protocol):
    """Finds model versions. Errors of Unity Catalog when one is missing or may not be used."""

    def resolve(self, caller: Caller, full_name: str, version_or_alias: str) -> ModelVersion: ...


class Libraries(Protocol):
    """Installs what a model requires. Errors: InvalidParameter."""

    def needed_by(self, model: Path) -> tuple[Path, ...]: ...


class Permissions(Protocol):
    """Permission levels on endpoints, by their hex id."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...

    def reached(self, caller: Caller, object_type: str, level: str) -> frozenset[str] | None: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...


class Secrets(Protocol):
    """Values of secrets, for a caller who may read them. Errors: NotFound, PermissionDenied."""

    def value(self, caller: Caller, scope: str, key: str) -> bytes: ...


class BudgetPolicies(Protocol):
    """What serverless work is billed under. Errors: InvalidParameter, PermissionDenied."""

    def require_usable(self, caller: Caller, policy_id: str) -> None: ...


class Tables(Protocol):
    """Managed Delta tables that serving writes itself, in the name of an endpoint's creator."""

    def stage(self, caller: Caller, catalog: str, schema: str, name: str) -> tuple[str, Path]:
        """The id of a table to be, and its folder. Errors: as of creating a table."""
        ...

    def register(self, caller: Caller, catalog: str, schema: str, name: str, folder: Path) -> None:
        """Show a staged table, whose log is written. Errors: as of creating a table."""
        ...

    def id_of(self, full_name: str) -> str | None:
        """The id of the table of that name, or None."""
        ...

    def drop(self, caller: Caller, full_name: str) -> None: ...


class Databases(Protocol):
    """Database instances (Lakebase) that models declare as resources."""

    def require_usable(self, caller: Caller, name: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        ...

    def environment(self) -> Mapping[str, str]:
        """The variables of libpq that say where instances are reached."""
        ...


class Tokens(Protocol):
    """Tokens of principals. Errors: NotFound, PermissionDenied for one that may not sign in."""

    def mint_token(
        self, principal: str, *, purpose: str, lifetime_s: float | None, reaches: Collection[str] = ()
    ) -> str: ...

    def revoke(self, token: str) -> None: ...

    def revoke_made_for(self, purpose: str) -> None: ...


CallerOf = Callable[[int, str], Caller]
