"""The Postgres of the local workspace: one server that holds the tables of all database instances of the account.

Its rows are copies of Delta tables. `incarnation` changes when its files were made anew: everything is gone then, and
has to be loaded again.
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from brickyard_local.databases import loading, naming, roles
from brickyard_local.databases.binaries import find_programs
from brickyard_local.databases.naming import OnlineTable, quoted
from brickyard_local.databases.server import Server
from brickyard_local.errors import TemporarilyUnavailable

if TYPE_CHECKING:
    from pg8000.native import Connection


class Postgres:
    """Safe to use from any thread; every method starts the server if it does not run.

    `folder` is where its files are kept (as root they lie in the system's folder for temporary files, and end with the
    workspace), `log` what it writes to.
    Errors: PostgresNotInstalled, TemporarilyUnavailable of every method.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self._server = Server(folder, log)
        self._changing = threading.RLock()
        self._known: tuple[str, set[str]] = ("", set())
        self._logins: dict[tuple[str, str, str, frozenset[OnlineTable] | None], str] = {}

    @staticmethod
    def check_installed() -> None:
        """Errors: PostgresNotInstalled, which says what to install."""
        find_programs()

    @property
    def incarnation(self) -> str:
        """Which files are served: another value means that no table is left of those that were loaded before."""
        return self._server.ensure()

    @property
    def socket(self) -> Path:
        """Where the server listens."""
        return self._server.socket()

    @property
    def pid(self) -> int | None:
        """Of the process that keeps the server, while it runs."""
        return self._server.pid

    def has_database(self, instance: str, database: str) -> bool:
        return naming.physical_database(instance, database) in self._databases()

    def create_database(self, instance: str, database: str) -> None:
        """Make a logical database of an instance, unless it is there."""
        physical = naming.physical_database(instance, database)
        with self._changing:
            if physical in self._databases():
                return
            with self._connected() as server:
                # An earlier attempt that was interrupted may have left it half open.
                server.run(f"DROP DATABASE IF EXISTS {quoted(physical)} WITH (FORCE)")
                server.run(f"CREATE DATABASE {quoted(physical)}")
                with self._connected(physical) as inside:
                    roles.close_catalog(inside)
                roles.open_database(server, instance, physical)
            self._databases().add(physical)

    def prepare(self, table: OnlineTable) -> None:
        """Make what a table lies in, and who reads it: another process may then fill it (`loading.fill`)."""
        physical = naming.physical_database(table.instance, table.database)
        for name in (table.schema, table.name):
            quoted(name)
        self.create_database(table.instance, table.database)
        with self._connected(physical) as database, self._changing:
            database.run(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.schema)}")
            roles.open_schema(database, table, physical)

    def drop_table(self, table: OnlineTable) -> None:
        """Remove a table; one that is not there is removed already."""
        if not self.has_database(table.instance, table.database):
            return
        physical = naming.physical_database(table.instance, table.database)
        with self._connected(physical) as database:
            found = database.run("SELECT 1 FROM pg_namespace WHERE nspname = :name", name=table.schema)
            if found:
                database.run("START TRANSACTION")
                loading.drop(database, table)
                database.run("COMMIT")

    def drop_instance(self, instance: str) -> None:
        """Remove all databases of an instance, and who may read them; their clients are disconnected."""
        with self._changing:
            known = self._databases()
            with self._connected() as server:
                for physical in [name for name in known if naming.is_of(instance, name)]:
                    server.run(f"DROP DATABASE IF EXISTS {quoted(physical)} WITH (FORCE)")
                    known.discard(physical)
                self._logins = {key: role for key, role in self._logins.items() if key[1] != instance}
                roles.drop_roles(server, instance)

    def login(self, instance: str, user: str, tables: frozenset[OnlineTable] | None) -> str:
        """The role of a user who may read exactly these tables of an instance; all of them where `tables` is None."""
        key = (self.incarnation, instance, user, tables)
        known = self._logins.get(key)
        if known is not None:
            return known
        strangers = [table for table in tables or () if table.instance != instance]
        if strangers:
            raise ValueError(f"{strangers} are tables of other instances than '{instance}'.")
        with self._changing, self._connected() as server:
            self._logins[key] = role = roles.ensure_login(server, instance, user, tables)
            return role

    def close(self) -> None:
        """Stop the server for good."""
        self._server.close()

    def _databases(self) -> set[str]:
        """The physical names that are ready for readers, as far as this incarnation has them."""
        incarnation = self.incarnation
        if self._known[0] != incarnation:
            with self._changing, self._connected() as server:
                # What nobody may connect to was never finished.
                ready = (
                    "SELECT datname FROM pg_database WHERE datallowconn AND datacl IS NOT NULL AND NOT datistemplate"
                )
                self._known = (incarnation, {name for (name,) in server.run(ready)})
        return self._known[1]

    @contextlib.contextmanager
    def _connected(self, database: str = "postgres") -> Iterator["Connection"]:
        """As superuser. Errors: TemporarilyUnavailable when the server ends meanwhile, pg8000's DatabaseError."""
        from pg8000.exceptions import DatabaseError, InterfaceError

        try:
            connection = self._server.connect(database)
            try:
                yield connection
            finally:
                with contextlib.suppress(InterfaceError, OSError, DatabaseError):
                    connection.close()
        except (InterfaceError, OSError) as error:
            raise TemporarilyUnavailable(f"Postgres broke off ({error}): try again.") from error
        except DatabaseError as error:
            if loading.is_passing(error):
                raise TemporarilyUnavailable(f"Postgres: {loading.facts(error)['M']}. Try again.") from error
            raise
