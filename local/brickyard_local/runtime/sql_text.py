"""SQL text cut into statements, and its `:name` parameters filled in. Pure: no I/O."""

import re
from collections.abc import Iterator, Mapping

_TOKEN = re.compile(
    r"""
    (?P<skip> '(?:\\.|''|[^'\\])*' | "(?:\\.|""|[^"\\])*" | `(?:``|[^`])*` | --[^\n]* | /\*.*?\*/ )
    | (?P<end> ; )
    | (?<![:\w]) : (?P<name> [A-Za-z_]\w* )
    """,
    re.DOTALL | re.VERBOSE,
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


def bound(statement: str, values: Mapping[str, str]) -> str:
    r"""The statement with its `:name` parameters as literals; names without a value stay.

    Delta's parser takes no parameters of Spark 4.2's `spark.sql(text, args)`, so they are written out.

    >>> bound("SELECT :a, ':a', x::int, :b", {"a": "it's"})
    "SELECT 'it\\'s', ':a', x::int, :b"
    """

    def literal(token: re.Match[str]) -> str:
        value = values.get(token["name"]) if token["name"] else None
        if value is None:
            return token[0]
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"

    return _TOKEN.sub(literal, statement)


def _one(text: str) -> Iterator[str]:
    if re.sub(r"--[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL).strip():
        yield text.strip()
