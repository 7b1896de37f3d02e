"""What stands for many values: a sample that keeps their ranks, and how many different ones there are. Pure: no I/O.

Both can be joined: what is kept of two parts of the rows is that of all of them.
"""

from typing import Any

import numpy as np
import pandas as pd

_MOST_OF_LEVEL = 4_096
_MOST_HASHES = 16_384
_ALL_HASHES = float(2**64)


class Quantiles:
    """Values by weight: one of level n stands for 2ⁿ rows. Ranks are right to about 0.05 %.

    A level that is full is sorted, and every other of its values goes to the level above, from the first one and from
    the second one in turn. Source: Manku, Rajagopalan, Lindsay 1998; Karnin, Lang, Liberty 2016 ("KLL").
    """

    def __init__(self) -> None:
        self._levels: list[Any] = []
        self._second = False

    def add(self, values: Any, counts: Any) -> None:
        """Values and how many rows each stands for: those of rows, or what `weighted` gave of others.

        Shapes: floats without NaN, and as many integers above 0.
        """
        for level in range(int(counts.max(initial=0)).bit_length()):
            self._add(values[(counts >> level) & 1 == 1], level)

    def weighted(self) -> tuple[Any, Any]:
        """Values and the rows behind each, which add up to all rows."""
        counts = [np.full(len(values), 2**n, dtype=np.int64) for n, values in enumerate(self._levels)]
        return np.concatenate([np.empty(0), *self._levels]), np.concatenate([np.empty(0, dtype=np.int64), *counts])

    def _add(self, values: Any, level: int) -> None:
        while len(self._levels) <= level:
            self._levels.append(np.empty(0))
        held = np.concatenate([self._levels[level], values])
        if len(held) < _MOST_OF_LEVEL:
            self._levels[level] = held
            return
        held.sort()
        even = len(held) - len(held) % 2  # an odd one stays, so that no row is lost
        self._levels[level] = held[even:]
        self._second = not self._second
        self._add(held[int(self._second) : even : 2], level + 1)


class Distinct:
    """The smallest hashes of values: how many different ones there are, exactly up to 16,383, else to about 1 %.

    Source: Bar-Yossef et al. 2002 ("k minimum values").
    """

    def __init__(self) -> None:
        self.kept: Any = np.empty(0, dtype=np.uint64)

    def add(self, hashed: Any) -> None:
        """What `hashes` gave of values, in any order and any number, or what another has `kept`."""
        if len(self.kept) == _MOST_HASHES:
            hashed = hashed[hashed < self.kept[-1]]
        if len(hashed):
            self.kept = np.unique(np.concatenate([self.kept, hashed]))[:_MOST_HASHES]

    def estimate(self) -> int:
        """How many different values there were."""
        if len(self.kept) < _MOST_HASHES:
            return len(self.kept)
        return round((_MOST_HASHES - 1) / (float(self.kept[-1]) / _ALL_HASHES))


def hashes(values: Any) -> Any:
    """A number of 64 bits for each value, the same in every process. Shapes: floats without NaN, or texts; uint64."""
    return pd.util.hash_array(values, categorize=False)
