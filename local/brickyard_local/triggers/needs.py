"""What triggers need of the rest of the workspace."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from brickyard_local.callers import Caller
from brickyard_local.store import Document


class Jobs(Protocol):
    """Jobs and their runs."""

    def triggered_jobs(self, workspace_id: int) -> Iterable[Document]: ...

    def job(self, workspace_id: int, job_id: int) -> Document | None: ...

    def run(self, workspace_id: int, run_id: int) -> Document | None: ...

    def start_triggered(
        self, workspace_id: int, job_id: int, trigger: str, *, idempotency_token: str
    ) -> int | None: ...


CallerOf = Callable[[int, str], Caller]
Folder = Callable[[Caller, str], Path]
