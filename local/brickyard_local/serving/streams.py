"""Answers in pieces: what mlflow's scoring server lacks, in front of it, in a served entity's process.

A JSON body with `"stream": true` is answered by the model's `predict_stream` as server-sent events, as Model Serving
does: `data: {…}`, a piece each, and `data: [DONE]` last.
Source: mlflow.deployments.databricks `predict_stream` (what clients read); mlflow.pyfunc `PyFuncModel.predict_stream`.
"""

import asyncio
import json
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Streams:
    """ASGI application: streams when asked to, and else lets mlflow's answer."""

    def __init__(self, app: App, model: Any) -> None:
        self._app = app
        self._model = model

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/invocations":
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        asked = _streamed(body)
        if asked is None:
            await self._app(scope, replayed(body, receive), send)
            return
        answer = await self._answer(asked)
        await answer(scope, receive, send)

    async def _answer(self, asked: dict[str, Any]) -> Response:
        if getattr(self._model, "_predict_stream_fn", None) is None:
            return _refused("This model does not stream its answers (it has no predict_stream): leave 'stream' out.")
        pieces = _in_one_thread(self._pieces(asked))
        first = await anext(pieces)
        if isinstance(first, Failure):
            return _refused(f"The model failed before its first piece: {first.reason}")
        return StreamingResponse(_events(first, pieces), media_type="text/event-stream")

    def _pieces(self, asked: dict[str, Any]) -> Generator[Any, None, None]:
        from mlflow.pyfunc import scoring_server

        schema = self._model.metadata.get_input_schema()
        parse: Any = scoring_server._parse_json_data  # noqa: SLF001
        parsed = parse(json.dumps(asked), self._model.metadata, schema)
        yield from self._model.predict_stream(parsed.data, params=parsed.params)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why there are no more pieces."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """There are no more pieces."""


async def _in_one_thread(pieces: Generator[Any, None, None]) -> AsyncIterator[Any]:
    """The pieces, then `End` or `Failure`. One thread: mlflow's generators keep context variables over a piece."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[Any]()
    unwanted = threading.Event()

    def produce() -> None:
        last: Any = End()
        try:
            for piece in pieces:
                loop.call_soon_threadsafe(queue.put_nowait, piece)
                if unwanted.is_set():
                    break
        except Exception as error:  # noqa: BLE001 - a model may raise anything
            traceback.print_exc()
            last = Failure(reason=str(error))
        finally:
            pieces.close()
        loop.call_soon_threadsafe(queue.put_nowait, last)

    threading.Thread(target=produce, name="stream", daemon=True).start()
    try:
        while True:
            piece = await queue.get()
            yield piece
            if isinstance(piece, End | Failure):
                return
    finally:
        unwanted.set()


def _streamed(body: bytes) -> dict[str, Any] | None:
    """The request when it asks for a stream, without saying so."""
    if b'"stream"' not in body:
        return None
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    if not isinstance(asked, dict) or asked.get("stream") is not True:
        return None
    return {name: value for name, value in asked.items() if name != "stream"}


def replayed(body: bytes, receive: Receive) -> Receive:
    """The body, for whoever reads it next; then what comes after it."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _events(first: Any, pieces: AsyncIterator[Any]) -> AsyncIterator[str]:
    piece = first
    while not isinstance(piece, End | Failure):
        yield _event(piece)
        piece = await anext(pieces)
    if isinstance(piece, Failure):  # the status is sent already
        yield _event({"error_code": "BAD_REQUEST", "message": f"The model failed: {piece.reason}"})
        return
    yield "data: [DONE]\n\n"


def _event(piece: Any) -> str:
    from mlflow.utils.proto_json_utils import NumpyEncoder, _get_jsonable_obj

    plain: Any = _get_jsonable_obj
    return f"data: {json.dumps(plain(piece), cls=NumpyEncoder)}\n\n"


def _refused(message: str) -> Response:
    return JSONResponse({"error_code": "BAD_REQUEST", "message": message}, 400)
