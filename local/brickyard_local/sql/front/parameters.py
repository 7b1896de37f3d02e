"""Named parameters become literals in the text: Delta's parser does not pass Spark's own parameters on.

A value with a type is cast to it, so a value that does not fit fails as on Databricks.
Source: docs.databricks.com/sql/language-manual/sql-ref-parameter-marker; databricks-sdk's execute_statement.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from brickyard_local.errors import InvalidParameter
from brickyard_local.sql.front.tokens import Kind, Token, tokens

_TYPE = re.compile(r"[A-Za-z_]+( [A-Za-z]+)*(\s*\(\s*\d+\s*(,\s*\d+\s*)?\))?$")
_WHOLE = re.compile(r"\d{1,9}$")

Parameters = Sequence[Mapping[str, str | None]]


def bound(text: str, parameters: Parameters) -> str:
    """The text with a literal for every marker that has a value; the others are Spark's to refuse.

    Errors: InvalidParameter for a parameter without a name, two of one name, or a type that is none.

    >>> bound("SELECT :a, x:a", [{"name": "a", "value": "2024-01-01", "type": "DATE"}])
    "SELECT CAST('2024-01-01' AS DATE), x:a"
    """
    literals = _literals(parameters)
    found, previous, parts, done = tokens(text), None, [], 0
    for token, following in pairwise(found):
        if _is_marker(token, following, previous) and following.value in literals:
            parts += [text[done : token.start], literals[following.value]]
            done = following.end
        previous = token
    return "".join([*parts, text[done:]])


def _is_marker(colon: Token, name: Token, previous: Token | None) -> bool:
    """`:name`, but neither `column:field`, a path into JSON, nor `a::INT`, a cast."""
    if not colon.is_symbol(":") or name.kind is not Kind.WORD or name.start != colon.end:
        return False
    if previous is None or previous.end < colon.start:
        return previous is None or not previous.is_symbol(":")
    return previous.kind is Kind.SYMBOL and previous.value not in {")", "]", ":"}


def _literals(parameters: Parameters) -> dict[str, str]:
    literals: dict[str, str] = {}
    for parameter in parameters:
        name = parameter.get("name") or ""
        if not name:
            raise InvalidParameter("A parameter has no name; its marker in the statement is written :name.")
        if name in literals:
            raise InvalidParameter(f"Parameter '{name}' is given twice; names must differ.")
        literals[name] = literal(parameter.get("value"), parameter.get("type") or "STRING", name=name)
    return literals


def literal(value: str | None, kind: str, *, name: str = "") -> str:
    """SQL that is the value of a type. Errors: InvalidParameter.

    >>> literal("3", "INT"), literal(None, "DATE"), literal("1.5", "DECIMAL(3,1)")
    ('3', 'CAST(NULL AS DATE)', "CAST('1.5' AS DECIMAL(3,1))")
    """
    if not _TYPE.match(kind):
        raise InvalidParameter(
            f"Parameter '{name}' has type '{kind}'; it must be a simple type such as INT, DATE or DECIMAL(10,2). "
            "ARRAY, MAP and STRUCT are not supported."
        )
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind.upper() in {"INT", "INTEGER"} and _WHOLE.match(value):
        return value  # where the grammar wants a number: LIMIT :n, VERSION AS OF :v
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if kind.upper() == "STRING" else f"CAST('{escaped}' AS {kind})"
