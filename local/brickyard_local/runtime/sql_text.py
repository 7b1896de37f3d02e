"""SQL text cut into statements. Pure: no I/O."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<skip>'(?:\\.|''|[^'\\])*'|"(?:\\.|""|[^"\\])*"|`(?:``|[^`])*`|--[^\n]*|/\*.*?\*/)|(?P<end>;)""", re.DOTALL
)


def statements(text: str) -> Iterator[str]:
    r"""Statements between semicolons; those in strings, names and comments separate nothing.

    >>> list(statements("SELECT ';' -- not; here\n; SELECT 2;"))
    ["SELECT ';' -- not; here", 'SELECT 2']
    """
    begin = 0
    for token in _TOKEN.finditer(text):
        if token["end"]:
            yield from _one(text[begin : token.start()])
            begin = token.end()
    yield from _one(text[begin:])


def _one(text: str) -> Iterator[str]:
    if re.sub(r"--[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL).strip():
        yield text.strip()
