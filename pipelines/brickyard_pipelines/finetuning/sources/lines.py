"""Lines of a file with their numbers; one line too long is passed over without being held."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.rows.refusals import Reason, Refusal

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What stands at a place: a document, or why there is none; with its size in the source."""

    file: str
    line: int
    document: Any = None
    refusal: Refusal | None = None
    bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line without its end, or None where it is longer than allowed."""

    number: int
    text: bytes | None
    bytes: int


def lines_of(path: Path, *, max_bytes: int) -> Iterator[Line]:
    """Every line that is not blank, as bytes; a byte order mark in front is dropped."""
    with path.open("rb", buffering=_CHUNK) as file:
        number = 0
        while line := file.readline(max_bytes + 1):
            number += 1
            size = len(line)
            if size > max_bytes and not line.endswith(b"\n"):
                line = b""  # not held while the rest of it is passed over
                size += _pass_over(file)
                yield Line(number=number, text=None, bytes=size)
                continue
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield Line(number=number, text=text.rstrip(b"\r\n"), bytes=size)


def _pass_over(file: Any) -> int:
    passed = 0
    while part := file.readline(_CHUNK):
        passed += len(part)
        if part.endswith(b"\n"):
            break
    return passed


def decoded(text: bytes) -> str | Refusal:
    """The text, or which byte is none of UTF-8."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        got = f"byte {text[error.start]:#04x} at column {error.start + 1}"
        return Refusal(reason=Reason.NOT_UTF8, got=got, rule="text is UTF-8", fix="Save the file as UTF-8.")


def is_unicode(text: str) -> bool:
    """Whether there is nothing in it that is none of UTF-8: a byte that was read as it stood, half of a pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def too_many_bytes(size: int, max_bytes: int) -> Refusal:
    """The refusal of a row that is longer than allowed."""
    fix = "Split it, or raise data.max_row_bytes."
    return Refusal(
        reason=Reason.TOO_MANY_BYTES, got=f"{size:,} bytes", rule=f"a row has at most {max_bytes:,}", fix=fix
    )
