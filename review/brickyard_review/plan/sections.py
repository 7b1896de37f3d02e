"""The sections of a plan's JSON, one element at a time: a file of any size needs the memory of what is kept.

Source: developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, BinaryIO

from brickyard_review.errors import UnreadablePlan
from brickyard_review.plan.stream import AGAIN, JsonStream

_MODULE_KEYS = frozenset({"values", "root_module", "child_modules"})


class Keep(Enum):
    """What becomes of a section: its value, each of its elements, each resource in its modules, or only its name."""

    WHOLE = "whole"
    ELEMENTS = "elements"
    RESOURCES = "resources"
    NAME = "name"


def read_sections(source: BinaryIO, keep: Mapping[str, Keep]) -> Iterator[tuple[str, Any]]:
    """Pairs of section and value; a section of which nothing is kept comes once, with None.

    Errors: UnreadablePlan.
    """
    stream = JsonStream(_without_mark(source))
    if stream.peek() != "{":
        raise UnreadablePlan("This is no JSON object, so it is no plan.", AGAIN)
    stream.take("{")
    seen: set[str] = set()
    while stream.next_member():
        name = stream.key()
        if name in seen:
            raise UnreadablePlan("A section of this plan stands in it twice; Terraform writes each once.", AGAIN)
        seen.add(name)
        yield from ((name, value) for value in _kept(keep.get(name, Keep.NAME), stream))
    if stream.peek():
        raise UnreadablePlan("After the plan's end comes more: is it the log of `terraform plan -json`?", AGAIN)


class _Rest:
    """A file of which the first bytes were read already."""

    def __init__(self, head: bytes, source: BinaryIO) -> None:
        self._head = head
        self._source = source

    def read(self, size: int = -1) -> bytes:
        head, self._head = self._head, b""
        return head or self._source.read(size)


def _without_mark(source: BinaryIO) -> Any:
    """Name the mistakes that people make with files. A mark of UTF-8 is skipped."""
    head = source.read(3)
    if head[:2] == b"PK":
        raise UnreadablePlan("This is a saved plan, not its JSON.", "Convert it: `terraform show -json PLAN`.")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadablePlan("This file is UTF-16, as PowerShell's `>` writes it.", "Write it as UTF-8.")
    return source if head == b"\xef\xbb\xbf" else _Rest(head, source)


def _kept(how: Keep, stream: JsonStream) -> Iterator[Any]:
    begin = stream.peek()
    if how is Keep.WHOLE:
        yield stream.value()
    elif how is Keep.ELEMENTS and begin == "[":
        yield from _elements(stream)
    elif how is Keep.RESOURCES and begin == "{":
        yield from _resources(stream)
    elif how is Keep.NAME or begin == "n":
        stream.skip()
        yield None
    else:
        raise UnreadablePlan("A section of this plan is not of the documented form.", AGAIN)


def _elements(stream: JsonStream) -> Iterator[Any]:
    stream.take("[")
    while stream.next_element():
        yield stream.value()


def _resources(stream: JsonStream) -> Iterator[Any]:
    """Each element of `resources`, in the root module and the modules below it."""
    stream.take("{")
    while stream.next_member():
        key, begin = stream.key(), stream.peek()
        if key == "resources" and begin == "[":
            yield from _elements(stream)
        elif key in _MODULE_KEYS and begin == "{":
            yield from _resources(stream)
        elif key in _MODULE_KEYS and begin == "[":
            yield from _modules(stream)
        else:
            stream.skip()


def _modules(stream: JsonStream) -> Iterator[Any]:
    stream.take("[")
    while stream.next_element():
        if stream.peek() == "{":
            yield from _resources(stream)
        else:
            stream.skip()
