"""The base of every settings model, and the texts that several of them share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A rule between several keys that a file breaks: the key to look at, the rule, and what the key may name."""

    key: tuple[str | int, ...]
    rule: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=False, slots=True)
class Form:
    """What a text must look like, in words: part of a type, as its pattern is."""

    text: str


class Strict(BaseModel):
    """Immutable, without conversions, and without unknown keys: a typo is an error, never a default."""

    # Built when first used: a command that reads environments pays nothing for projects.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    # Keys of an earlier version, each with what stands in their place now.
    retired: ClassVar[dict[str, str]] = {}

    def broken_rules(self) -> Iterable[Broken]:
        """The rules between keys that do not hold; asked once each key for itself is right."""
        return ()

    @model_validator(mode="after")
    def _hold_the_rules(self) -> Self:
        if broken := tuple(self.broken_rules()):
            text = "; ".join(b.rule for b in broken)
            raise PydanticCustomError("broken_rules", "{text}", {"text": text, "broken": broken})
        return self


Kebab = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=48),
    Form("lower-case letters, digits and single dashes, starting with a letter"),
]
Snake = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=48),
    Form("lower-case letters, digits and single underscores, starting with a letter"),
]
_WORD = "[a-z][a-z0-9]*(_[a-z0-9]+)*"
Dotted = Annotated[
    str, Field(pattern=rf"^{_WORD}\.{_WORD}$", max_length=97), Form("schema.name, each of lower-case letters")
]
TaskKey = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$"), Form("letters, digits, dashes and underscores, at most 100")
]
Text = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$"), Form("a text on one line")]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
LongText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00-\x08\x0b-\x1f]+$"), Form("a text")]
Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"), Form("a UUID in lower case")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254), Form("an e-mail address")]
# A path is checked for being there by whoever opens it, not here.
PathText = Annotated[
    str, Field(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f]+$"), Form("a path, as text on one line")
]
# Tags reach the clouds' own tags, which refuse other characters.
# Source: docs.databricks.com, usage detail tags.
TagText = Annotated[
    str,
    Field(min_length=1, max_length=127, pattern=r"^[\w .:/=+@-]+$"),
    Form("a text of letters, digits, spaces and . : / = + - @ _ (quote numbers and yes/no)"),
]
Tags = dict[TagText, TagText]
ENVIRONMENT_TAGS = ("environment", "managed_by")
"""What we put on everything of an environment; policies ask for exactly these."""
OUR_TAGS = (*ENVIRONMENT_TAGS, "project", "sandbox", "expires")
"""The keys of tags that no settings file may give another value."""


def rules_of_tags(tags: Mapping[str, str]) -> Iterable[Broken]:
    """Nobody else's tag has a key of ours."""
    for key in sorted(tags.keys() & set(OUR_TAGS)):
        yield Broken(key=("tags", key), rule="is a tag that we set ourselves: take another key")
