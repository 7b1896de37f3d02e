"""What a chat template puts around the words of each role, and a template written from it. Pure."""

from dataclasses import dataclass

# In the place of a system prompt's opening, where the template takes none.
NO_SYSTEM = "\0\0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """What a template puts around the words of each role. `stop` ends an answer; `rest` follows it, not learnt."""

    opening: str
    opening_with_system: str
    after_system: str
    before_user: str
    after_user: str
    before_assistant: str
    stop: str
    rest: str
    generation_prompt: str
    trimmed: frozenset[str]


def written(pieces: Pieces) -> str:
    """A Jinja template that writes these pieces, and marks the assistant's words and their stop."""
    words = {role: " | trim" if role in pieces.trimmed else "" for role in ("system", "user", "assistant")}
    system = (
        "{{- raise_exception('this template takes no system prompt') -}}"
        if pieces.opening_with_system == NO_SYSTEM
        else _text(pieces.opening_with_system)
        + "{{- messages[0]['content']"
        + words["system"]
        + " -}}"
        + _text(pieces.after_system)
    )
    return (
        "{%- if messages[0]['role'] == 'system' -%}"
        + system
        + "{%- set turns = messages[1:] -%}{%- else -%}"
        + _text(pieces.opening)
        + "{%- set turns = messages -%}{%- endif -%}{%- for message in turns -%}{%- if message['role'] == 'user' -%}"
        + _text(pieces.before_user)
        + "{{- message['content']"
        + words["user"]
        + " -}}"
        + _text(pieces.after_user)
        + "{%- elif message['role'] == 'assistant' -%}"
        + _text(pieces.before_assistant)
        + "{%- generation -%}{{- message['content']"
        + words["assistant"]
        + " -}}"
        + _text(pieces.stop)
        + "{%- endgeneration -%}"
        + _text(pieces.rest)
        + "{%- else -%}{{- raise_exception('the derived template knows no role ' + message['role']) -}}{%- endif -%}"
        + "{%- endfor -%}{%- if add_generation_prompt -%}"
        + _text(pieces.generation_prompt)
        + "{%- endif -%}"
    )


def _text(piece: str) -> str:
    """A text as Jinja prints it: its string literals know Python's escapes."""
    escaped = piece.encode("unicode_escape").decode("ascii").replace("'", "\\'")
    return f"{{{{- '{escaped}' -}}}}" if piece else ""
