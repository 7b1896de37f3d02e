"""Which characters of a rendered conversation are learnt: the assistant's words and the token that ends them.

Three ways, in this order: the template says it itself (`{% generation %}`); a derived template says it and writes the
same text; the text before each answer is what asks for it (rows with tools, which a derived template does not know).
"""

from collections.abc import Callable
from dataclasses import dataclass

from brickyard_pipelines.finetuning.errors import UnusableTemplate
from brickyard_pipelines.finetuning.rows.canonical import Conversation
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused
from brickyard_pipelines.finetuning.templates.derivation import PROBES, check_asks_as_taught, derive
from brickyard_pipelines.finetuning.templates.pieces import Pieces
from brickyard_pipelines.finetuning.templates.rendering import ChatTemplate, Rendered, Span, chat_document


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """The model's own template, the one that marks, and the stop text. `derived` is None where the own one marks."""

    template: ChatTemplate
    derived: Pieces | None
    stop: str
    rest: str

    @property
    def way(self) -> str:
        """How the mask is found, for the report."""
        return "a derived training template, equal to the model's" if self.derived else "the template's own marks"

    def mark(self, row: Conversation) -> Rendered:
        """The text of a row and what is learnt of it.

        Errors: RowRefused when the template refuses it, leaves something out, or no mask can be proven.
        """
        try:
            rendered = self._rendered(row)
        except UnusableTemplate as error:
            fix = "Change the row, or choose a model whose template takes it."
            raise RowRefused(Reason.TEMPLATE_REFUSES, str(error), "the model's template renders it", fix) from error
        _check_whole(rendered.text, row)
        answers = [message for message in row.messages if message.role == "assistant"]
        if len(answers) != len(rendered.spans):
            got = f"{len(rendered.spans)} marked parts of {len(answers)} answers"
            raise RowRefused(Reason.NO_PROVEN_MASK, got, "each answer is marked once", "Use a derived template.")
        learnt = (span for span, message in zip(rendered.spans, answers, strict=True) if message.learnt)
        return Rendered(text=rendered.text, spans=tuple(learnt))

    def _rendered(self, row: Conversation) -> Rendered:
        messages = chat_document(row)
        if self.derived is None:
            return self.template.render(messages, row.tools)
        if row.tools or any(message.tool_calls or message.role == "tool" for message in row.messages):
            return self._by_prefix(row)
        plain = self.template.render(messages)  # first: what it refuses, it says in its own words
        marked = self.derived.render(messages)
        if marked.text != plain.text:
            got = "another text from the derived template"
            raise RowRefused(Reason.NO_PROVEN_MASK, got, "both templates agree on every row", "Report this template.")
        return marked

    def _by_prefix(self, row: Conversation) -> Rendered:
        messages = chat_document(row)
        whole = self.template.render(messages, row.tools).text
        spans: list[Span] = []
        for number, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            asked = self.template.render(messages[:number], row.tools, add_generation_prompt=True).text
            said = self.template.render(messages[: number + 1], row.tools).text
            ends = said.endswith(self.stop + self.rest)
            if not (ends and said.startswith(asked) and whole.startswith(said)):
                got = f"messages[{number}] rendered differently alone and in the whole"
                fix = "Choose a model whose template marks {% generation %}."
                raise RowRefused(Reason.NO_PROVEN_MASK, got, "an answer follows the text that asks for it", fix)
            spans.append((len(asked), len(said) - len(self.rest)))
        return Rendered(text=whole, spans=tuple(spans))


def marker_of(template: ChatTemplate, stop_in: Callable[[str], str]) -> Marker:
    """The way to mark this template's texts.

    Errors: UnusableTemplate when none can be proven.
    """
    if template.marks_generation and (stop := _own_stop(template, stop_in)):
        check_asks_as_taught(template)
        return Marker(template=template, derived=None, stop=stop, rest="")
    pieces = derive(template, stop_in)
    return Marker(template=template, derived=pieces, stop=pieces.stop, rest=pieces.rest)


def _own_stop(template: ChatTemplate, stop_in: Callable[[str], str]) -> str:
    """The stop text that the template's own marks enclose; empty where they leave it out, and nothing would stop."""
    turns = PROBES[0]
    rendered = template.render(turns)
    if len(rendered.spans) != 1:
        return ""
    begin, end = rendered.spans[0]
    _, _, footer = rendered.text[begin:end].partition(turns[-1]["content"])
    try:
        return stop_in(footer)
    except UnusableTemplate:
        return ""


def _check_whole(text: str, row: Conversation) -> None:
    for number, message in enumerate(row.messages):
        if message.content.strip() not in text:
            got = f"no messages[{number}] in the rendered text"
            fix = "Choose a model whose template knows that role, or leave the message out."
            raise RowRefused(Reason.CONTENT_NOT_RENDERED, got, "nothing of a row is left out", fix)
    names = [str(tool.get("function", {}).get("name", "")) for tool in row.tools]
    called = [call["function"]["name"] for message in row.messages for call in message.tool_calls]
    missing = [name for name in (*names, *called) if name not in text]
    if missing:
        got, fix = f"no tool {missing[0]} in the rendered text", "Choose a model whose template knows tools."
        raise RowRefused(Reason.TOOLS_NOT_RENDERED, got, "the tools offered and called are rendered", fix)
