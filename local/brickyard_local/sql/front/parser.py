"""Parses the statements of Databricks SQL that Spark does not know; every other one is Spark's: None.

Source: docs.databricks.com/sql/language-manual: security-grant, security-revoke, security-show-grant,
sql-ref-syntax-ddl-{create,drop,alter}-{catalog,schema,volume}, -ddl-use-catalog, -ddl-comment,
sql-ref-syntax-aux-{show,describe}-*.
"""

from collections.abc import Callable

from brickyard_local.errors import NotEmulated
from brickyard_local.sql.front.commands import (
    CATALOG,
    EXTERNAL_LOCATION,
    FUNCTION,
    METASTORE,
    SCHEMA,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
    Change,
    ChangeGrants,
    ChangeTags,
    Command,
    Create,
    Describe,
    Drop,
    Rewritten,
    Securable,
    Show,
    ShowGrants,
)
from brickyard_local.sql.front.cursor import Cursor, SyntaxProblem
from brickyard_local.sql.front.tokens import Token

_CONTAINERS = {"CATALOG": CATALOG, "SCHEMA": SCHEMA, "DATABASE": SCHEMA, "VOLUME": VOLUME}
_LISTS = {"CATALOGS": CATALOG, "SCHEMAS": SCHEMA, "DATABASES": SCHEMA, "VOLUMES": VOLUME}
_ALTERED = {**_CONTAINERS, "TABLE": TABLE, "VIEW": TABLE, "FUNCTION": FUNCTION}


def parse(found: tuple[Token, ...]) -> Command | None:
    """Errors: SyntaxProblem, NotEmulated."""
    for word, rule in _RULES.items():
        cursor = Cursor(found)
        if cursor.accept(word):
            return rule(cursor)
    return None


def maintained(found: tuple[Token, ...]) -> Securable | None:
    """The table of OPTIMIZE, VACUUM, RESTORE and REORG: Spark does not ask whether it may be changed."""
    cursor = Cursor(found)
    if cursor.accept_any("OPTIMIZE", "VACUUM", "RESTORE", "REORG") is None:
        return None
    cursor.accept("TABLE")
    return Securable(kind=TABLE, name=cursor.name())


def _grant(cursor: Cursor) -> Command:
    return _change_grants(cursor, revoke=False)


def _revoke(cursor: Cursor) -> Command:
    return _change_grants(cursor, revoke=True)


def _change_grants(cursor: Cursor, *, revoke: bool) -> ChangeGrants:
    privileges = _privileges(cursor)
    securable = _securable(cursor)
    cursor.expect("FROM" if revoke else "TO")
    principal = cursor.identifier()
    cursor.expect_end()
    return ChangeGrants(securable=securable, principal=principal, privileges=privileges, revoke=revoke)


def _privileges(cursor: Cursor) -> tuple[str, ...]:
    """Names of several words, with commas between them, up to ON."""
    privileges: list[str] = []
    words: list[str] = []
    while not cursor.accept("ON"):
        if cursor.accept_symbol(","):
            privileges, words = [*privileges, " ".join(words)], []
            continue
        words.append(cursor.identifier().upper())
    privileges.append(" ".join(words))
    if not all(privileges):
        raise SyntaxProblem("A privilege is missing between the commas before ON.")
    return tuple(privileges)


def _securable(cursor: Cursor) -> Securable:
    if cursor.accept("METASTORE"):
        return Securable(kind=METASTORE)
    for words, kind in (
        (("EXTERNAL", "LOCATION"), EXTERNAL_LOCATION),
        (("STORAGE", "CREDENTIAL"), STORAGE_CREDENTIAL),
        (("MATERIALIZED", "VIEW"), TABLE),
    ):
        if cursor.accept(*words):
            return Securable(kind=kind, name=cursor.name())
    for refused in ("CONNECTION", "SHARE", "CLEAN", "PROCEDURE", "SERVICE", "ANY", "RECIPIENT", "PROVIDER"):
        if cursor.sees(refused):
            raise NotEmulated(f"grants ON {refused} …")
    kind_word = cursor.accept_any(*_ALTERED)
    return Securable(kind=_ALTERED[kind_word or "TABLE"], name=cursor.name())


def _show(cursor: Cursor) -> Command | None:
    if cursor.accept_any("GRANTS", "GRANT"):
        principal = None if cursor.accept("ON") else cursor.identifier()
        if principal is not None:
            cursor.expect("ON")
        securable = _securable(cursor)
        cursor.expect_end()
        return ShowGrants(securable=securable, principal=principal)
    word = cursor.accept_any(*_LISTS)
    if word is None:
        return None
    parent = cursor.name() if cursor.accept_any("IN", "FROM") else ()
    pattern = None
    if not cursor.ended:
        cursor.accept("LIKE")
        pattern = cursor.string()
    cursor.expect_end()
    return Show(kind=_LISTS[word], parent=parent, pattern=pattern)


def _create(cursor: Cursor) -> Command | None:
    if cursor.sees("EXTERNAL", "VOLUME"):
        raise NotEmulated("CREATE EXTERNAL VOLUME in SQL; managed volumes are")
    if cursor.sees("FOREIGN", "CATALOG"):
        raise NotEmulated("CREATE FOREIGN CATALOG")
    word = cursor.accept_any(*_CONTAINERS)
    if word is None:
        return None
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    securable = Securable(kind=_CONTAINERS[word], name=cursor.name())
    comment: str | None = None
    properties: dict[str, str] = {}
    while not cursor.ended:
        if cursor.accept("COMMENT"):
            comment = cursor.string()
        elif cursor.accept("WITH", "DBPROPERTIES"):
            properties = _pairs(cursor)
        else:
            _refuse_clause(cursor, word)
    return Create(securable=securable, if_not_exists=if_not_exists, comment=comment, properties=properties)


