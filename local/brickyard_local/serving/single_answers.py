"""One question, one answer: a language model's completion as an object, as endpoints of language models answer.

mlflow's transformers flavour answers a list, of one completion for each question; a request asks one question.
Source: docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference (chat completions);
mlflow.transformers `postprocess_output_for_llm_inference_task`
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from brickyard_local.serving.mlmodel import Facts

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
_TASK, _FLAVOUR = "llm/v1/", "transformers"


def answers_in_lists(facts: Facts) -> bool:
    """Whether mlflow's server answers a list where an endpoint answers an object."""
    return (facts.task or "").startswith(_TASK) and _FLAVOUR in facts.flavors


class SingleAnswers:
    """ASGI application: a JSON list of one object leaves as that object; everything else as it is."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/invocations":
            await self._app(scope, receive, send)
            return
        held = _Held(send)
        await self._app(scope, receive, held.send)


class _Held:
    """An answer in JSON, kept until it is whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Pass on what is no JSON as it comes."""
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
            return
        if message["type"] != "http.response.body" or not self._start:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = single(bytes(self._body))
        others = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await self._send({**self._start, "headers": [*others, length]})
        await self._send({"type": "http.response.body", "body": body})


def _is_json(start: Message) -> bool:
    kinds = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return any(kind.startswith(b"application/json") for kind in kinds)


def single(body: bytes) -> bytes:
    """The one object of a list; anything else as it is.

    >>> single(b'[{"choices": []}]')
    b'{"choices": []}'
    >>> single(b'[1]'), single(b'{"a": 1}')
    (b'[1]', b'{"a": 1}')
    """
    if not body.lstrip().startswith(b"["):
        return body
    try:
        found = json.loads(body)
    except ValueError:
        return body
    if len(found) != 1 or not isinstance(found[0], dict):
        return body
    return json.dumps(found[0]).encode()
