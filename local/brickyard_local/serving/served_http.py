"""HTTP to a served entity's process: only what its scoring server answers, over a socket that only we reach.

A general client spends about as long on a request as all else here together. Connections are kept and used again; one
that the process closed meanwhile is noticed before anything is sent, so nothing is ever sent twice.
Source: RFC 9112 (message framing: content-length, chunked)
"""

import asyncio
import select
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from brickyard_local.errors import LocalWorkspaceError

_MOST_IDLE = 64


class NoAnswer(LocalWorkspaceError):
    """Raised when the process closed the connection, or said what is no HTTP."""


class NoAnswerInTime(NoAnswer):
    """Raised when the process said nothing for too long."""


class Answer:
    """One answer: its head is here, its body comes by `read` or `chunks`. `close` it when not all of it is read."""

    def __init__(self, connection: "_Connection", status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers
        self._connection = connection

    async def read(self) -> bytes:
        """The whole body. Errors: NoAnswer."""
        return b"".join([part async for part in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. Errors: NoAnswer."""
        try:
            async for part in self._parts():
                yield part
            if self.headers.get("connection", "").lower() != "close":
                self._connection.give_back()
        finally:
            self.close()

    async def _parts(self) -> AsyncIterator[bytes]:
        connection = self._connection
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            if rest := _number(self.headers.get("content-length", "0"), 10):
                yield await connection.exactly(rest)
            return
        while size := _number((await connection.line()).partition(b";")[0], 16):
            yield await connection.exactly(size)
            await connection.line()
        while await connection.line():  # trailers
            pass

    def close(self) -> None:
        """Let the connection go, whatever of the answer is still to come."""
        self._connection.close_unless_given_back()


class Client:
    """Asks one process. Of one event loop."""

    def __init__(self, socket: Path, *, patience_s: float) -> None:
        self._socket = str(socket)
        self._patience_s = patience_s
        self._idle: list[_Connection] = []

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        """Ask, and wait for the answer's head. Errors: NoAnswer, NoAnswerInTime."""
        connection = self._kept() or await self._connect()
        try:
            head = f"POST {path} HTTP/1.1\r\nhost: served\r\ncontent-length: {len(body)}\r\n"
            # One line: a header of the caller's must not become two.
            head += f"content-type: {content_type.translate(_NO_LINE_ENDS)}\r\n\r\n"
            connection.send(head.encode("latin-1", "replace") + body)
            status, headers = _parsed(await connection.head())
        except BaseException:
            connection.close_unless_given_back()
            raise
        return Answer(connection, status, headers)

    def _kept(self) -> "_Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if connection.take():
                return connection
        return None

    async def _connect(self) -> "_Connection":
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError as error:
            raise NoAnswer(f"its socket cannot be reached: {error}") from error
        return _Connection(reader, writer, self._idle, self._patience_s)


_NO_LINE_ENDS = {ord("\r"): None, ord("\n"): None}


class _Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        idle: "list[_Connection]",
        patience_s: float,
    ) -> None:
        self._reader, self._writer, self._idle = reader, writer, idle
        self._patience_s = patience_s
        self._is_idle = False

    def take(self) -> bool:
        """Whether it can be used again; nothing may have come on it since."""
        self._is_idle = False
        gone = self._reader.at_eof() or self._writer.is_closing() or _readable(self._writer)
        if gone:
            self._writer.close()
        return not gone

    def give_back(self) -> None:
        """Its answer is read: the next request may have it."""
        if len(self._idle) < _MOST_IDLE and not self._is_idle:
            self._is_idle = True
            self._idle.append(self)

    def close_unless_given_back(self) -> None:
        if not self._is_idle:
            self._writer.close()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def head(self) -> bytes:
        return await self._until(b"\r\n\r\n")

    async def line(self) -> bytes:
        return (await self._until(b"\r\n"))[:-2]

    async def exactly(self, size: int) -> bytes:
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._reader.readexactly(size)
        except TimeoutError as error:
            raise NoAnswerInTime from error
        except (OSError, EOFError) as error:
            raise NoAnswer(f"it closed the connection: {error!r}") from error

    async def _until(self, end: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._reader.readuntil(end)
        except TimeoutError as error:
            raise NoAnswerInTime from error
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise NoAnswer(f"it closed the connection: {error!r}") from error


def _parsed(head: bytes) -> tuple[int, Mapping[str, str]]:
    r"""Status and headers by name in lower case.

    >>> _parsed(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    (200, {'content-type': 'text/plain'})
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
        raise NoAnswer(f"it said what is no HTTP: {first[:80]!r}")
    named = (line.partition(":") for line in lines if line)
    return int(rest[:3]), {name.lower(): value.strip() for name, _, value in named}


def _number(text: str | bytes, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise NoAnswer(f"it said what is no HTTP: a body of {text!r} bytes") from None


def _readable(writer: asyncio.StreamWriter) -> bool:
    """Whether something waits on its socket: of a connection that nobody asked on, its end."""
    poll = select.poll()
    poll.register(writer.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))
