"""Two runs that write one table at the same moment: Delta refuses the later commit, and its work is done again."""

import logging
from collections.abc import Callable
from typing import TypeVar

_log = logging.getLogger(__name__)
_ATTEMPTS = 6
_REFUSED = (
    *("DELTA_CONCURRENT_", "ConcurrentAppendException", "ConcurrentTransaction"),
    *("DELTA_METADATA_CHANGED", "MetadataChangedException"),  # another run added columns
    *("DELTA_PROTOCOL_CHANGED", "ProtocolChangedException"),  # also where two make the same table
)
_T = TypeVar("_T")


def until_undisturbed(work: Callable[[], _T]) -> _T:
    """The result of work that reads and writes a table; again from its reading when another wrote meanwhile.

    Delta refuses the later of two such writes, so nothing is doubled; the last refusal is raised.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return work()
        except Exception as error:
            if not is_conflict(error):
                raise
            _log.info("another run wrote at the same time: looking again at what is left to do")
    return work()


def is_conflict(error: Exception) -> bool:
    """Whether Delta refused a commit since another came first.

    >>> is_conflict(RuntimeError("[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] Files were added"))
    True
    >>> is_conflict(RuntimeError("[DELTA_PROTOCOL_CHANGED] ProtocolChangedException: The protocol version"))
    True
    >>> is_conflict(RuntimeError("no such column"))
    False
    """
    said = str(error)
    return any(name in said for name in _REFUSED)
