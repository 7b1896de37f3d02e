"""The tokens of a SQL text, with their places: enough to tell names, strings and comments apart.

Two quotes in a string are one, as for Spark 4.2, which reads all other statements; Databricks' manual tells of the
backslash only.
Source: docs.databricks.com/sql/language-manual: sql-ref-identifiers, data-types/string-type, sql-ref-syntax-comment.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """`text[start:end]` of a statement; `value` is what it means: a name or string without its quotes."""

    kind: Kind
    value: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, given in upper case."""
        return self.kind is Kind.WORD and self.value.upper() in words

    def is_symbol(self, symbol: str) -> bool:
        return self.kind is Kind.SYMBOL and self.value == symbol

    @property
    def is_name(self) -> bool:
        """Whether it can be a part of a name."""
        return self.kind in {Kind.WORD, Kind.QUOTED}


# Spark's SIMPLE_COMMENT: it ends with the line, also at a lone carriage return, unless a backslash goes before.
_LINE_COMMENT = re.compile(r"--(\\\n|[^\r\n])*\r?\n?")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}


def tokens(text: str) -> tuple[Token, ...]:
    """All tokens without white space and comments. What is not closed goes to the end of the text.

    >>> [token.value for token in tokens("SELECT `a b`, 'it''s' -- x")]
    ['SELECT', 'a b', ',', "it's"]
    """
    return tuple(_scan(text))


def _scan(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        after = _skipped(text, at)
        if after > at:
            at = after
            continue
        token = _token(text, at)
        yield token
        at = token.end


def _skipped(text: str, at: int) -> int:
    """The place after white space or a comment that begins here, else `at`."""
    if text[at].isspace():
        return at + 1
    if text.startswith("--", at):
        found = _LINE_COMMENT.match(text, at)
        return at if found is None else found.end()
    return _after_block(text, at) if _opens_comment(text, at) else at


def _opens_comment(text: str, at: int) -> bool:
    """`/*` but not `/*+`: what is in a hint are tokens, and Spark does not count it as a nested comment either."""
    return text.startswith("/*", at) and not text.startswith("/*+", at)


def _after_block(text: str, at: int) -> int:
    """Block comments nest."""
    depth = 0
    while at < len(text):
        if _opens_comment(text, at):
            depth, at = depth + 1, at + 2
        elif text.startswith("*/", at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at
        else:
            at += 1
    return at


def _token(text: str, at: int) -> Token:
    character = text[at]
    if character in "'\"":
        return _string(text, at, at, raw=False)
    if character in "rR" and text[at + 1 : at + 2] in {"'", '"'}:
        return _string(text, at, at + 1, raw=True)
    if character == "`":
        return _quoted(text, at)
    if character.isdigit():
        return _number(text, at)
    if character.isalpha() or character == "_":
        end = at
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
        return Token(kind=Kind.WORD, value=text[at:end], start=at, end=end)
    return Token(kind=Kind.SYMBOL, value=character, start=at, end=at + 1)


def _string(text: str, start: int, opening: int, *, raw: bool) -> Token:
    quote, at, value = text[opening], opening + 1, ""
    while at < len(text):
        if text[at] == quote and (raw or text[at + 1 : at + 2] != quote):
            break
        if text[at] == quote:  # two are one that belongs to the string
            value, at = value + quote, at + 2
        elif text[at] == "\\" and not raw and at + 1 < len(text):
            value += _ESCAPES.get(text[at + 1], text[at + 1])
            at += 2
        else:
            value += text[at]
            at += 1
    return Token(kind=Kind.STRING, value=value, start=start, end=min(at + 1, len(text)))


def _quoted(text: str, start: int) -> Token:
    at, value = start + 1, ""
    while at < len(text):
        if text.startswith("``", at):
            value, at = value + "`", at + 2
        elif text[at] == "`":
            break
        else:
            value, at = value + text[at], at + 1
    return Token(kind=Kind.QUOTED, value=value, start=start, end=min(at + 1, len(text)))


def _number(text: str, start: int) -> Token:
    """Digits, with what sticks to them: `1.5`, `10L`, `2_names` (a name that begins with a digit)."""
    at = start
    while at < len(text) and (text[at].isalnum() or text[at] == "_"):
        at += 1
    if text[at : at + 1] == "." and text[at + 1 : at + 2].isdigit():
        at += 1
        while at < len(text) and text[at].isalnum():
            at += 1
    plain = text[start:at]
    kind = Kind.WORD if plain.replace("_", "a").isalnum() and "_" in plain else Kind.NUMBER
    return Token(kind=kind, value=plain, start=start, end=at)
