"""Routes of /serving-endpoints/{name}/invocations, and of OpenAI's clients. HTTP only.

Source: docs.databricks.com/aws/en/machine-learning/model-serving/score-custom-model-endpoints; the SDK's
`mixins/open_ai_client.py` (paths of OpenAI); model-serving-limits (16 MB, 297 s).
"""

import time
from collections.abc import AsyncIterator
from http import HTTPStatus

import anyio
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from brickyard_local.callers import Caller, CurrentCaller
from brickyard_local.errors import ApiError
from brickyard_local.routing import LazyRouter
from brickyard_local.serving.admission import Admitted
from brickyard_local.serving.payload_table import MOST_BODY_BYTES
from brickyard_local.serving.questions import Question, addressed, question
from brickyard_local.serving.served import REQUEST_S
from brickyard_local.serving.served_http import Answer, NoAnswer, NoAnswerInTime
from brickyard_local.state import Local, LocalState

router = LazyRouter(tags=["serving"])
_MOST_BYTES = 16 * 1024 * 1024
_SSE = "text/event-stream"
_ENDPOINT = "/serving-endpoints/{name}"


@router.post(_ENDPOINT + "/invocations")
async def invoke(name: str, request: Request, caller: CurrentCaller, local: Local) -> Response:
    """Ask an endpoint; who answers is chosen by the traffic shares."""
    return await _invoke(name, None, await _body(request), request, caller, local)


@router.post(_ENDPOINT + "/served-models/{entity}/invocations")
async def invoke_entity(name: str, entity: str, request: Request, caller: CurrentCaller, local: Local) -> Response:
    """Ask one served entity of an endpoint."""
    return await _invoke(name, entity, await _body(request), request, caller, local)


@router.post("/serving-endpoints/chat/completions")
@router.post("/serving-endpoints/completions")
@router.post("/serving-endpoints/embeddings")
@router.post("/serving-endpoints/responses")
async def ask_as_openai(request: Request, caller: CurrentCaller, local: Local) -> Response:
    """The endpoint is named by `model` in the body."""
    name, body = addressed(await _body(request))
    return await _invoke(name, None, body, request, caller, local)


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > _MOST_BYTES:
            raise ApiError(
                f"The request body has more than {_MOST_BYTES} bytes, the most that Model Serving takes: send fewer "
                "rows per request.",
                error_code="BAD_REQUEST",
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
    return bytes(found)


async def _invoke(
    name: str, entity: str | None, sent: bytes, request: Request, caller: Caller, local: LocalState
) -> Response:
    asked = question(sent)
    admitted = await run_in_threadpool(local.serving.admission.admit, caller, name, entity)
    content_type = request.headers.get("content-type", "application/json")
    try:
        return await _ask(asked, content_type, admitted, local)
    except BaseException:
        admitted.served.leave()
        raise


async def _ask(asked: Question, content_type: str, admitted: Admitted, local: LocalState) -> Response:
    client = await admitted.served.up()
    headers = {"served-model-name": admitted.served.identity.name, "x-request-id": admitted.request_id}
    began = time.perf_counter()
    try:
        answer = await client.post("/invocations", asked.body, content_type)
        if answer.headers.get("content-type", "").startswith(_SSE):
            return _Events(_Exchange(answer, asked, admitted, began, local), headers)
        content = await answer.read()
    except NoAnswer as error:
        raise _no_answer(admitted, error) from error
    await run_in_threadpool(_done, local, admitted, asked, answer.status, content, began)
    admitted.served.leave()
    return Response(content, answer.status, headers, media_type=answer.headers.get("content-type"))


class _Exchange:
    """One streamed answer, until it is done: once, whether the client stays to its end or goes."""

    def __init__(self, answer: Answer, asked: Question, admitted: Admitted, began: float, local: LocalState) -> None:
        self.answer = answer
        self._asked, self._admitted, self._began, self._local = asked, admitted, began, local
        self._kept = bytearray()
        self._is_done = False

    async def events(self) -> AsyncIterator[bytes]:
        """Pass events on as they come; what was passed on is recorded before the last of it leaves."""
        last = b""
        async for chunk in self.answer.chunks():
            if last:
                yield last
            last = chunk
            self._kept += chunk if len(self._kept) <= MOST_BODY_BYTES else b""
        await self.done()
        if last:
            yield last

    async def done(self) -> None:
        """Record it, and let the process go. A second call does nothing.

        Whole, also when the client goes just now; and in a thread, since the spool may wait for the disk.
        """
        if self._is_done:
            return
        self._is_done = True
        facts = (self._admitted, self._asked, self.answer.status, bytes(self._kept), self._began)
        try:
            with anyio.CancelScope(shield=True):
                self.answer.close()
                await run_in_threadpool(_done, self._local, *facts)
        finally:
            self._admitted.served.leave()


class _Events(StreamingResponse):
    """Server-sent events of a model."""

    def __init__(self, exchange: _Exchange, headers: dict[str, str]) -> None:
        super().__init__(exchange.events(), exchange.answer.status, headers, media_type=_SSE)
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._exchange.done()


def _done(local: LocalState, admitted: Admitted, asked: Question, status: int, content: bytes, began: float) -> None:
    took_ms = round((time.perf_counter() - began) * 1000)
    local.serving.admission.done(admitted, status, took_ms, asked.sent, content, asked.client_request_id)


def _no_answer(admitted: Admitted, error: NoAnswer) -> ApiError:
    name = admitted.served.identity.name
    if isinstance(error, NoAnswerInTime):
        reason = f"Served entity '{name}' did not answer within {REQUEST_S:.0f} s."
        return ApiError(reason, error_code="DEADLINE_EXCEEDED", status=HTTPStatus.GATEWAY_TIMEOUT)
    return ApiError(f"Served entity '{name}' did not answer: {error}")
