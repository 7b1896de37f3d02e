"""Bodies and heads of requests come in time and in bounds."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from starlette.exceptions import HTTPException

from brickyard_local import gate, protocol
from brickyard_local.gate import BoundedBody
from brickyard_local.protocol import PunctualProtocol


def chunks(*bodies: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    waiting = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


def test_a_body_is_counted_over_its_chunks() -> None:
    async def read() -> None:
        body = BoundedBody(chunks(b"xx", b"xx"), most=3)
        await body()
        with pytest.raises(HTTPException) as refusal:
            await body()
        assert refusal.value.status_code == 413

    asyncio.run(read())


def test_a_file_may_be_of_any_length() -> None:
    async def read() -> int:
        body = BoundedBody(chunks(*[b"x" * 1000] * 100), most=None)
        return sum([len((await body())["body"]) for _ in range(100)])

    assert asyncio.run(read()) == 100_000


@pytest.mark.parametrize("most", [None, 100])
def test_a_body_that_stops_half_way_is_given_up(monkeypatch: pytest.MonkeyPatch, most: int | None) -> None:
    monkeypatch.setattr(gate, "_PAUSE_S", 0.01)

    async def read() -> None:
        body = BoundedBody(chunks(b"x"), most=most)
        await body()
        with pytest.raises(HTTPException) as refusal:
            await body()
        assert refusal.value.status_code == 408
        assert refusal.value.headers == {"connection": "close"}

    asyncio.run(read())


def test_a_body_in_memory_may_not_drip_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_WHOLE_BODY_S", -1.0)

    async def read() -> None:
        with pytest.raises(HTTPException, match="not come whole"):
            await BoundedBody(chunks(b"x"), most=100)()
        await BoundedBody(chunks(b"x"), most=None)()

    asyncio.run(read())


def test_waiting_for_the_client_to_leave_takes_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A streamed answer asks `receive` for the end of the connection after the body has come."""
    monkeypatch.setattr(gate, "_PAUSE_S", 0.01)
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0 if len(messages) == 2 else 0.05)
        return messages.pop(0)

    async def read() -> str:
        body = BoundedBody(receive, most=10)
        await body()
        return str((await body())["type"])

    assert asyncio.run(read()) == "http.disconnect"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_drips_ends_the_connection(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(protocol, "_HEAD_S", 0.2)
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    assert asyncio.run(answers(sent)) == b""
    assert asyncio.run(answers(whole)).startswith(b"HTTP/1.1 204")


def test_a_second_head_on_a_connection_is_timed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_HEAD_S", 0.2)
    answered = asyncio.run(answers(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HT"))
    assert answered.count(b"HTTP/1.1 204") == 1


async def answers(*parts: bytes) -> bytes:
    """Everything that the server says until it closes the connection."""

    async def app(_scope: object, _receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        await asyncio.sleep(0.3)  # longer than a head may take: an answer may
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    config = uvicorn.Config(app, http=PunctualProtocol, lifespan="off", log_config=None, timeout_keep_alive=1)
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        serving = asyncio.create_task(server._serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.4 if part is not parts[-1] else 0)
        said = await asyncio.wait_for(reader.read(), timeout=10)
        writer.close()
        server.should_exit = True
        await serving
        return said
