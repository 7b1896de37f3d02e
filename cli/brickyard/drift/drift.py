"""Plan every stack with a refresh, tell what drifted, and keep one issue up to date."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brickyard.bundle.order import stacks_in_order
from brickyard.clone import Clone
from brickyard.drift.found import Found, found_in, headline_of, markdown_of
from brickyard.drift.readable import planned_by_reader
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard.terraform import synthesise
from brickyard_review.posting.places import issues
from brickyard_review.posting.post import Post, State
from brickyard_stacks.planning import SIGN_IN_VARIABLE

DRIFTED = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the command line says; `post` is a platform, or None."""

    environment: str
    parts: Sequence[str]
    post: str | None


def drift(clone: Clone, screen: Screen, asked: Asked) -> int:
    """0 where nothing drifted, else 2. Errors: DeployFailed, InvalidSettings, CannotPost."""
    where = None if asked.post is None else issues(asked.post, os.environ)  # before minutes of planning
    found = tuple(_found(clone, screen, asked))
    text = markdown_of(asked.environment, found)
    print(text)
    is_drift = any(each.drifted for each in found)
    if where is not None:
        platform, run = where
        state = State.FAILED if is_drift else State.PASSED
        headline = headline_of(asked.environment, found)
        post = Post(key=f"drift-{asked.environment}", markdown=text, headline=headline, state=state, run=run)
        posted = platform.post(post)
        print(f"brickyard drift: issue {posted.outcome} {posted.url}".rstrip(), file=sys.stderr)
    return DRIFTED if is_drift else 0


def _found(clone: Clone, screen: Screen, asked: Asked) -> Iterator[Found]:
    only_reads = os.environ.get(SIGN_IN_VARIABLE) == "plan"
    folder = clone.state / "drift" / asked.environment
    try:
        with screen.step(f"Synthesise {asked.environment}"):
            synthesised = synthesise(clone, asked.environment, folder)
        for stack in stacks_in_order(folder, asked.environment, asked.parts):
            with screen.step(f"Plan {stack}"):
                if only_reads:
                    shown, unread = planned_by_reader(synthesised, stack)
                else:
                    shown, unread = synthesised.planned(stack), frozenset()
                yield found_in(stack, json.loads(shown), unread)
    finally:
        remove([folder])
