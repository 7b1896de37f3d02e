"""Talks of two and more turns as messages. Many stand in the package many times over: preparation takes them out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trivia.bring import folder, share, write_rows

# `trivia` is the other task; the lines of `computers` and `emotion` are several answers to one question, no talks.
_NO_TALKS = frozenset({"trivia", "computers", "emotion"})


def bring(work: Path) -> None:
    """Write `small_talk.jsonl`, and what all tasks share."""
    write_rows(work / "small_talk.jsonl", talks())
    share(work)


def talks() -> Iterator[dict[str, Any]]:
    """Turns of a user and an assistant, whose turn is the last.

    Source: chatterbot-corpus 1.3.3 (BSD), its English files
    """
    import yaml

    for file in sorted((folder("chatterbot_corpus") / "data" / "english").glob("*.yml")):
        if file.stem in _NO_TALKS:
            continue
        for said in yaml.safe_load(file.read_text(encoding="utf-8"))["conversations"]:
            turns = [str(text).strip() for text in said]
            turns = turns[: len(turns) // 2 * 2]
            if turns and all(turns):
                yield {"topic": file.stem, "messages": messages(turns)}


def messages(turns: list[str]) -> list[dict[str, str]]:
    """Turns that take turns.

    >>> messages(["Hello", "Hi"])
    [{'role': 'user', 'content': 'Hello'}, {'role': 'assistant', 'content': 'Hi'}]
    """
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(turns)]
