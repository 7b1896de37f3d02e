"""One thing that must exist: whether it does, the call that makes it, and the call itself."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What is shown before it is done. `done` is what exists already; `by_hand` is what this command cannot do."""

    what: str
    call: str
    done: bool = False
    by_hand: bool = False
    make: Callable[[], str] | None = None  # returns what to remember, such as an id

    @property
    def open(self) -> bool:
        """Whether this command has it to do."""
        return not self.done and not self.by_hand
