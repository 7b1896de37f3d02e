"""A table in an online store: a database instance of Databricks (Lakebase), asked by key in Postgres' protocol.

Source: docs.databricks.com/aws/en/oltp/instances/query/notebook (host, user and token), SDK `database`.
"""

import contextlib
import datetime as dt
import importlib
import os
import ssl
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .packed import TYPES

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from pg8000.native import Connection

_PORT = 5432
_ANSWERS_WITHIN_S = 10.0  # a store that slept needs some of it
_TOKEN_FOR = dt.timedelta(minutes=15)  # of the hour that it is good for
_MOST_IDLE = 16
_ARRAYS = {"string": "text[]", "double": "float8[]", "int": "bigint[]"}


class OnlineStoreFailed(RuntimeError):
    """Raised when a store does not answer: the request fails, since any value would be a guess."""


class OnlineTable:
    """The newest rows of a synced table, `catalog.schema.table`, whose `columns` (name and type) have `key` in them."""

    def __init__(self, store: "Store", table: str, *, key: str, columns: Mapping[str, str]) -> None:
        self._store = store
        self._database, *names = table.split(".")
        self._key, self._selected = key, {key: columns[key], **columns}
        self._nothing = (None,) * len(self._selected)
        selected = ", ".join(_quoted(name) for name in self._selected)
        place = ".".join(_quoted(name) for name in names)
        where = f"{_quoted(key)} = ANY(CAST(:keys AS {_ARRAYS[columns[key]]}))"
        self._select = f"SELECT {selected} FROM {place} WHERE {where}"  # noqa: S608 - names are quoted, keys a parameter

    def rows(self, keys: pd.Series) -> pd.DataFrame:
        """A row for each of the keys, in their order; missing values where no row has the key. One query.

        Errors: OnlineStoreFailed.
        """
        asked = self._asked(keys)
        known = {row[0]: row for row in self._store.rows(self._database, self._select, asked)} if asked else {}
        found = [known.get(key, self._nothing) for key in keys.tolist()]
        # Of a few rows, pandas' own ways take longer than Postgres.
        columns = {
            name: np.array([np.nan if row[at] is None else row[at] for row in found], dtype=TYPES[kind])
            for at, (name, kind) in enumerate(self._selected.items())
            if name != self._key
        }
        return pd.DataFrame(columns, index=pd.Index(keys))

    def _asked(self, keys: pd.Series) -> list[Any]:
        different = keys.dropna().unique().tolist()
        if self._selected[self._key] == "int":
            return [int(key) for key in different if float(key).is_integer()]
        return different


