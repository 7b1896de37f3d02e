"""A language model's endpoint answers one completion as an object, whatever mlflow's server makes of it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from brickyard_local.serving.mlmodel import Facts
from brickyard_local.serving.single_answers import SingleAnswers, answers_in_lists


def answered(body: Sequence[bytes], *, path: str = "/invocations", kind: bytes = b"application/json") -> Any:
    """What leaves: the messages that the client's side gets."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        length = (b"content-length", str(sum(map(len, body))).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind), length]})
        for number, part in enumerate(body, start=1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(body)})

    async def keep(message: Any) -> None:
        sent.append(message)

    async def nothing() -> Any:
        return {"type": "http.disconnect"}

    asyncio.run(SingleAnswers(app)({"type": "http", "path": path}, nothing, keep))
    return sent


def test_a_list_of_one_completion_leaves_as_the_completion_with_its_length() -> None:
    start, body = answered([b'[{"choices"', b": [1]}]"])
    assert json.loads(body["body"]) == {"choices": [1]}
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()


@pytest.mark.parametrize("body", [b'{"error_code": "x"}', b"[1, 2]", b'[{"a": 1}, {"b": 2}]', b"[", b"[]"])
def test_everything_else_leaves_as_it_is(body: bytes) -> None:
    assert answered([body])[1]["body"] == body


def test_a_stream_is_passed_on_piece_by_piece_and_other_paths_are_left_alone() -> None:
    assert [m.get("body") for m in answered([b"[{}", b"]"], kind=b"text/event-stream")][1:] == [b"[{}", b"]"]
    assert answered([b"[{}]"], path="/version")[1]["body"] == b"[{}]"


@pytest.mark.parametrize(
    ("task", "flavour", "expected"),
    [("llm/v1/chat", "transformers", True), ("agent/v1/chat", "python_function", False), (None, "transformers", False)],
)
def test_only_language_models_of_transformers_answer_in_lists(
    task: str | None, flavour: str, *, expected: bool
) -> None:
    assert answers_in_lists(Facts(task=task, flavors=frozenset({flavour}))) is expected
