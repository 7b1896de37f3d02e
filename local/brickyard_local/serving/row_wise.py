"""Requests answered together: small ones that wait at the same moment go through the model in one call.

Most of what a small request costs is per call and not per row (making a frame, checking it, a pipeline's steps). So
while one call runs, those that come wait, and go together in the next: none waits for others to come. Only for models
that answer row by row, which are those of the flavours below with named columns; everything else, every other body and
every failure is mlflow's own to answer, by itself, so that formats and errors stay mlflow's.
Units: BRICKYARD_MICRO_BATCHING=0 among a served entity's variables leaves all to mlflow.
Source: mlflow.pyfunc.scoring_server (`invocations`, whose functions read and write the JSON here too, but for what
`small_frames` reads alike)
"""

import asyncio
import os
import queue
import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from brickyard_local.serving.small_frames import SmallFrames
from brickyard_local.serving.streams import App, Message, Receive, Send, replayed

SWITCH = "BRICKYARD_MICRO_BATCHING"
FLAVOURS = frozenset({"sklearn", "xgboost", "lightgbm"})
_MOST_BYTES = 64 * 1024  # a larger body is worth a call of its own, and would keep the small ones waiting
_MOST_TOGETHER = 64


def answers_row_by_row(metadata: Any) -> bool:
    """Whether rows of several requests may go through the model in one call."""
    schema = metadata.get_input_schema()
    return (
        os.environ.get(SWITCH) != "0"
        and not FLAVOURS.isdisjoint(metadata.flavors)
        and schema is not None
        and bool(schema.has_input_names())
        and not schema.is_tensor_spec()
        and metadata.get_params_schema() is None
    )


class RowWise:
    """ASGI application: small JSON requests together, and else what lies behind it."""

    def __init__(self, app: App, model: Any) -> None:
        self._app = app
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._calls = _Calls(model)
        threading.Thread(target=self._keep_answering, name="row-wise", daemon=True).start()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/invocations" or not _is_json(scope):
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        is_small = len(body) <= _MOST_BYTES and b'"stream"' not in body
        text = await self._together(body) if is_small else None
        if text is None:
            await self._app(scope, replayed(body, receive), send)
            return
        await Response(text, media_type="application/json")(scope, receive, send)

    async def _together(self, body: bytes) -> str | None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()
        self._waiting.put(_Waiting(body=body, answer=answer, loop=loop))
        return await answer

    def _keep_answering(self) -> None:
        while True:
            taken = [self._waiting.get()]
            while len(taken) < _MOST_TOGETHER and not self._waiting.empty():
                taken.append(self._waiting.get())
            for waiting, text in zip(taken, self._calls.answers([each.body for each in taken]), strict=True):
                waiting.loop.call_soon_threadsafe(_settle, waiting.answer, text)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    body: bytes
    answer: "asyncio.Future[str | None]"
    loop: asyncio.AbstractEventLoop


class _Calls:
    """Bodies through the model, in as few calls as their columns allow."""

    def __init__(self, model: Any) -> None:
        from mlflow.pyfunc import scoring_server

        self._model = model
        self._schema = model.metadata.get_input_schema()
        self._parse: Any = scoring_server._parse_json_data  # noqa: SLF001 - mlflow's own reading of every format
        self._write: Any = scoring_server.predictions_to_json
        self._small = SmallFrames(model.metadata)

    def answers(self, bodies: Sequence[bytes]) -> list[str | None]:
        """The JSON of each answer; None where mlflow is to answer."""
        texts: list[str | None] = [None] * len(bodies)
        alike: dict[Hashable, list[tuple[int, Any]]] = {}
        for place, body in enumerate(bodies):
            frame = self._frame(body)
            if frame is not None:
                alike.setdefault(tuple(frame.dtypes.items()), []).append((place, frame))
        for members in alike.values():
            for (place, _), text in zip(members, self._call([frame for _, frame in members]), strict=True):
                texts[place] = text
        return texts

    def _frame(self, body: bytes) -> Any:
        from pandas import DataFrame

        small = self._small.read(body)
        if small is not None:
            return small
        try:
            parsed = self._parse(body, self._model.metadata, self._schema)
        except Exception:  # noqa: BLE001 - whatever it is, mlflow says it again and better
            return None
        plain = isinstance(parsed.data, DataFrame) and not parsed.params and not parsed.is_unified_llm_input
        return parsed.data if plain and len(parsed.data) else None

    def _call(self, frames: Sequence[Any]) -> list[str | None]:
        import pandas as pd

        together = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
        try:
            said = self._model.predict(together)
            if len(said) != len(together):
                return [None] * len(frames)
            return self._apart(said, [len(frame) for frame in frames])
        except Exception:  # noqa: BLE001 - one of them may be at fault: each gets its own answer
            return [None] * len(frames)

    def _apart(self, said: Any, sizes: Sequence[int]) -> list[str | None]:
        texts: list[str | None] = []
        begin = 0
        for size in sizes:
            part = said[begin : begin + size]
            text = StringIO()
            self._write(part, text)
            texts.append(text.getvalue())
            begin += size
        return texts


def _settle(answer: "asyncio.Future[str | None]", text: str | None) -> None:
    if not answer.done():  # the client may have gone
        answer.set_result(text)


def _is_json(scope: Message) -> bool:
    given = dict(scope["headers"]).get(b"content-type", b"")
    return bool(scope["method"] == "POST" and given in (b"application/json", b"application/json; charset=utf-8"))
