"""Requests to a served entity's process: framed as HTTP says, on kept connections, and never sent twice."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.serving.served_http import Client, NoAnswer, NoAnswerInTime

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Handler = Callable[[bytes, Writer], Coroutine[Any, Any, None]]


class Process:
    """A server on a socket that answers each request with the next of its handlers, and keeps what it was sent."""

    def __init__(self, *handlers: Handler) -> None:
        self.handlers = list(handlers)
        self.asked: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        try:
            while self.handlers:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.asked.append(head + await reader.readexactly(size))
                await self.handlers.pop(0)(self.asked[-1], writer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


def says(*parts: bytes) -> Handler:
    """Each part by itself, as a slow process sends."""

    async def handle(_asked: bytes, writer: Writer) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return handle


async def stalls(_asked: bytes, writer: Writer) -> None:
    """Says the beginning of an answer, and then nothing until whoever asked has gone."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
    await writer.drain()
    await writer.wait_closed()


def run(
    folder: Path, process: Process, work: Callable[[Client], Coroutine[Any, Any, Any]], *, patience_s: float = 60
) -> Any:
    async def both() -> Any:
        socket = folder / "s"
        async with await asyncio.start_unix_server(process, str(socket)):
            return await work(Client(socket, patience_s=patience_s))

    return asyncio.run(both())


async def asked(client: Client, body: bytes = b"{}") -> tuple[int, bytes]:
    answer = await client.post("/invocations", body, "application/json")
    return answer.status, await answer.read()


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = (b"HTTP/1.1 400 Bad\r\nTransfer-", b"Encoding: chunked\r\n\r\n3;x=1\r\nhel", b"\r\n2\r\nlo\r\n", b"0\r\n\r\n")


def test_bodies_come_whole_however_they_are_framed_and_cut(tmp_path: Path) -> None:
    process = Process(says(WHOLE), says(*CHUNKS), says(*(bytes([byte]) for byte in WHOLE)))

    async def work(client: Client) -> Any:
        return [await asked(client, f"body {n}".encode()) for n in range(3)]

    assert run(tmp_path, process, work) == [(200, b"hello"), (400, b"hello"), (200, b"hello")]
    assert process.connections == 1, "a connection whose answer was read is used again"
    assert [request.rpartition(b"\r\n\r\n")[2] for request in process.asked] == [b"body 0", b"body 1", b"body 2"]


def test_requests_at_once_have_connections_of_their_own(tmp_path: Path) -> None:
    process = Process(*(says(WHOLE) for _ in range(5)))

    async def work(client: Client) -> Any:
        return await asyncio.gather(*(asked(client) for _ in range(5)))

    assert run(tmp_path, process, work) == [(200, b"hello")] * 5
    assert len(process.asked) == 5


def test_a_connection_that_the_process_closed_is_not_asked_on(tmp_path: Path) -> None:
    async def closes(_asked: bytes, writer: Writer) -> None:
        writer.write(WHOLE)
        writer.close()

    process = Process(closes, says(WHOLE))

    async def work(client: Client) -> Any:
        first = await asked(client)
        return first, await asked(client)

    assert run(tmp_path, process, work) == ((200, b"hello"), (200, b"hello"))
    assert (process.connections, len(process.asked)) == (2, 2)


def test_a_connection_is_not_used_again_when_its_answer_was_not_read_or_said_close(tmp_path: Path) -> None:
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    process = Process(says(WHOLE), says(last), says(WHOLE))

    async def work(client: Client) -> Any:
        (await client.post("/invocations", b"", "text/csv")).close()
        return await asked(client), await asked(client)

    assert run(tmp_path, process, work) == ((200, b"ok"), (200, b"hello"))
    assert process.connections == 3


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_half_an_answer_is_none(tmp_path: Path, said: bytes) -> None:
    with pytest.raises(NoAnswer):
        run(tmp_path, Process(says(said)), asked)


def test_a_process_that_stalls_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with pytest.raises(NoAnswerInTime):
        run(tmp_path, Process(stalls), asked, patience_s=0.2)


def test_a_request_that_the_process_broke_off_is_not_sent_again(tmp_path: Path) -> None:
    async def breaks_off(_asked: bytes, writer: Writer) -> None:
        writer.close()

    process = Process(says(WHOLE), breaks_off, says(WHOLE))

    async def work(client: Client) -> Any:
        await asked(client)
        with pytest.raises(NoAnswer):
            await asked(client)

    run(tmp_path, process, work)
    assert len(process.asked) == 2


def test_a_process_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="cannot be reached"):
        asyncio.run(Client(tmp_path / "none", patience_s=1).post("/invocations", b"", "text/csv"))


def test_a_callers_header_stays_one_line(tmp_path: Path) -> None:
    process = Process(says(WHOLE))

    async def work(client: Client) -> Any:
        return await (await client.post("/invocations", b"x", "text/csv\r\nx-evil: 1")).read()

    run(tmp_path, process, work)
    assert b"content-type: text/csvx-evil: 1\r\n" in process.asked[0]
