"""From the shapes that customers have to canonical rows. Pure.

Source: databricks-genai 1.1.8 (prompt/response, messages); ShareGPT (`conversations` of `from` and `value`); Alpaca
(`instruction`, `input`, `output`); platform.openai.com/docs/guides/supervised-fine-tuning (`messages`, `tools`,
`weight`)
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, get_args

from brickyard_pipelines.finetuning.plan.document import Shape
from brickyard_pipelines.finetuning.rows.canonical import Conversation, Message, Pair, Row, Text
from brickyard_pipelines.finetuning.rows.messages import message_of, tools_of
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused, shown

Document = Mapping[str, Any]
_MARKS: tuple[tuple[frozenset[str], Shape], ...] = (
    (frozenset({"messages"}), "messages"),
    (frozenset({"conversations"}), "sharegpt"),
    (frozenset({"instruction", "output"}), "alpaca"),
    (frozenset({"prompt", "response"}), "prompt_response"),
    (frozenset({"prompt", "completion"}), "prompt_response"),
    (frozenset({"text"}), "text"),
)
_SPEAKERS = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "assistant": "assistant",
    "tool": "tool",
    "observation": "tool",
    "function_response": "tool",
}


def shape_of(document: Document) -> Shape | None:
    """The shape that a row's keys are the mark of, or None.

    >>> shape_of({"instruction": "Add", "input": "1 2", "output": "3"})
    'alpaca'
    """
    return _shape_of_keys(tuple(document))


@lru_cache(maxsize=1024)
def _shape_of_keys(keys: tuple[str, ...]) -> Shape | None:
    return next((shape for marks, shape in _MARKS if marks <= set(keys)), None)


def convert(document: Document, shape: Shape) -> Row:
    """The canonical row.

    Errors: RowRefused when the document is of another shape, or a value of another type.
    """
    found = shape_of(document)
    if found != shape:
        reason = Reason.OTHER_SHAPE if found else Reason.UNKNOWN_SHAPE
        got = f"{found or 'no known shape'} with the keys {', '.join(sorted(map(str, document)))[:120] or '(none)'}"
        fix = f"Move rows of another shape to a source of their own. Shapes: {', '.join(get_args(Shape))}."
        raise RowRefused(reason, got, f"every row of this source is {shape}", fix)
    return _CONVERSIONS[shape](document)


def text_at(document: Document, key: str) -> str:
    """The text under a key.

    Errors: RowRefused when it is anything else.
    """
    value = document.get(key)
    if not isinstance(value, str):
        got = f"{type(value).__name__} {shown(value, 40)} in {key}"
        raise RowRefused(Reason.WRONG_TYPE, got, f"{key} is a text", f"Write {key} as a JSON string.")
    return value


def _pair(document: Document) -> Row:
    answer = "response" if "response" in document else "completion"
    if isinstance(document["prompt"], list):  # TRL's conversational prompt and completion
        return _messages({**document, "messages": [*_listed(document, "prompt"), *_listed(document, answer)]})
    return Pair(prompt=text_at(document, "prompt"), response=text_at(document, answer))


def _alpaca(document: Document) -> Row:
    given = document.get("input")
    context = "" if given is None else text_at(document, "input")
    instruction = text_at(document, "instruction")
    prompt = f"{instruction}\n\n{context}" if context.strip() else instruction
    response = text_at(document, "output")
    system = text_at(document, "system") if document.get("system") else ""
    earlier = _listed(document, "history") if document.get("history") else []
    if not system and not earlier:
        return Pair(prompt=prompt, response=response)
    turns = [Message(role="system", content=system)] if system else []
    for number, pair in enumerate(earlier):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            got = f"{shown(pair, 40)} as history[{number}]"
            raise RowRefused(Reason.WRONG_TYPE, got, "history holds pairs of texts", "Write [[question, answer], …].")
        turns += [Message(role="user", content=pair[0]), Message(role="assistant", content=pair[1])]
    turns += [Message(role="user", content=prompt), Message(role="assistant", content=response)]
    return Conversation(messages=tuple(turns))


def _sharegpt(document: Document) -> Row:
    turns: list[Message] = []
    if document.get("system"):
        turns.append(Message(role="system", content=text_at(document, "system")))
    for number, turn in enumerate(_listed(document, "conversations")):
        if not isinstance(turn, Mapping):
            got = f"{shown(turn, 40)} as conversations[{number}]"
            raise RowRefused(Reason.WRONG_TYPE, got, "a turn has `from` and `value`", "Write it as an object.")
        turns.append(_turn(turn, number))
    return Conversation(messages=tuple(turns), tools=tools_of(document))


def _turn(turn: Document, number: int) -> Message:
    speaker = str(turn.get("from", turn.get("role", ""))).lower()
    content = text_at(turn, "value" if "value" in turn else "content")
    if speaker == "function_call":
        return message_of({"role": "assistant", "content": "", "tool_calls": content}, number)
    if speaker not in _SPEAKERS:
        got, known = f"{speaker!r} as conversations[{number}].from", ", ".join((*_SPEAKERS, "function_call"))
        raise RowRefused(Reason.WRONG_ROLE, got, "a turn is of a known speaker", f"One of {known}.")
    return message_of({"role": _SPEAKERS[speaker], "content": content}, number)


def _messages(document: Document) -> Row:
    listed = _listed(document, "messages")
    return Conversation(
        messages=tuple(message_of(message, number) for number, message in enumerate(listed)), tools=tools_of(document)
    )


def _listed(document: Document, key: str) -> list[Any]:
    value = document.get(key)
    if not isinstance(value, list):
        got = f"{type(value).__name__} in {key}"
        raise RowRefused(Reason.WRONG_TYPE, got, f"{key} is a list", f"Write {key} as a JSON array.")
    return value


_CONVERSIONS: Mapping[Shape, Callable[[Document], Row]] = {
    "prompt_response": _pair,
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "messages": _messages,
    "text": lambda document: Text(text=text_at(document, "text")),
}
