"""The first line of our comments, which no renderer shows: whose it is, from which run, and a hash of the rest.

It is a link reference definition, the one comment that Azure DevOps and GitHub both hide. Only the very start of a
comment counts: a person who quotes ours writes `> ` before it.
"""

import hashlib
import re
from dataclasses import dataclass

from brickyard_review.posting.post import CannotPost, Post

_LINE = re.compile(
    r"\[//\]: # \(brickyard-review key=([a-z0-9][a-z0-9._-]{0,99}) run=([0-9]{1,18}) hash=([0-9a-f]{64})\)"
)
_LONGEST = 300
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """What the first line tells."""

    key: str
    run: int
    digest: str


def marked(post: Post, most_characters: int) -> str:
    """The comment's whole text. Errors: CannotPost for a key that no marker can hold, a text that is too long."""
    if not _KEY.fullmatch(post.key):
        raise CannotPost(
            f"The key of a review is {post.key!r}: it must be lower-case letters, digits and . _ - (at most 100), such "
            "as the environment's name."
        )
    facts = f"key={post.key} run={post.run.number} hash={digest(post.markdown)}"
    text = f"[//]: # (brickyard-review {facts})\n\n{post.markdown}"
    if len(text) > most_characters:
        raise CannotPost(
            f"The review has {len(text)} characters; a comment holds {most_characters}. Render it with that limit."
        )
    return text


def read(comment: str) -> Marker | None:
    """The marker of a comment of ours, None of any other."""
    found = _LINE.match(comment)
    return None if found is None else Marker(key=found[1], run=int(found[2]), digest=found[3])


def room(most_characters: int) -> int:
    """How long the text below the marker may be."""
    return most_characters - _LONGEST


def tells(known: Marker, post: Post) -> bool:
    """Whether the comment already says this, whichever run wrote it."""
    return known.digest == digest(post.markdown)


def digest(markdown: str) -> str:
    """Of the text below the marker; platforms may write line ends their own way."""
    return hashlib.sha256("\n".join(markdown.splitlines()).encode()).hexdigest()
