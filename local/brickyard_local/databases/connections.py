"""Both ends of a client's connection: what it sends before its session begins, and the pipe that it is afterwards."""

import asyncio
from typing import cast

_MOST_BYTES = 64 * 1024


class Gone(Exception):
    """Raised when the client left, or sent what no client of Postgres sends."""


class Inbox(asyncio.Protocol):
    """What a client sent and nobody took yet. More than is needed is left with the operating system."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.transport: asyncio.Transport
        self.ended = False
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.bytes += data
        if len(self.bytes) > _MOST_BYTES:
            self.transport.pause_reading()
        self._changed.set()

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._end()

    async def take(self, size: int) -> bytes:
        """The next bytes. Errors: Gone."""
        while len(self.bytes) < size:
            if self.ended:
                raise Gone
            self._changed.clear()
            if not self.transport.is_reading():
                self.transport.resume_reading()
            await self._changed.wait()
        taken = bytes(self.bytes[:size])
        del self.bytes[:size]
        return taken

    def _end(self) -> None:
        self.ended = True
        self._changed.set()


class Pipe(asyncio.Protocol):
    """One end of a session: what arrives here goes out at the other end, as fast as that takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.other: Pipe
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.other.transport.write(data)

    def pause_writing(self) -> None:
        if not self.other.ended.is_set():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if not self.other.ended.is_set():
            self.other.transport.resume_reading()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.ended.set()
        self.other.transport.close()


def join(one: Pipe, other: Pipe) -> None:
    """From here on, each is the other's other end."""
    one.other, other.other = other, one
