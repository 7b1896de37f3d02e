"""The texts of `stop`, at which an answer ends and which it does not say."""

from collections.abc import Iterator, Mapping
from typing import Any


def without_stop(data: Any, params: Mapping[str, Any] | None) -> tuple[Any, dict[str, Any], list[str]]:
    """The request without `stop`, and its texts. *Shapes*: `data` is a table of one request, or its JSON object."""
    given = dict(params or {})
    asked = given.pop("stop", None)
    if "stop" in data:
        is_table = hasattr(data, "columns")
        asked = data["stop"].iloc[0] if is_table else data["stop"]
        kept = [name for name in data if name != "stop"]
        data = data[kept] if is_table else {name: data[name] for name in kept}
    texts = [asked] if isinstance(asked, str) else [] if asked is None or isinstance(asked, float) else list(asked)
    return data, given, [text for text in texts if text]


def cut(answer: dict[str, Any], stops: list[str]) -> dict[str, Any]:
    """The answer up to the first of these texts."""
    for choice in answer["choices"]:
        where, name = (choice["message"], "content") if "message" in choice else (choice, "text")
        end = _first_of(where[name], stops)
        if end is not None:
            where[name], choice["finish_reason"] = where[name][:end], "stop"
    return answer


def before(pieces: Iterator[str], stops: list[str]) -> Iterator[str]:
    """The pieces up to the first of these texts; what may be the beginning of one waits for the next piece."""
    held, longest = "", max(map(len, stops), default=1)
    for piece in pieces:
        held += piece
        end = _first_of(held, stops)
        if end is not None:
            yield held[:end]
            for _ in pieces:  # nothing that is said
                pass
            return
        sure = max(len(held) - longest + 1, 0)
        yield held[:sure]
        held = held[sure:]
    yield held


def _first_of(text: str, stops: list[str]) -> int | None:
    return min((at for at in map(text.find, stops) if at >= 0), default=None)
