"""Matching text by a regular expression that somebody else wrote, in bounded time.

Python's matcher backtracks and cannot be interrupted: `(a+)+b` on forty letters would hold the whole server for hours.
So what could take long is matched in a process of its own, which is ended.
"""

import re
import subprocess
import sys

from brickyard_local.errors import InvalidParameter

_LIMIT_S = 2.0
_LONGEST_HERE = 1000
_MATCHER = """
import re, sys
pattern, text = sys.stdin.buffer.read().decode(errors="surrogatepass").split("\\0", 1)
sys.exit(0 if re.fullmatch(pattern, text) else 1)
"""


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text. Errors: InvalidParameter when that cannot be told in time."""
    if _is_harmless(pattern, text) or "\0" in pattern:
        return re.fullmatch(pattern, text) is not None
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _MATCHER],
            input=f"{pattern}\0{text}".encode(errors="surrogatepass"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidParameter(
            f"The pattern '{pattern}' of the policy takes more than {_LIMIT_S:g} s for a value of {len(text)} "
            "characters: a repetition inside of a repetition, or of alternatives that match the same, tries all ways "
            "to divide it. Write it without."
        ) from None
    return done.returncode == 0


def _is_harmless(pattern: str, text: str) -> bool:
    """Without groups, two repetitions take a time of at most the square of the text's length."""
    return len(text) <= _LONGEST_HERE and "(" not in pattern and len(re.findall(r"[*+?{]", pattern)) <= 2
