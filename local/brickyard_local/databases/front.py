"""What clients of database instances connect to: TLS, a token as the password, and then the server behind.

As Lakebase, it takes an OAuth token in place of a password and refuses connections without TLS. Which tables may be
read, the token says; after the login, bytes are passed on without a look at them.
Gaps: logins by a role's own password; writing (synced tables are read only); `current_user` and `current_database()`
show the names that the server behind has.
Source: docs.databricks.com/aws/en/oltp/instances/authentication; postgresql.org/docs/16/protocol-flow.html
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from brickyard_local.account import HOST
from brickyard_local.databases import naming
from brickyard_local.databases.certificate import tls_context
from brickyard_local.databases.connections import Inbox
from brickyard_local.databases.errors import CannotLoad, LoginRefused
from brickyard_local.databases.naming import OnlineTable
from brickyard_local.databases.postgres import Postgres
from brickyard_local.databases.session import Admission, Claim, Door, serve
from brickyard_local.errors import ApiError, CannotStart

_MOST_CLIENTS = 500
_LOGINS_AT_ONCE = 8
_DEFAULT_DATABASE = "databricks_postgres"  # every instance has it


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Whose tables a client reads; all of the instance where `tables` is None."""

    instance: str
    tables: frozenset[OnlineTable] | None = None


Authenticate = Callable[[str, str], Login | None]
"""Called in a thread with a user's name and a token. None: wrong. Errors: LoginRefused, where more can be said."""


class Front:
    """Listens on 127.0.0.1. `certificate` is a file, made when it is not there."""

    def __init__(self, postgres: Postgres, certificate: Path, authenticate: Authenticate) -> None:
        self._postgres = postgres
        self._certificate = certificate
        self._authenticate = authenticate
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._threads = ThreadPoolExecutor(_LOGINS_AT_ONCE, thread_name_prefix="database-login")
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    def start(self, port: int = 0) -> int:
        """Listen, on a free port unless one is named; which it is. Errors: CannotStart when the port is taken."""
        context = tls_context(self._certificate)
        listener = _listener(port)
        door = Door(tls=context, admit=self._admit, socket=self._socket, is_full=self._is_full)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="database-front", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(listener, door), self._loop).result()
        self.port = int(listener.getsockname()[1])
        return self.port

    def close(self) -> None:
        """Disconnect everybody."""
        if self._thread is not None:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._thread = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _listen(self, listener: socket.socket, door: Door) -> asyncio.Server:
        return await self._loop.create_server(lambda: _Arrival(partial(self._arrived, door)), sock=listener)

    def _arrived(self, door: Door, inbox: Inbox) -> None:
        task = self._loop.create_task(serve(inbox, door))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _is_full(self) -> bool:
        return len(self._clients) > _MOST_CLIENTS

    async def _admit(self, claim: Claim) -> Admission:
        return await self._loop.run_in_executor(self._threads, self._judged, claim)

    async def _socket(self) -> Path:
        return await self._loop.run_in_executor(self._threads, lambda: self._postgres.socket)

    def _judged(self, claim: Claim) -> Admission:
        try:
            login = self._authenticate(claim.user, claim.token)
            if login is None:
                raise LoginRefused(f'password authentication failed for user "{claim.user}"', sqlstate="28P01")
            return self._admitted(login, claim.user, claim.database)
        except (ApiError, CannotLoad) as error:
            raise LoginRefused(str(error), sqlstate="57P03") from error

    def _admitted(self, login: Login, user: str, database: str) -> Admission:
        if database == _DEFAULT_DATABASE and login.tables is None:
            self._postgres.create_database(login.instance, database)
        if not self._postgres.has_database(login.instance, database):
            raise LoginRefused(f'database "{database}" does not exist', sqlstate="3D000")
        if login.tables is not None and database not in {table.database for table in login.tables}:
            raise LoginRefused(
                f'permission denied for database "{database}": the token is for none of its tables', sqlstate="42501"
            )
        return Admission(
            role=self._postgres.login(login.instance, user, login.tables),
            database=naming.physical_database(login.instance, database),
            socket=self._postgres.socket,
        )


class _Arrival(Inbox):
    """A client that just connected."""

    def __init__(self, arrived: Callable[[Inbox], None]) -> None:
        super().__init__()
        self._arrived = arrived

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._arrived(self)


def _listener(port: int) -> socket.socket:
    # asyncio turns off Nagle's algorithm only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise CannotStart(f"Port {port} of the database instances is taken ({error.strerror}): free it.") from error
    listener.listen(1024)
    return listener
