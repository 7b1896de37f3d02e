"""A chat template rendered as transformers renders it, with the characters that `{% generation %}` encloses.

Source: transformers `utils/chat_template_utils.py` (environment, filters, globals). *Gaps*: `strftime_now` is left
undefined, so that a version of the data renders alike on every day; templates that look for it take their own date.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox

from brickyard_pipelines.finetuning.errors import UnusableTemplate
from brickyard_pipelines.finetuning.rows.canonical import Conversation

# Around what is learnt, while a template is rendered: code points that Unicode never assigns.
_BEGIN, _END = "\ufdd0", "\ufdd1"
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A conversation's text, and which characters of it are learnt."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatTemplate:
    """A Jinja template and the special tokens it may name."""

    source: str
    tokens: tuple[tuple[str, str], ...] = ()

    @property
    def marks_generation(self) -> bool:
        """Whether it says itself which part the assistant generates."""
        return "generation" in self.source and "endgeneration" in self.source

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        *,
        add_generation_prompt: bool = False,
    ) -> Rendered:
        """The text of a conversation.

        Errors: UnusableTemplate with what the template says, or what is wrong with it.
        """
        try:
            marked = compiled(self.source).render(
                messages=messages,
                tools=list(tools) or None,
                documents=None,
                add_generation_prompt=add_generation_prompt,
                **dict(self.tokens),
            )
        except (jinja2.TemplateError, TypeError, ValueError, RecursionError) as error:
            raise UnusableTemplate(f"the chat template refuses: {error}") from error
        return unmarked(marked)


def chat_document(conversation: Conversation) -> list[dict[str, Any]]:
    """The messages as templates take them.

    Errors: UnusableTemplate when a text holds one of the marks.
    """
    if any(mark in part for part in conversation.parts() for mark in (_BEGIN, _END)):
        raise UnusableTemplate("a message or tool holds U+FDD0 or U+FDD1, which are no characters")
    return [message.as_json() for message in conversation.messages]


def unmarked(marked: str) -> Rendered:
    """The text without its marks, and where they were."""
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for number, piece in enumerate(marked.split(_BEGIN)):
        learnt, ended, rest = piece.partition(_END)
        if number and ended:
            spans.append((at, at + len(learnt)))
        parts += [learnt, rest]
        at += len(learnt) + len(rest)
    return Rendered(text="".join(parts), spans=tuple(spans))


@cache
def compiled(source: str) -> jinja2.Template:
    """The template, compiled once.

    Errors: jinja2.TemplateError when it is none.
    """
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    template = environment.from_string(source)
    template.globals = dict(template.globals)  # copied for every row, and a chain of mappings is slow to copy
    return template


class _Generation(jinja2.ext.Extension):
    """`{% generation %}…{% endgeneration %}`: what the assistant says."""

    tags = {"generation"}  # noqa: RUF012 the base class declares it so

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    def _marked(self, caller: Any) -> str:
        return f"{_BEGIN}{caller()}{_END}"


def _tojson(value: Any, indent: int | None = None, **_others: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)
