"""Messages and tools as OpenAI writes them, to canonical ones. Pure."""

import json
from collections.abc import Mapping
from typing import Any, cast

from brickyard_pipelines.finetuning.rows.canonical import ROLES, Message, Role
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused, shown

_OLD_ROLES = {"developer": "system", "function": "tool"}


def message_of(document: Any, number: int) -> Message:
    """A message of `messages[number]`.

    Errors: RowRefused for an unknown role, or content and calls of another type.
    """
    where = f"messages[{number}]"
    if not isinstance(document, Mapping):
        raise RowRefused(Reason.WRONG_TYPE, f"{shown(document, 40)} as {where}", "a message is an object", "See roles.")
    role = document.get("role")
    role = _OLD_ROLES.get(role, role) if isinstance(role, str) else role
    if role not in ROLES:
        got = f"{shown(document.get('role'), 40)} as {where}.role"
        raise RowRefused(Reason.WRONG_ROLE, got, f"a role is one of {', '.join(ROLES)}", "Rename it.")
    calls = _calls(document, where)
    name, call = document.get("name"), document.get("tool_call_id")
    return Message(
        role=cast("Role", role),
        content=_content(document.get("content"), where, may_be_missing=bool(calls)),
        tool_calls=calls,
        tool_call_id=call if isinstance(call, str) else None,
        name=name if isinstance(name, str) else None,
        learnt=_learnt(document, where),
    )


def tools_of(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The tools offered: OpenAI's `tools`, its older `functions`, or either as JSON in a text.

    Errors: RowRefused when they are no list of objects.
    """
    value = document.get("tools") or document.get("functions")
    if not value:
        return ()
    listed = _parsed(value, "tools")
    if not isinstance(listed, list) or not all(isinstance(tool, Mapping) for tool in listed):
        raise RowRefused(
            Reason.WRONG_TYPE, shown(listed, 40) + " in tools", "tools is a list of objects", "See OpenAI."
        )
    return tuple(tool if "function" in tool else {"type": "function", "function": tool} for tool in listed)


def _content(value: Any, where: str, *, may_be_missing: bool) -> str:
    """A text, or OpenAI's list of parts as long as each is one of text."""
    if value is None and may_be_missing:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        texts = [part.get("text") for part in value if isinstance(part, Mapping) and part.get("type") == "text"]
        if len(texts) == len(value) and all(isinstance(text, str) for text in texts):
            return "".join(cast("list[str]", texts))
    got = f"{type(value).__name__} {shown(value, 40)} in {where}.content"
    raise RowRefused(Reason.WRONG_TYPE, got, "content is a text, or parts of text", "Leave images and audio out.")


def _learnt(document: Mapping[str, Any], where: str) -> bool:
    learnt, weight = document.get("learnt", True), document.get("weight", 1)
    if not isinstance(learnt, bool) or weight not in (0, 1):
        got = f"{shown(document.get('weight', learnt), 40)} in {where}.weight"
        raise RowRefused(Reason.WRONG_TYPE, got, "a weight is 0 or 1", "Leave it out for 1.")
    return learnt and weight == 1


def _calls(document: Mapping[str, Any], where: str) -> tuple[Mapping[str, Any], ...]:
    value = document.get("tool_calls") or document.get("function_call")
    if not value:
        return ()
    parsed = _parsed(value, f"{where}.tool_calls")
    listed = parsed if isinstance(parsed, list) else [parsed]
    return tuple(_call(call, where) for call in listed)


def _call(value: Any, where: str) -> Mapping[str, Any]:
    function = value.get("function", value) if isinstance(value, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        got = f"{shown(value, 40)} in {where}.tool_calls"
        raise RowRefused(Reason.WRONG_TYPE, got, "a call has a function with a name", "Write it as OpenAI does.")
    # Chat templates print arguments as JSON; given as a text they would be quoted twice.
    arguments = _parsed(function.get("arguments", {}), f"{where}.tool_calls.arguments")
    known = {"id": value["id"]} if isinstance(value.get("id"), str) else {}
    return {**known, "type": "function", "function": {"name": function["name"], "arguments": arguments}}


def _parsed(value: Any, where: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise RowRefused(Reason.NOT_JSON, f"{shown(value, 40)} in {where}", "it is JSON", str(error)) from error
