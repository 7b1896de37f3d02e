"""One client of the front: its greeting, its TLS, its token, and then the server behind."""

import asyncio
import logging
import ssl
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from brickyard_local.databases import wire
from brickyard_local.databases.connections import Gone, Inbox, Pipe, join
from brickyard_local.databases.errors import LoginRefused

LOGIN_S = 15.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who a client says it is. The token is in no `repr`, so in no log."""

    user: str
    database: str
    token: str

    def __repr__(self) -> str:
        return f"Claim(user={self.user!r}, database={self.database!r})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """As whom, and where, the client goes on."""

    socket: Path
    role: str
    database: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """What a session needs of the front: `admit` judges a claim, `socket` is where a cancellation goes.

    Errors: LoginRefused of `admit`.
    """

    tls: ssl.SSLContext
    admit: Callable[[Claim], Awaitable[Admission]]
    socket: Callable[[], Awaitable[Path]]
    is_full: Callable[[], bool]


async def serve(inbox: Inbox, door: Door) -> None:
    """Until the client or the server behind hangs up."""
    try:
        await _Session(inbox, door).run()
    except LoginRefused as refusal:
        inbox.transport.write(wire.fatal(refusal.sqlstate, refusal.message))
    except (Gone, TimeoutError, OSError, ValueError):
        pass
    except asyncio.CancelledError:
        inbox.transport.abort()
        raise
    except Exception as error:  # noqa: BLE001 - one client's trouble is not the others'
        # Without its words: they may hold what the client sent.
        _log.error("A database client's session: %s\n%s", type(error).__name__, _lines(error))
        inbox.transport.write(wire.fatal("XX000", "internal error: see the log of the local workspace"))
    finally:
        inbox.transport.close()


def _lines(error: Exception) -> str:
    return "".join(traceback.format_tb(error.__traceback__))


class _Session:
    def __init__(self, inbox: Inbox, door: Door) -> None:
        self._inbox = inbox
        self._door = door
        self._encrypted = False

    async def run(self) -> None:
        if self._door.is_full():
            raise LoginRefused("sorry, too many clients already", sqlstate="53300")
        async with asyncio.timeout(LOGIN_S):
            version, wanted = await self._greeting()
            user = wanted.pop("user", "")
            database = wanted.pop("database", "") or user
            token = await self._token()
        admission = await self._door.admit(Claim(user=user, database=database, token=token))
        behind = {"user": admission.role, "database": admission.database, **wanted}
        await self._pass_on(admission.socket, wire.startup(version, behind))

    async def _greeting(self) -> tuple[int, dict[str, str]]:
        """The version of the protocol, and the parameters that the session starts with."""
        while True:
            size = wire.length(await self._inbox.take(4))
            if not wire.SHORTEST_STARTUP <= size <= wire.LONGEST_STARTUP:
                raise Gone
            body = await self._inbox.take(size - 4)
            code = wire.length(body[:4])
            if code == wire.SSL_REQUEST:
                await self._encrypt()
            elif code == wire.GSS_REQUEST:
                self._inbox.transport.write(b"N")
            elif code == wire.CANCEL_REQUEST:
                await self._cancel(body)
            else:
                return self._checked(code), wire.parameters(body[4:])

    def _checked(self, version: int) -> int:
        if version >> 16 != wire.VERSION_3:
            asked = f"{version >> 16}.{version & 0xFFFF}"
            raise LoginRefused(f"unsupported frontend protocol {asked}: server supports 3.0", sqlstate="0A000")
        if not self._encrypted:
            raise LoginRefused(
                "connections without TLS are refused: the password is a token. Connect with sslmode=require "
                "(PGSSLMODE), or with what your client calls it."
            )
        return version

    async def _encrypt(self) -> None:
        """Errors: Gone, also when something was sent too early: it would pass as if it had been encrypted."""
        if self._encrypted or self._inbox.bytes:
            raise Gone
        inbox = self._inbox
        inbox.transport.write(b"S")
        upgraded = await asyncio.get_running_loop().start_tls(
            inbox.transport, inbox, self._door.tls, server_side=True, ssl_handshake_timeout=LOGIN_S
        )
        inbox.transport = cast("asyncio.Transport", upgraded)
        self._encrypted = True

    async def _token(self) -> str:
        self._inbox.transport.write(wire.ASK_FOR_PASSWORD)
        kind = await self._inbox.take(1)
        size = wire.length(await self._inbox.take(4))
        if kind != b"p" or not 4 < size <= wire.LONGEST_PASSWORD:
            raise Gone
        return (await self._inbox.take(size - 4)).removesuffix(b"\0").decode()

    async def _pass_on(self, socket: Path, startup: bytes) -> None:
        here, there = Pipe(), Pipe()
        join(here, there)
        here.transport = self._inbox.transport
        await asyncio.get_running_loop().create_unix_connection(lambda: there, str(socket))
        there.transport.write(startup + bytes(self._inbox.bytes))
        here.transport.set_protocol(here)
        here.transport.resume_reading()
        if self._inbox.ended:
            there.transport.close()
        else:
            await here.ended.wait()
        await there.ended.wait()

    async def _cancel(self, body: bytes) -> None:
        """Pass a cancellation on. It is answered by hanging up, and asks for no TLS: as Postgres has it."""
        reader, writer = await asyncio.open_unix_connection(str(await self._door.socket()))
        try:
            writer.write(wire.packet(body))
            await reader.read()
        finally:
            writer.close()
        raise Gone