def _refuse_clause(cursor: Cursor, word: str) -> None:
    """Errors: NotEmulated, SyntaxProblem; always."""
    if cursor.sees("MANAGED", "LOCATION") or cursor.sees("LOCATION"):
        raise NotEmulated(f"MANAGED LOCATION of a {word}: its storage is managed by the local workspace")
    clause = cursor.accept_any("USING", "OPTIONS", "DEFAULT")
    if clause is not None:
        raise NotEmulated(f"the clause {clause} of CREATE {word}")
    cursor.expect_end()


def _drop(cursor: Cursor) -> Command | None:
    word = cursor.accept_any(*_CONTAINERS)
    if word is None:
        return None
    if_exists = cursor.accept("IF", "EXISTS")
    securable = Securable(kind=_CONTAINERS[word], name=cursor.name())
    cascade = cursor.accept_any("RESTRICT", "CASCADE") == "CASCADE"
    cursor.expect_end()
    return Drop(securable=securable, if_exists=if_exists, cascade=cascade)


def _alter(cursor: Cursor) -> Command | None:
    word = cursor.accept_any(*_ALTERED)
    if word is None:
        return None
    securable = Securable(kind=_ALTERED[word], name=cursor.name())
    column = cursor.name()[-1] if cursor.accept("ALTER", "COLUMN") or cursor.accept("CHANGE", "COLUMN") else None
    command = _alteration(cursor, securable, column)
    if command is None and securable.kind in {CATALOG, VOLUME}:
        raise NotEmulated(f"this clause of ALTER {word}; OWNER TO, SET TAGS, UNSET TAGS and RENAME TO (volumes) are")
    return command


def _alteration(cursor: Cursor, securable: Securable, column: str | None) -> Command | None:
    if column is None and (cursor.accept("OWNER", "TO") or cursor.accept("SET", "OWNER", "TO")):
        command: Command = Change(securable=securable, fields={"owner": cursor.identifier()})
    elif cursor.accept("SET", "TAGS"):
        command = ChangeTags(securable=securable, column=column, assigned=_pairs(cursor))
    elif cursor.accept("UNSET", "TAGS"):
        command = ChangeTags(securable=securable, column=column, assigned={}, removed=tuple(_pairs(cursor)))
    elif securable.kind == VOLUME and cursor.accept("RENAME", "TO"):
        command = Change(securable=securable, fields={"new_name": cursor.name()[-1]})
    else:
        return None
    cursor.expect_end()
    return command


def _comment(cursor: Cursor) -> Command | None:
    cursor.expect("ON")
    word = cursor.accept_any(*_CONTAINERS, "COLUMN")
    if word is None:
        return None
    name = cursor.name()
    cursor.expect("IS")
    comment = None if cursor.accept("NULL") else cursor.string()
    cursor.expect_end()
    if word == "COLUMN":
        if len(name) < 2:
            raise SyntaxProblem(f"'{name[0]}' is no column: write table.column.")
        escaped = (comment or "").replace("\\", "\\\\").replace("'", "\\'")
        return Rewritten(text=f"ALTER TABLE {quoted(name[:-1])} ALTER COLUMN {quoted(name[-1:])} COMMENT '{escaped}'")
    return Change(securable=Securable(kind=_CONTAINERS[word], name=name), fields={"comment": comment or ""})


def _describe(cursor: Cursor) -> Command | None:
    word = cursor.accept_any(*_CONTAINERS)
    if word is None or cursor.ended:
        return None  # DESCRIBE catalog: a table of that name
    extended = cursor.accept("EXTENDED")
    securable = Securable(kind=_CONTAINERS[word], name=cursor.name())
    cursor.expect_end()
    return Describe(securable=securable, extended=extended)


def _use(cursor: Cursor) -> Command | None:
    if not cursor.accept("CATALOG"):
        return None
    name = cursor.name()
    cursor.expect_end()
    return Rewritten(text=f"SET CATALOG {quoted(name)}")


def _pairs(cursor: Cursor) -> dict[str, str]:
    """`('a' = 'b', 'c')`; a key without a value has an empty one."""
    cursor.expect_symbol("(")
    pairs: dict[str, str] = {}
    while True:
        key = cursor.identifier()
        while cursor.accept_symbol("."):
            key += f".{cursor.identifier()}"
        pairs[key] = cursor.identifier() if cursor.accept_symbol("=") else ""
        if cursor.accept_symbol(")"):
            return pairs
        cursor.expect_symbol(",")


def quoted(name: tuple[str, ...]) -> str:
    """A name that is read as it is meant, whatever it holds."""
    return ".".join(f"`{part.replace('`', '``')}`" for part in name)


_RULES: dict[str, Callable[[Cursor], Command | None]] = {
    "GRANT": _grant,
    "REVOKE": _revoke,
    "SHOW": _show,
    "CREATE": _create,
    "DROP": _drop,
    "ALTER": _alter,
    "COMMENT": _comment,
    "DESCRIBE": _describe,
    "DESC": _describe,
    "USE": _use,
}
