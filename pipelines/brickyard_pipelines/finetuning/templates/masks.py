"""Rows to token ids with what is learnt of them, for the three approaches.

*Shapes*: `learnt` are ranges of tokens, first included, last not; a token outside carries no loss.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from brickyard_pipelines.finetuning.rows.canonical import Conversation, Pair, Row, Text
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused
from brickyard_pipelines.finetuning.templates.marking import Marker
from brickyard_pipelines.finetuning.templates.rendering import Rendered, Span
from brickyard_pipelines.finetuning.templates.tokenizer import ModelTokenizer


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """One row for the model."""

    ids: Sequence[int]
    learnt: tuple[Span, ...]

    @property
    def loss_tokens(self) -> int:
        """How many tokens are learnt."""
        return loss_tokens(self.learnt)


def loss_tokens(learnt: Iterable[Span]) -> int:
    """How many tokens carry loss; the first of a row has nothing before it to be foretold from.

    >>> loss_tokens([(0, 3), (5, 6)])
    3
    """
    return sum(end - max(begin, 1) for begin, end in learnt if end > max(begin, 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Masker:
    """Renders, tokenises and masks. `marker` is None where the tokenizer has no chat template."""

    tokenizer: ModelTokenizer
    marker: Marker | None

    @property
    def way(self) -> str:
        """How the mask is found, for the report."""
        return self.marker.way if self.marker else "the place where the response begins"

    def stop_ids(self) -> frozenset[int]:
        """The tokens that end an answer, which generation must stop at."""
        if self.marker is None:
            return frozenset({self.tokenizer.eos})
        ids = self.tokenizer.tokenizer.encode(self.marker.stop, add_special_tokens=False).ids
        return frozenset({self.tokenizer.eos, ids[-1]})

    def rendered(self, row: Row) -> Rendered:
        """The text of a row and which of its characters are learnt.

        Errors: RowRefused.
        """
        if isinstance(row, Conversation):
            if self.marker is None:
                fix = "Start from an instruct model, or put a chat_template.jinja into its folder."
                raise RowRefused(Reason.TEMPLATE_REFUSES, "no chat template", "conversations need one", fix)
            return self.marker.mark(row)
        if isinstance(row, Pair):
            text = row.prompt + row.response
            return Rendered(text=text, spans=((len(row.prompt), len(text)),))
        return Rendered(text=row.text, spans=((0, len(row.text)),))

    def tokens(self, rows: Sequence[Row], texts: Sequence[Rendered]) -> list[Tokens | RowRefused]:
        """A batch of rows as tokens, or why one cannot be learnt from."""
        encodings = self.tokenizer.encode([each.text for each in texts])
        return [self._row(row, text, each) for row, text, each in zip(rows, texts, encodings, strict=True)]

    def _row(self, row: Row, text: Rendered, encoding: Any) -> Tokens | RowRefused:
        try:
            if isinstance(row, Text):
                return self._whole(encoding.ids)
            spans = tuple(_token_span(encoding, span) for span in text.spans)
        except RowRefused as refused:
            return refused
        if isinstance(row, Pair):
            begin = len(self.tokenizer.before)
            ids = (*self.tokenizer.before, *encoding.ids, self.tokenizer.eos)
            return Tokens(ids=ids, learnt=((spans[0][0] + begin, len(ids)),))
        return self._stopped(Tokens(ids=encoding.ids, learnt=spans))

    def _whole(self, ids: Sequence[int]) -> Tokens:
        whole = (*self.tokenizer.before, *ids, self.tokenizer.eos)
        return Tokens(ids=whole, learnt=((0, len(whole)),))

    def _stopped(self, tokens: Tokens) -> Tokens | RowRefused:
        if all(tokens.ids[end - 1] in self.tokenizer.special for _, end in tokens.learnt):
            return tokens
        fix = "Use a template that ends answers with a special token."
        return RowRefused(Reason.STOP_NOT_LEARNT, "an answer without a stop token", "its stop token is learnt", fix)


def _token_span(encoding: Any, span: Span) -> Span:
    """The tokens of some characters.

    Errors: RowRefused when one token holds characters of both sides: what is asked would not be what was learnt.
    """
    begin, end = span
    first, last = encoding.char_to_token(begin), encoding.char_to_token(end - 1)
    if first is None or last is None or encoding.token_to_chars(first)[0] != begin:
        raise _merges()
    if encoding.token_to_chars(last)[1] != end:
        raise _merges()
    while last + 1 < len(encoding) and encoding.token_to_chars(last + 1) == encoding.token_to_chars(last):
        last += 1  # the bytes of one character in several tokens
    return first, last + 1


def _merges() -> RowRefused:
    fix = "End the prompt without a space, and begin the response with it."
    rule = "no token holds characters of both prompt and response"
    return RowRefused(Reason.BOUNDARY_MERGES, "a token across the boundary", rule, fix)


def masker_of(tokenizer: ModelTokenizer, approach: str) -> Masker:
    """The masker of an approach.

    Errors: UnusableTemplate when chat_completion has no template, or a template's mask cannot be proven.
    """
    if approach == "continued_pretraining" or (approach == "supervised" and tokenizer.template is None):
        return Masker(tokenizer=tokenizer, marker=None)
    return Masker(tokenizer=tokenizer, marker=tokenizer.marker())
