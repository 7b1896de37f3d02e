"""What every kind of trigger answers: where it stands, whether it fires now, and when to ask it again."""

from dataclasses import dataclass
from typing import Protocol

from brickyard_local.store import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """`position` is where the trigger stands afterwards; `wake` (seconds since the epoch) when to ask again."""

    position: Document
    wake: float | None
    fires: bool = False


class Kind(Protocol):
    """A trigger of one job. Times are seconds since the epoch."""

    @property
    def trigger(self) -> str:
        """The trigger type of runs, as the Jobs API names it."""

    def first(self, now: float) -> Document:
        """The position of a trigger that has just been configured."""

    def step(self, position: Document, now: float) -> Step:
        """Whether it fires now. The position may have been stored long ago, by an earlier process."""