class Store:
    """A database instance by its name, and connections to it that are kept. Safe for threads, and across a fork.

    `tables` are the synced tables, `catalog.schema.table`, that its tokens are to read.
    """

    def __init__(self, instance: str, tables: Sequence[str]) -> None:
        for module in ("databricks.sdk", "pg8000.native"):  # now, or the first request would wait for a second
            importlib.import_module(module)
        self._instance, self._tables = instance, tables
        self._lock = threading.Lock()
        self._idle: dict[str, list[Connection]] = {}
        self._process = os.getpid()
        self._access: Access | None = None

    def rows(self, database: str, select: str, keys: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """What `select`, with the parameter `:keys`, finds. A connection that broke meanwhile is made anew, once.

        Errors: OnlineStoreFailed.
        """
        try:
            connection = self._kept(database)
            if connection is not None:
                try:
                    return self._asked(database, connection, select, keys)
                except Exception:  # noqa: BLE001 - whatever a kept connection says may be about the connection
                    self.close()
            return self._asked(database, self._connected(database), select, keys)
        except Exception as error:
            raise OnlineStoreFailed(
                f"the online store {self._instance} did not answer for {', '.join(self._tables)}:"
                f" {type(error).__name__}: {error}"
            ) from error

    def _asked(
        self, database: str, connection: "Connection", select: str, keys: Sequence[Any]
    ) -> Sequence[Sequence[Any]]:
        try:
            found: Sequence[Sequence[Any]] = connection.run(select, keys=_array(keys)) or []
        except BaseException:
            _close(connection)
            raise
        with self._lock:
            idle = self._idle.setdefault(database, [])
            if len(idle) < _MOST_IDLE:
                idle.append(connection)
                return found
        _close(connection)
        return found

    def _kept(self, database: str) -> "Connection | None":
        with self._lock:
            if self._process != os.getpid():  # a copy by fork: they are the parent's
                self._process, self._idle, self._access = os.getpid(), {}, None
            idle = self._idle.get(database)
            return idle.pop() if idle else None

    def _connected(self, database: str) -> "Connection":
        from pg8000.native import Connection

        with self._lock:  # one asks for the token, the others wait for it
            if self._access is None or self._access.is_old():
                self._access = Access.of(self._instance, self._tables)
            access = self._access
        try:
            return Connection(
                access.user,
                host=access.host,
                port=int(os.environ.get("PGPORT", _PORT)),
                database=database,
                password=access.token,
                timeout=_ANSWERS_WITHIN_S,
                ssl_context=tls(os.environ.get("PGSSLMODE", "verify-full")),
                application_name="brickyard",
            )
        except Exception:
            with self._lock:
                self._access = None  # a token may have been taken back, a host may have moved
            raise

    def close(self) -> None:
        """Close what is kept; the next look-up connects again."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connection in (one for connections in idle.values() for one in connections):
            _close(connection)


class Access:
    """Where a store is, who asks, and a token that reads some tables for less than an hour."""

    def __init__(self, *, host: str, user: str, token: str) -> None:
        self.host, self.user, self.token = host, user, token
        self._since = time.monotonic()

    def is_old(self) -> bool:
        """Whether another token should be asked for."""
        return time.monotonic() - self._since > _TOKEN_FOR.total_seconds()

    @classmethod
    def of(cls, instance: str, tables: Sequence[str], workspace: "WorkspaceClient | None" = None) -> "Access":
        """Asked of the workspace, as whoever this process is there."""
        from databricks.sdk import WorkspaceClient
        from databricks.sdk.service.database import RequestedClaims, RequestedClaimsPermissionSet, RequestedResource

        workspace = workspace or WorkspaceClient()
        found = workspace.database.get_database_instance(instance)
        host = found.read_only_dns or found.read_write_dns
        if not host:
            raise OnlineStoreFailed(f"{instance} has no address; its state is {found.state}")
        claims = RequestedClaims(
            permission_set=RequestedClaimsPermissionSet.READ_ONLY,
            resources=[RequestedResource(table_name=table) for table in tables],
        )
        credential = workspace.database.generate_database_credential(
            claims=[claims], instance_names=[instance], request_id=str(uuid.uuid4())
        )
        return cls(host=host, user=str(workspace.current_user.me().user_name), token=str(credential.token))


def tls(mode: str) -> "ssl.SSLContext | None":
    """What libpq means by its sslmode.

    Errors: ValueError, for one that would send the token to anybody.
    """
    if mode == "verify-full":
        return ssl.create_default_context()
    if mode == "require":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    raise ValueError(f"PGSSLMODE is {mode!r}; it must be verify-full or require: a token goes over this connection")


def _array(keys: Sequence[Any]) -> str:
    r"""Keys as Postgres reads an array. pg8000 leaves `nULL` without quotes, and that is no key but a missing one.

    >>> _array(["nULL", 'a"\\'])
    '{"nULL","a\\"\\\\"}'
    >>> _array([1, -2.5])
    '{1,-2.5}'
    """
    return "{" + ",".join(map(_element, keys)) + "}"


def _element(key: Any) -> str:
    if not isinstance(key, str):
        return str(key)
    escaped = key.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _quoted(name: str) -> str:
    """A name as an SQL identifier.

    >>> _quoted('a"b')
    '"a""b"'
    """
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _close(connection: "Connection") -> None:
    with contextlib.suppress(Exception):  # it was broken, or is now
        connection.close()
