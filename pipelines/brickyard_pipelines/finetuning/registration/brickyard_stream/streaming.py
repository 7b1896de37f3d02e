"""`predict` is the flavour's own; `predict_stream` is the same call with a streamer.

So a stream says the words that an answer would, in OpenAI's chunks. Who hangs up stops it, as does a text of `stop`,
which is not said.
*Units*: BRICKYARD_ANSWERS_AT_ONCE in the environment, answers under way at most; 16 without it.
Source: platform.openai.com/docs/api-reference/chat-streaming; mlflow.pyfunc `predict_stream`; transformers
`TextIteratorStreamer`
"""

import os
import queue
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Self

from .room import room
from .stops import before, cut, without_stop
from .together import Together

_AT_ONCE = "BRICKYARD_ANSWERS_AT_ONCE"
_MOST = 16


class Streaming:
    """The flavour's model, with streams, its forward passes made for all calls together."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        Together(whole.pipeline, most=int(os.environ.get(_AT_ONCE) or _MOST), tokens=room(whole.pipeline.model))

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """A list of completions, as the flavour answers."""
        data, given, stops = without_stop(data, params)
        if stops:
            given["stopping_criteria"] = self._criteria(stops)
        return [cut(answer, stops) for answer in self._whole.predict(data, given)]

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """One completion in chunks; the last says why it ended and what it used. Errors: as `predict`."""
        data, given, stops = without_stop(data, params)
        call = _Call(self._whole, data, given, self._criteria(stops))
        head = {"id": str(uuid.uuid4()), "created": int(time.time())}
        chat = str(self._whole.llm_inference_task).endswith("chat")
        with call:
            begun = False
            for piece in before(call.pieces(), stops):
                text = piece if begun else piece.lstrip()  # as the flavour does
                if text:
                    yield {**head, **_chunk(text, chat=chat, first=not begun)}
                    begun = True
        answer: dict[str, Any] = cut(call.answer(), stops)
        last = _chunk("", chat=chat, first=not begun)
        last["choices"][0]["finish_reason"] = answer["choices"][0]["finish_reason"]
        yield {**head, **last, "usage": answer["usage"]}

    def _criteria(self, stops: list[str]) -> list[Any]:
        """What ends an answer at one of these texts; the flavour would ask a hub for a tokenizer."""
        from transformers import StopStringCriteria

        return [StopStringCriteria(self._whole.pipeline.tokenizer, stops)] if stops else []


class _Call:
    """A call of the model in a thread of its own, and the words as they come."""

    def __init__(self, whole: Any, data: Any, params: dict[str, Any], criteria: list[Any]) -> None:
        from transformers import TextIteratorStreamer

        self._unwanted = False
        self._streamer = TextIteratorStreamer(whole.pipeline.tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._ended: queue.Queue[Any] = queue.Queue()
        given = {**params, "streamer": self._streamer, "stopping_criteria": [*criteria, self._is_unwanted]}
        self._thread = threading.Thread(target=self._run, args=(whole, data, given), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        # Waits for nothing: a stream that a server forgot is ended by Python's collector, in any thread, that of the
        # passes among them, for which the call waits.
        self._unwanted = True

    def pieces(self) -> Iterator[str]:
        """Words as they come."""
        yield from self._streamer

    def answer(self) -> Any:
        """The whole answer, which follows its last word. Errors: as the model's `predict`."""
        found = self._ended.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _is_unwanted(self, *_words: Any, **_named: Any) -> bool:
        return self._unwanted

    def _run(self, whole: Any, data: Any, given: dict[str, Any]) -> None:
        try:
            self._ended.put(whole.predict(data, given)[0])
        except BaseException as error:  # noqa: BLE001 - whoever reads the stream is told
            self._ended.put(error)
        finally:
            self._streamer.end()


def _chunk(text: str, *, chat: bool, first: bool) -> dict[str, Any]:
    if not chat:
        return {"object": "text_completion", "choices": [{"index": 0, "text": text, "finish_reason": None}]}
    delta = {"content": text} | ({"role": "assistant"} if first else {})
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
