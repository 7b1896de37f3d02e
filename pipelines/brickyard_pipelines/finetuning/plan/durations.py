"""How long to train, in the retired API's grammar. Pure.

Source: databricks-genai 1.1.8, `training_duration` of create(): `100ba`, `10ep`, `1_000_000tok`
"""

import re
from dataclasses import dataclass
from typing import Literal

_GRAMMAR = re.compile(r"([0-9][0-9_]*)(ep|ba|tok)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Duration:
    """So many epochs, optimizer steps, or tokens."""

    amount: int
    unit: Literal["ep", "ba", "tok"]

    def tokens(self, *, tokens_per_epoch: int, tokens_per_step: float) -> float:
        """How many tokens are seen in all.

        >>> Duration(amount=3, unit="ep").tokens(tokens_per_epoch=100, tokens_per_step=8.0)
        300.0
        """
        per_unit = {"ep": float(tokens_per_epoch), "ba": tokens_per_step, "tok": 1.0}
        return self.amount * per_unit[self.unit]


def parse_duration(text: str) -> Duration | None:
    """The duration that a text means, or None when it means none.

    >>> parse_duration("1_000_000tok")
    Duration(amount=1000000, unit='tok')
    >>> parse_duration("2 epochs") is None
    True
    """
    found = _GRAMMAR.fullmatch(text)
    if found is None or int(found[1].replace("_", "")) == 0:
        return None
    unit: Literal["ep", "ba", "tok"] = "ep" if found[2] == "ep" else "ba" if found[2] == "ba" else "tok"
    return Duration(amount=int(found[1].replace("_", "")), unit=unit)
