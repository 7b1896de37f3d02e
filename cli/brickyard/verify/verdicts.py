"""What a check found, in words, and what that means for a release."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Held(StrEnum):
    """Whether what a check asks for is so; `waits` is right for now and not yet the end."""

    YES = "holds"
    WAITS = "waits"
    NO = "fails"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was looked at. `said` names what was found, and where it does not hold the way out."""

    what: str
    held: Held
    said: str = ""


def exit_status(checks: Iterable[Check], *, complete: bool) -> int:
    """0 where everything holds; 2 where something fails, or with `complete` still waits.

    >>> exit_status([Check(what="alias", held=Held.WAITS)], complete=False)
    0
    >>> exit_status([Check(what="alias", held=Held.WAITS)], complete=True)
    2
    """
    bad = {Held.NO, Held.WAITS} if complete else {Held.NO}
    return 2 if any(check.held in bad for check in checks) else 0
