"""The one port that clients of all database instances connect to: open once there is an instance, always the same.

Source: postgresql.org/docs/16/libpq-envars.html (PGPORT, PGSSLMODE: the certificate is this machine's own).
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from brickyard_local.account import Home, free_port
from brickyard_local.databases.credentials import CredentialsService, Reach
from brickyard_local.databases.errors import LoginRefused
from brickyard_local.databases.places import place
from brickyard_local.databases.postgres import Postgres
from brickyard_local.databases.records import Records
from brickyard_local.databases.runner import Runner
from brickyard_local.errors import CannotStart

if TYPE_CHECKING:
    from brickyard_local.databases.front import Front, Login

_ROWS_S = 10.0
_TRIES = 5
_STOPPED, _NOT_YET = "57P01", "57P03"


class Door:
    """Opens the front, and says of every login what it may read."""

    def __init__(
        self, home: Home, records: Records, postgres: Postgres, credentials: CredentialsService, runner: Runner
    ) -> None:
        self._home = home
        self._records = records
        self._postgres = postgres
        self._credentials = credentials
        self._runner = runner
        self._lock = threading.Lock()
        self._front: Front | None = None
        self._closed = False

    def open(self) -> None:
        """Listen, once there is an instance. Errors: CannotStart when no port is free."""
        with self._lock:
            if self._front is not None or self._closed or not self._records.any_instance():
                return
            from brickyard_local.databases.front import Front  # TLS: not for who has no instance

            port = self._records.port() or free_port()
            for left in reversed(range(_TRIES)):
                front = Front(self._postgres, self._home.root / "postgres" / "certificate.pem", self._login)
                try:
                    front.start(port)
                except CannotStart:
                    if not left:
                        raise
                    port = free_port()  # somebody else has it now
                else:
                    self._front = front
                    self._records.keep_port(port)
                    return

    def environment(self) -> Mapping[str, str]:
        """What processes of the workspace are told, in libpq's names; nothing without an instance."""
        if self._front is None:
            return {}
        return {"PGPORT": str(self._front.port), "PGSSLMODE": "require"}

    def close(self) -> None:
        """Disconnect everybody."""
        with self._lock:
            self._closed = True
            front, self._front = self._front, None
        if front is not None:
            front.close()

    def _login(self, user: str, token: str) -> "Login | None":
        """Errors: LoginRefused for an instance that is stopped, or whose rows are still copied."""
        reach = self._credentials.login(user, token)
        return None if reach is None else self._admitted(reach)

    def _admitted(self, reach: Reach) -> "Login":
        from brickyard_local.databases.front import Login

        name, uid = reach.instance["name"], reach.instance["uid"]
        if reach.instance["stopped"]:
            raise LoginRefused(f"Database instance '{name}' is stopped: start it first.", sqlstate=_STOPPED)
        if not self._runner.wait_for_rows(uid, _ROWS_S):
            raise LoginRefused(f"Rows of database instance '{name}' are still copied: try again.", sqlstate=_NOT_YET)
        tables = None if reach.tables is None else frozenset(map(place, reach.tables))
        return Login(instance=uid, tables=tables)
