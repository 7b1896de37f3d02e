"""The door: no value passes it that is sensitive by the plan's marks, as a copy of such a value, or by its look.

Terraform's marks miss copies: a provider that returns a secret in a computed attribute returns it unmarked (seen with
`terraform_data.output`). So every secret text that any mark names is looked for everywhere, in a few encodings too.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from brickyard_review.plan.secrets import is_secret_form, is_secret_name, is_secret_reference
from brickyard_review.plan.values import SENSITIVE, UNKNOWN, Masked, masked

_MIN_EQUAL = 4  # shorter secrets are hidden only where they are marked: `on` is no secret everywhere
_MIN_PART = 6
_NAMED_VALUE = ("value", "default", "string_value", "default_value")


class Door:
    """Learns the plan's secrets, then lets values through. `count` is how many it withheld."""

    def __init__(self) -> None:
        self.count = 0
        self._equal: set[str] = set()
        self._parts: dict[str, list[str]] = {}
        self._memo: dict[str, bool] = {}

    def learn(self, value: Any, marks: Any = True) -> None:
        """Remember every text that a mirror of marks names; any other mark than false counts."""
        if not is_marked(marks):
            return
        if isinstance(value, dict) and isinstance(marks, dict):
            pairs = [(value[key], mark) for key, mark in marks.items() if mark is not False and key in value]
        elif isinstance(value, list) and isinstance(marks, list):
            pairs = [(inner, mark) for inner, mark in zip(value, marks, strict=False) if mark is not False]
        else:
            pairs = []
            for text in _texts(value):
                self._remember(text)
        for inner, mark in pairs:
            self.learn(inner, mark)

    def _remember(self, text: str) -> None:
        if len(text) < _MIN_EQUAL or is_secret_reference(text):
            return
        self._equal.add(text)
        if len(text) >= _MIN_PART:
            encoded = base64.b64encode(text.encode(errors="replace")).decode().rstrip("=")
            for form in {text, encoded, quote(text, safe=""), json.dumps(text)[1:-1]}:
                self._parts.setdefault(form[:_MIN_PART], []).append(form)

    def admit(self, value: Any, marks: Any, unknown: Any = False, name: str = "") -> Any:
        """The value with what must not be seen hidden. `marks` and `unknown` mirror its shape or are booleans."""
        if unknown is True:
            return UNKNOWN
        if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and unknown):
            return self._admit_object(value or {}, marks, unknown)
        if isinstance(value, list):
            return self._admit_list(value, marks, unknown, name)
        if is_marked(marks):
            return self._hide(value)
        return self._admit_scalar(value, name)

    def _admit_object(self, value: dict[str, Any], marks: Any, unknown: Any) -> Any:
        if not isinstance(marks, dict) and is_marked(marks):
            return self._hide(value)
        mirror = marks if isinstance(marks, dict) else {}
        later = unknown if isinstance(unknown, dict) else {}
        named = next((value[key] for key in ("name", "key") if isinstance(value.get(key), str)), "")
        keys = [*value, *(key for key in later if key not in value and is_marked(later[key]))]
        return {
            self.text(key): self.admit(
                value.get(key), mirror.get(key), later.get(key), named if key in _NAMED_VALUE else key
            )
            for key in keys
        }

    def _admit_list(self, value: list[Any], marks: Any, unknown: Any, name: str) -> Any:
        if not isinstance(marks, list) and is_marked(marks):
            return self._hide(value)
        mirror = _as_long(marks, value)
        later = _as_long(unknown, value)
        return [
            self.admit(element, mark, coming, name) for element, mark, coming in zip(value, mirror, later, strict=True)
        ]

    def _admit_scalar(self, value: Any, name: str) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if is_secret_name(name) and not (isinstance(value, str) and (not value or is_secret_reference(value))):
            return self._hide(value)
        if not isinstance(value, str):
            return value
        if name.endswith("base64"):
            return masked(value, f"(base64, {len(value)} characters)")
        return self._admit_text(value)

    def _admit_text(self, text: str) -> Any:
        if self._holds_secret(text):
            return self._hide(text)
        if text[:1] in ("{", "["):
            return self._admit_json(text)
        return clean(text)

    def _admit_json(self, text: str) -> Any:
        """JSON within a text: shown without its secrets."""
        before = self.count
        try:
            admitted = self.admit(json.loads(text), marks=False)
            shown = json.dumps(admitted, default=lambda hidden: hidden.shown)
        except ValueError:
            return clean(text)
        except RecursionError:
            return self._hide(text)
        return clean(text) if self.count == before else masked(text, shown)

    def _hide(self, value: Any) -> Masked:
        self.count += 1
        return masked(value)

    def text(self, text: Any) -> str:
        """A text that is shown as a part of a sentence: an address, a key, a message."""
        if not isinstance(text, str):
            return ""
        if self._holds_secret(text):
            self.count += 1
            return SENSITIVE
        return clean(text)

    def _holds_secret(self, text: str) -> bool:
        found = self._memo.get(text)
        if found is None:
            found = self._memo[text] = text in self._equal or is_secret_form(text) or self._has_part(text)
        return found

    def _has_part(self, text: str) -> bool:
        parts = self._parts
        if not parts:
            return False
        starts = (text[at : at + _MIN_PART] for at in range(len(text) - _MIN_PART + 1))
        return any(form in text for start in starts for form in parts.get(start, ()))


def is_marked(marks: Any) -> bool:
    """Whether a mark, or any within a mirror of marks, is set. What is neither true nor false counts as set."""
    inner = marks.values() if isinstance(marks, dict) else marks if isinstance(marks, list) else None
    if inner is None:
        return marks is not None and marks is not False
    for mark in inner:  # noqa: SIM110 - a loop, for most of what is read are marks that are false
        if mark is not False and is_marked(mark):
            return True
    return False


def clean(text: str) -> str:
    """Without lone surrogates, which no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _as_long(mirror: Any, value: list[Any]) -> list[Any]:
    """A mirror of a list as long as the list; a single mark stands for every element."""
    if not isinstance(mirror, list):
        return [mirror if not isinstance(mirror, dict) else is_marked(mirror)] * len(value)
    return [*mirror[: len(value)], *[False] * (len(value) - len(mirror))]


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, those in its JSON texts as well."""
    if isinstance(value, dict):
        for element in value.values():
            yield from _texts(element)
    elif isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            try:
                yield from _texts(json.loads(value))
            except (ValueError, RecursionError):
                return
