"""What serving needs of the other services."""

from collections.abc import Callable
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


class Permissions(Protocol):
    """Permission levels on endpoints, by their hex id."""

    def require(self, caller: Caller, object_type: str, object_id: str, level: str) -> None: ...

    def holds(self, caller: Caller, object_type: str, object_id: str, level: str) -> bool: ...

    def own(self, caller: Caller, object_type: str, object_id: str) -> None: ...

    def forget(self, workspace_id: int, object_type: str, object_id: str) -> None: ...


CallerOf = Callable[[int, str], Caller]
