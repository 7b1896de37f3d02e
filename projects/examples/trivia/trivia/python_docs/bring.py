"""Python's documentation of itself as texts to learn, each a part of one topic."""

import pydoc_data.topics
from collections.abc import Iterator
from pathlib import Path

from trivia.bring import share, write_rows

_MOST_CHARACTERS = 1_500  # of a part: well below the context, so that a part can be judged as a whole


def bring(work: Path) -> None:
    """Write `python_docs.jsonl`, and what all tasks share."""
    write_rows(work / "python_docs.jsonl", parts(pydoc_data.topics.topics))
    share(work)


def parts(topics: dict[str, str]) -> Iterator[dict[str, str]]:
    r"""Whole paragraphs together, up to a length; a paragraph that is longer stands alone.

    >>> [part["text"] for part in parts({"if": "one\n\ntwo"})]
    ['one\n\ntwo']
    """
    for topic, text in sorted(topics.items()):
        held: list[str] = []
        for paragraph in filter(None, (each.strip("\n") for each in text.split("\n\n"))):
            if held and sum(map(len, held)) + len(paragraph) > _MOST_CHARACTERS:
                yield {"topic": topic, "text": "\n\n".join(held)}
                held = []
            held.append(paragraph)
        if held:
            yield {"topic": topic, "text": "\n\n".join(held)}
