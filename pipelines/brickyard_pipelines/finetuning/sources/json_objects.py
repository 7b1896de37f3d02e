"""A line of JSONL as the object that it says, or why it says none."""

import json
import re
from typing import Any

from brickyard_pipelines.finetuning.rows.refusals import Reason, Refusal, RowRefused, shown
from brickyard_pipelines.finetuning.sources.lines import decoded, is_unicode

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _RepeatedKey(Exception):
    """Of two values of one key, Python's parser would keep the last and say nothing."""


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedKey(next(name for name in names if names.count(name) > 1))
    return found


_DECODE = json.JSONDecoder(object_pairs_hook=_unambiguous).decode


def parsed(line: bytes) -> dict[str, Any]:
    """Errors: RowRefused."""
    text = decoded(line)
    if isinstance(text, Refusal):
        raise RowRefused(text.reason, text.got, text.rule, text.fix)
    document = _document(text)
    if not isinstance(document, dict):
        fix = "Write {…} with the row's keys."
        raise RowRefused(Reason.NOT_AN_OBJECT, shown(document), "a line is an object", fix)
    if _SURROGATE.search(text) and not is_unicode(json.dumps(document, ensure_ascii=False)):
        got, fix = "half of a character (one of two \\ud… escapes)", "Write the character itself, or both."
        raise RowRefused(Reason.NOT_UTF8, got, "text is Unicode", fix)
    return document


def _document(text: str) -> Any:
    try:
        return _DECODE(text)
    except _RepeatedKey as error:
        got, fix = f"the key {shown(str(error))} twice in one object", "Remove the value that is not meant."
        raise RowRefused(Reason.REPEATED_KEY, got, "a key stands once", fix) from error
    except ValueError as error:
        got, fix = f"{shown(text)} ({error})", "Write one JSON object per line."
        raise RowRefused(Reason.NOT_JSON, got, "a line is JSON", fix) from error
    except RecursionError as error:
        raise RowRefused(Reason.NOT_JSON, "too many brackets", "a line is JSON", "Flatten it.") from error
