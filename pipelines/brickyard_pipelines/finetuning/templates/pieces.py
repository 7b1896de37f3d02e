"""What a chat template puts around the words of each role, and conversations written with it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brickyard_pipelines.finetuning.errors import UnusableTemplate
from brickyard_pipelines.finetuning.templates.rendering import Rendered, Span

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

    def render(self, messages: Sequence[Mapping[str, Any]], *, add_generation_prompt: bool = False) -> Rendered:
        """A conversation, with the assistant's words and their stop marked as what is learnt.

        Errors: UnusableTemplate for a system prompt where the template takes none, and for a role that it does not
        know.
        """
        parts, spans, at = list[str](), list[Span](), 0
        for before, words, after, learnt in self._parts(messages):
            begin = at + len(before)
            end = begin + len(words) + len(after) - (len(self.rest) if learnt else 0)
            if learnt:
                spans.append((begin, end))
            parts += (before, words, after)
            at = begin + len(words) + len(after)
        if add_generation_prompt:
            parts.append(self.generation_prompt)
        return Rendered(text="".join(parts), spans=tuple(spans))

    def _parts(self, messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str, bool]]:
        """What stands before, the words, what stands after them, and whether they are learnt."""
        first, *others = messages
        if first["role"] == "system":
            if self.opening_with_system == NO_SYSTEM:
                raise UnusableTemplate("this template takes no system prompt")
            yield self.opening_with_system, self._words(first), self.after_system, False
        else:
            yield self.opening, "", "", False
            others = list(messages)
        for message in others:
            if message["role"] == "user":
                yield self.before_user, self._words(message), self.after_user, False
            elif message["role"] == "assistant":
                yield self.before_assistant, self._words(message), self.stop + self.rest, True
            else:
                raise UnusableTemplate(f"the derived template knows no role {message['role']}")

    def _words(self, message: Mapping[str, Any]) -> str:
        content: str = message["content"]
        return content.strip() if message["role"] in self.trimmed else content
