"""What is posted, where, and how it went."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from brickyard_review.errors import ReviewError
from brickyard_review.model import Review, Verdict


class CannotPost(ReviewError):
    """The platform did not take the review: nothing may pass for reviewed."""


class Outcome(StrEnum):
    """What became of the comment, or of the issue; only an issue is closed, or not needed."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NOTHING = "not needed"
    OUTDATED = "left alone: a newer run has posted"


class State(StrEnum):
    """What the status says: only the first two let a pull request through."""

    PASSED = "passed"
    CARE = "passed, needs care"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The pipeline's run that reviewed. A later run has a higher number, on the same platform."""

    number: int
    url: str
    commit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One review for one pull request. `key` names its comment there, e.g. the environment."""

    key: str
    markdown: str
    headline: str
    state: State
    run: Run


def of_review(review: Review, markdown: str, *, key: str, run: Run) -> Post:
    """The post of a finished review."""
    passed = State.PASSED if review.verdict.rank < Verdict.CARE.rank else State.CARE
    state = passed if review.exit_code == 0 else State.FAILED
    return Post(key=key, markdown=markdown, headline=review.headline, state=state, run=run)


def of_failure(reason: str, *, key: str, run: Run) -> Post:
    """The post of a review that did not come about: it takes the place of an earlier, better one."""
    headline = "The plan was not reviewed"
    markdown = f"## {headline}\n\nNothing may be applied on the strength of an earlier review.\n\n{_quoted(reason)}\n"
    return Post(key=key, markdown=markdown, headline=headline, state=State.FAILED, run=run)


def _quoted(text: str) -> str:
    """As preformatted text that cannot end early."""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 3)
    return f"{fence}text\n{text}\n{fence}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """The comment's address for people."""

    outcome: Outcome
    url: str


class Platform(Protocol):
    """Where pull requests are. `most_characters` is the longest comment it takes, our own first line included."""

    most_characters: int

    def post(self, post: Post) -> Posted:
        """Make or update the comment and the status; twice is as once. Errors: CannotPost."""
        ...
