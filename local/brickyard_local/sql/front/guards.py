"""Statements that are refused by name: those that are not emulated, and those that reach around Unity Catalog.

All principals share one Spark server, so what reads files by their path, runs programs or calls into Java is refused
before Spark sees it; files of volumes are the exception, for who may read the volume. On Databricks the same is
refused by shared compute, with other words.
Source: docs.databricks.com/compute/access-mode-limitations; docs.databricks.com/sql/language-manual/sql-ref-parameters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from brickyard_local.errors import NotEmulated, PermissionDenied
from brickyard_local.sql.front.tokens import Kind, Token

_NOT_EMULATED = (
    ("COPY", "INTO"),
    ("CREATE", "STREAMING"),
    ("CREATE", "OR", "REFRESH"),
    ("CREATE", "MATERIALIZED"),
    ("CREATE", "OR", "REPLACE", "MATERIALIZED"),
    ("CREATE", "CONNECTION"),
    ("CREATE", "SHARE"),
    ("CREATE", "RECIPIENT"),
    ("CREATE", "PROVIDER"),
    ("CREATE", "EXTERNAL", "LOCATION"),
    ("CREATE", "STORAGE", "CREDENTIAL"),
    ("CREATE", "PROCEDURE"),
    ("CREATE", "POLICY"),
    ("CALL",),
    ("REFRESH", "STREAMING"),
    ("REFRESH", "MATERIALIZED"),
    ("UNDROP",),
    ("SYNC",),
    ("PUT",),
    ("GET",),
    ("REMOVE",),
    ("LIST",),
    ("EXECUTE", "IMMEDIATE"),
)
_FUNCTIONS = frozenset(
    {"read_files", "cloud_files", "http_request", "remote_query", "read_kafka", "list_secrets", "secret"}
)
_CALLS_JAVA = frozenset({"reflect", "java_method", "try_reflect"})
_AROUND = (
    ("ADD",),
    ("LOAD", "DATA"),
    ("CREATE", "FUNCTION"),
    ("CREATE", "OR", "REPLACE", "FUNCTION"),
    ("CREATE", "TEMPORARY", "FUNCTION"),
    ("CREATE", "TEMP", "FUNCTION"),
    ("CREATE", "OR", "REPLACE", "TEMPORARY", "FUNCTION"),
    ("CREATE", "OR", "REPLACE", "TEMP", "FUNCTION"),
)
_FORMATS = frozenset({"delta", "parquet", "csv", "json", "text", "orc", "avro", "xml", "binaryfile", "image"})
_BEFORE_STATEMENTS = ("BEGIN", "ATOMIC", "DO", "THEN", "ELSE", "LOOP", "REPEAT")
_SETTINGS = frozenset(
    {"ANSI_MODE", "TIMEZONE", "STATEMENT_TIMEOUT", "LEGACY_TIME_PARSER_POLICY", "USE_CACHED_RESULT", "ENABLE_PHOTON"}
)


def refuse(found: tuple[Token, ...]) -> None:
    """Errors: NotEmulated, PermissionDenied."""
    for statement in _statements(found):
        for words in _NOT_EMULATED:
            if _begins(statement, words):
                raise NotEmulated(f"the statement {' '.join(words)}")
        _refuse_functions(statement)
    for token, following in pairwise(found):
        called = following.is_symbol("(") and token.is_name
        name = token.value.lower()
        if called and (name.startswith("ai_") or name in _FUNCTIONS):
            raise NotEmulated(f"the function {name}")
        if called and name in _CALLS_JAVA:
            raise PermissionDenied(f"The function {name} calls into Java: shared compute does not allow it.")
        if called and name == "table_changes_by_path":
            raise PermissionDenied(f"The function {name} reads files by path: use table_changes with a table's name.")
    _refuse_hidden_calls(found)
    _refuse_programs(found)
    _refuse_settings(found)


def _statements(found: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """The statement; of a script, from each place where a statement may begin to the next semicolon."""
    is_script = _begins(found, ("BEGIN",)) or (len(found) > 2 and found[1].is_symbol(":") and found[2].is_word("BEGIN"))
    if not is_script:
        yield found
        return
    for start in (at for at in range(len(found)) if _may_begin(found, at)):
        if found[start].is_name and found[start + 1 : start + 2] and not found[start + 1].is_name:
            continue  # CASE … THEN get(x) …: a value, not a statement
        end = next((at for at in range(start, len(found)) if found[at].is_symbol(";")), len(found))
        yield found[start:end]


def _may_begin(found: tuple[Token, ...], at: int) -> bool:
    before = found[at - 1] if at else None
    return before is None or before.is_symbol(";") or before.is_word(*_BEFORE_STATEMENTS)


def _refuse_hidden_calls(found: tuple[Token, ...]) -> None:
    """A function that `IDENTIFIER('f')(x)` names could be any. `INTO IDENTIFIER('t') (a, b)` names a table."""
    for at, token in enumerate(found[:-1]):
        names = at > 0 and found[at - 1].is_word("INTO", "TABLE", "VIEW", "FUNCTION", "EXISTS")
        if names or not token.is_word("IDENTIFIER") or not found[at + 1].is_symbol("("):
            continue
        depth, end = 1, at + 2
        while depth and end < len(found):
            depth += found[end].is_symbol("(") - found[end].is_symbol(")")
            end += 1
        if end < len(found) and found[end].is_symbol("("):
            raise NotEmulated("functions that are named by IDENTIFIER(…)")


def _refuse_functions(found: tuple[Token, ...]) -> None:
    for words in _AROUND:
        if _begins(found, words):
            language = any(a.is_word("LANGUAGE") and b.is_word("PYTHON") for a, b in pairwise(found))
            if language:
                raise NotEmulated("CREATE FUNCTION … LANGUAGE PYTHON")
            named = any(a.is_word("AS") and b.kind is Kind.STRING for a, b in pairwise(found))
            if words[0] != "CREATE" or named or any(token.is_word("USING") for token in found):
                raise PermissionDenied(f"{' '.join(words)} loads code or files by path: shared compute refuses it.")


def _refuse_programs(found: tuple[Token, ...]) -> None:
    """TRANSFORM … USING 'program'; INSERT OVERWRITE DIRECTORY; views over files by path."""
    for token, following in pairwise(found):
        if token.is_word("USING") and following.kind is Kind.STRING:
            raise PermissionDenied("TRANSFORM … USING runs a program: shared compute does not allow it.")
        if token.is_word("OVERWRITE", "LOCAL") and following.is_word("DIRECTORY", "LOCAL"):
            raise PermissionDenied("INSERT OVERWRITE DIRECTORY writes files by path: insert into a table.")
    view = next((n for n, token in enumerate(found) if token.is_word("VIEW")), None)
    if view is not None and any(token.is_word("TEMPORARY", "TEMP") for token in found[:view]):
        using = (n for n, token in enumerate(found) if n > view and token.is_word("USING", "AS"))
        first = next(using, None)
        if first is not None and found[first].is_word("USING"):
            raise PermissionDenied("CREATE TEMPORARY VIEW … USING reads files by path: select from a table or volume.")


def _refuse_settings(found: tuple[Token, ...]) -> None:
    for at, token in enumerate(found[:-1]):
        if not _may_begin(found, at) or not token.is_word("SET", "RESET"):
            continue
        following = found[at + 1]
        dotted = at + 2 < len(found) and found[at + 2].is_symbol(".")
        if dotted or (following.kind is Kind.QUOTED and "." in following.value):
            raise PermissionDenied(
                f"[CONFIG_NOT_AVAILABLE] Configuration {following.value}… is not available: SQL warehouses do not let "
                "statements change Spark's settings."
            )
        if following.is_word(*_SETTINGS):
            raise NotEmulated(f"the parameter {following.value.upper()} (each statement has a session of its own)")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileTable:
    """Files that are read as a table, such as csv.`/Volumes/c/s/v/x.csv`: `text[start:end]` of a statement."""

    start: int
    end: int
    format: str
    path: str


def file_tables(found: tuple[Token, ...]) -> list[FileTable]:
    """Errors: PermissionDenied where they are not read: a volume's files are not written by SQL."""
    tables = []
    for at, kind in enumerate(found[:-2]):
        dot, path = found[at + 1], found[at + 2]
        named = kind.is_name and kind.value.lower() in _FORMATS and dot.is_symbol(".") and path.kind is Kind.QUOTED
        if not named or not ("/" in path.value or ":" in path.value):
            continue
        before = found[at - 1] if at else None
        is_read = before is not None and (before.is_word("FROM", "JOIN", "USING") or before.is_symbol(","))
        if not is_read or found[0].is_word("DELETE"):
            raise PermissionDenied(f"'{path.value}' can only be read, after FROM, JOIN or USING.")
        tables.append(FileTable(start=kind.start, end=path.end, format=kind.value.lower(), path=path.value))
    return tables


def _begins(found: tuple[Token, ...], words: tuple[str, ...]) -> bool:
    ahead = found[: len(words)]
    return len(ahead) == len(words) and all(t.is_word(w) for t, w in zip(ahead, words, strict=True))
