"""The three canonical rows: prompt and response, text, messages with roles and tools."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One turn. `learnt` is False for an assistant turn that carries no loss (OpenAI's `weight: 0`)."""

    role: Role
    content: str
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    learnt: bool = True

    def as_json(self) -> dict[str, Any]:
        """The message as chat templates take it."""
        document: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            document["tool_calls"] = [dict(call) for call in self.tool_calls]
        if self.tool_call_id is not None:
            document["tool_call_id"] = self.tool_call_id
        if self.name is not None:
            document["name"] = self.name
        return document


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A prompt and the response to learn."""

    prompt: str
    response: str

    def as_json(self) -> dict[str, Any]:
        """The row as it is kept."""
        return {"prompt": self.prompt, "response": self.response}

    def parts(self) -> tuple[str, ...]:
        """All text in it."""
        return (self.prompt, self.response)


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A document to learn as a whole."""

    text: str

    def as_json(self) -> dict[str, Any]:
        """The row as it is kept."""
        return {"text": self.text}

    def parts(self) -> tuple[str, ...]:
        """All text in it."""
        return (self.text,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """Turns, and the tools that the assistant was offered."""

    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The row as it is kept; `learnt` only where it is not the rule."""
        messages = [each.as_json() | ({} if each.learnt else {"learnt": False}) for each in self.messages]
        return {"messages": messages, **({"tools": [dict(tool) for tool in self.tools]} if self.tools else {})}

    def parts(self) -> tuple[str, ...]:
        """All text in it, names and ids of turns, tool calls and tools included, as templates print them."""
        calls = (call for message in self.messages for call in message.tool_calls)
        printed = (json.dumps(each, ensure_ascii=False, sort_keys=True) for each in (*calls, *self.tools))
        labels = (label for message in self.messages for label in (message.name, message.tool_call_id) if label)
        return (*(message.content for message in self.messages), *labels, *printed)


Row = Pair | Text | Conversation


def compared_parts(row: Row) -> tuple[str, ...]:
    """The text by which rows are near duplicates: without tools, which many rows share, and ids, which none do."""
    if not isinstance(row, Conversation):
        return row.parts()
    turns = tuple(replace(message, name=None, tool_call_id=None) for message in row.messages)
    return replace(row, messages=turns, tools=()).parts()


def conversation_of(pair: Pair, system_prompt: str | None) -> Conversation:
    """A pair as the two turns that a chat template renders."""
    system = (Message(role="system", content=system_prompt),) if system_prompt else ()
    turns = (Message(role="user", content=pair.prompt), Message(role="assistant", content=pair.response))
    return Conversation(messages=(*system, *turns))
