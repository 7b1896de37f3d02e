"""A model of mlflow's transformers flavour that streams too. Packed with the model: it imports nothing of ours.

mlflow loads it by name (`loader_module` in the model's MLmodel). `predict` is the flavour's own; `predict_stream` is
the same call with a streamer, so that a stream says the words that an answer would, in OpenAI's chunks. Who hangs up
stops it.
Source: platform.openai.com/docs/api-reference/chat-streaming; mlflow.pyfunc `predict_stream`; transformers
`TextIteratorStreamer`
"""

import queue
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Self


def _load_pyfunc(path: str, model_config: Any = None) -> "Streaming":
    """What mlflow calls."""
    from mlflow import transformers

    return Streaming(transformers._load_pyfunc(path, model_config))  # noqa: SLF001 - mlflow's loader of this flavour


class Streaming:
    """The flavour's model, with streams."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """A list of completions, as the flavour answers."""
        return self._whole.predict(data, params)

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """One completion in chunks; the last says why it ended and what it used. Errors: as `predict`."""
        call = _Call(self._whole, data, dict(params or {}))
        head = {"id": str(uuid.uuid4()), "created": int(time.time())}
        chat = str(self._whole.llm_inference_task).endswith("chat")
        with call:
            begun = False
            for piece in call.pieces():
                text = piece if begun else piece.lstrip()  # as the flavour does
                if text:
                    yield {**head, **_chunk(text, chat=chat, first=not begun)}
                    begun = True
        answer: dict[str, Any] = call.answer()
        last = _chunk("", chat=chat, first=not begun)
        last["choices"][0]["finish_reason"] = answer["choices"][0]["finish_reason"]
        yield {**head, **last, "usage": answer["usage"]}


class _Call:
    """A call of the model in a thread of its own, and the words as they come."""

    def __init__(self, whole: Any, data: Any, params: dict[str, Any]) -> None:
        from transformers import TextIteratorStreamer

        self._unwanted = threading.Event()
        self._streamer = TextIteratorStreamer(whole.pipeline.tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._ended: queue.Queue[Any] = queue.Queue()
        given = {**params, "streamer": self._streamer, "stopping_criteria": [self._is_unwanted]}
        self._thread = threading.Thread(target=self._run, args=(whole, data, given), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._unwanted.set()
        self._thread.join()

    def pieces(self) -> Iterator[str]:
        """Words as they come."""
        yield from self._streamer

    def answer(self) -> Any:
        """The whole answer, when it has ended. Errors: as the model's `predict`."""
        found = self._ended.get_nowait()
        if isinstance(found, BaseException):
            raise found
        return found

    def _is_unwanted(self, *_words: Any, **_named: Any) -> bool:
        return self._unwanted.is_set()

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
