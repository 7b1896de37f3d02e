"""Refreshes of monitors, as their callers ask for them."""

from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidState, NotFound
from brickyard_local.monitors.records import PENDING, RUNNING, Records
from brickyard_local.monitors.runner import Runner
from brickyard_local.monitors.service import MonitorsService
from brickyard_local.store import Document


class RefreshesService:
    """Starts, shows and cancels refreshes."""

    def __init__(self, records: Records, monitors: MonitorsService, runner: Runner) -> None:
        self._records = records
        self._monitors = monitors
        self._runner = runner

    def start(self, caller: Caller, table_name: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        _, monitor = self._monitors.owned(caller, table_name)
        refresh = self._records.begin(monitor, "MANUAL")
        self._runner.wake()
        return refresh

    def listed(self, caller: Caller, table_name: str) -> list[Document]:
        """Newest first. Errors: NotFound, PermissionDenied."""
        table, _ = self._monitors.readable(caller, table_name)
        return self._records.refreshes(table["id"])

    def get(self, caller: Caller, table_name: str, refresh_id: int) -> Document:
        """Errors: NotFound, PermissionDenied."""
        table, _ = self._monitors.readable(caller, table_name)
        return self._known(table, refresh_id)

    def cancel(self, caller: Caller, table_name: str, refresh_id: int) -> Document:
        """End a refresh; returns when its process is gone. Errors: InvalidState, NotFound, PermissionDenied."""
        table, _ = self._monitors.owned(caller, table_name)
        refresh = self._known(table, refresh_id)
        if refresh["state"] not in {PENDING, RUNNING}:
            raise InvalidState(f"Refresh {refresh_id} has ended with {refresh['state']}: it cannot be canceled.")
        self._runner.cancel(refresh)
        return self._known(table, refresh_id)

    def _known(self, table: Document, refresh_id: int) -> Document:
        refresh = self._records.refresh(table["id"], refresh_id)
        if refresh is None:
            raise NotFound(f"The monitor of '{table['full_name']}' has no refresh {refresh_id}.")
        return refresh
