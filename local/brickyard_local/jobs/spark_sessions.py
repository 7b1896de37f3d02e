"""Spark sessions of task processes: one Spark server per workspace, started when a task opens its first session."""

import threading

from brickyard_local.callers import Caller
from brickyard_local.errors import LocalWorkspaceError, TemporarilyUnavailable
from brickyard_local.jobs.needs import CatalogNames, NewSparkServer, SparkServer

SYSTEM_CATALOG = "system"


class SparkSessions:
    """Finds or makes the server of a workspace and says how a task joins it."""

    def __init__(self, new_server: NewSparkServer, catalog_names: CatalogNames) -> None:
        self._new_server = new_server
        self._catalog_names = catalog_names
        self._lock = threading.Lock()
        self._servers: dict[int, SparkServer] = {}

    def environment(self, caller: Caller, token: str) -> dict[str, str]:
        """Environment of a session that acts for the caller. Errors: TemporarilyUnavailable with Spark's reason."""
        server = self._server(caller)
        try:
            catalogs = self._catalog_names(caller)
            if catalogs:  # the first is the default one, so the system's comes last and never alone
                catalogs = [*catalogs, SYSTEM_CATALOG]
            return dict(server.session_environment(token, catalogs))
        except (LocalWorkspaceError, OSError) as error:
            raise TemporarilyUnavailable(f"Spark is not available: {error}") from error

    def close(self) -> None:
        """Stop every server."""
        with self._lock:
            servers = list(self._servers.values())
        for server in servers:
            server.stop()

    def _server(self, caller: Caller) -> SparkServer:
        with self._lock:
            workspace_id = caller.workspace.workspace_id
            if workspace_id not in self._servers:
                self._servers[workspace_id] = self._new_server(caller.workspace)
            return self._servers[workspace_id]
