"""JSON text of any size, decoded value by value: only the value at hand is in memory.

The decoder is the standard library's, in C: three times as fast here as building the same values from ijson's events.
"""

import codecs
import json
from json.decoder import JSONDecodeError
from typing import Any, BinaryIO

from brickyard_review.errors import UnreadablePlan

AGAIN = "Write it again: `terraform show -json PLAN > plan.json`."
_CHUNK_BYTES = 2**20
_SPACE = " \t\n\r"
_CUT_SHORT = 8  # an error this near to the end of what is read so far may be a literal cut in two


class JsonStream:
    """Reads on in a JSON text. Errors, of every method: UnreadablePlan."""

    def __init__(self, source: BinaryIO, chunk_bytes: int = _CHUNK_BYTES) -> None:
        self._source = source
        self._bytes = codecs.getincrementaldecoder("utf-8")()
        self._chunk_bytes = chunk_bytes
        self._text = ""
        self._at = 0
        self._ended = False
        self._at_begin = False  # of an object or array: no comma stands before its first part
        self._decode = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode

    def peek(self) -> str:
        """The next character that is no space; an empty text at the end."""
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in _SPACE:
                at += 1
            self._at = at
            if at < len(text) or not self._more():
                return text[at : at + 1]

    def take(self, expected: str) -> str:
        """Step over the next character, one of those expected."""
        found = self.peek()
        if not found or found not in expected:
            raise _broken()
        self._at += 1
        self._at_begin = found in "[{"
        return found

    def key(self) -> str:
        """The name of a member of an object, and the colon behind it."""
        name = self.value()
        if not isinstance(name, str):
            raise _broken()
        self.take(":")
        return name

    def value(self) -> Any:
        """The next value, whole."""
        found, value = self.small_value()
        while not found:
            self._more(len(self._text))
            found, value = self.small_value()
        return value

    def small_value(self) -> tuple[bool, Any]:
        """The next value, if it ends within what has been read; else nothing is stepped over."""
        self.peek()
        try:
            value, end = self._decode(self._text, self._at)
        except JSONDecodeError as error:
            if self._ended or not self._is_cut(error):
                raise _broken() from None
            return False, None
        except ValueError:
            raise _broken() from None
        if isinstance(value, int | float) and len(self._text) - end < _CUT_SHORT and not self._ended:
            return False, None  # `12` may be the beginning of `123`, or of `12.5e3`
        self._at = end
        return True, value

    def _is_cut(self, error: JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _CUT_SHORT

    def skip(self) -> None:
        """Step over the next value; one too large for the memory is entered instead of decoded."""
        found, _ = self.small_value()
        if found:
            return
        if len(self._text) - self._at < self._chunk_bytes and self._more():
            self.skip()
        elif self.peek() == "{":
            self._skip_members()
        elif self.peek() == "[":
            self._skip_elements()
        else:
            self.value()

    def _skip_members(self) -> None:
        self.take("{")
        while self.next_member():
            self.key()
            self.skip()

    def _skip_elements(self) -> None:
        self.take("[")
        while self.next_element():
            self.skip()

    def next_member(self) -> bool:
        """Whether another member follows in this object; steps over the comma or the end."""
        return self._next("}", '"')

    def next_element(self) -> bool:
        """Whether another element follows in this array; steps over the comma or the end."""
        return self._next("]", None)

    def _next(self, closing: str, first: str | None) -> bool:
        begins, self._at_begin = self._at_begin, False
        if self.peek() == closing:
            self._at += 1
            return False
        if not begins:
            self.take(",")
        if first and self.peek() != first:
            raise _broken()
        return True

    def _more(self, at_least: int = 0) -> bool:
        """Read on; what lies behind is dropped. Whether there was more."""
        chunk = b"" if self._ended else self._source.read(max(self._chunk_bytes, at_least))
        try:
            added = self._bytes.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise UnreadablePlan("This file is not UTF-8.", AGAIN) from None
        self._ended = not chunk
        self._text = self._text[self._at :] + added
        self._at = 0
        return not self._ended


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _broken() -> UnreadablePlan:
    return UnreadablePlan("This is no JSON, or only a part of it.", AGAIN)
