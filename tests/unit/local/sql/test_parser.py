"""Which statements are the front's, what they mean, and that every other one is Spark's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.errors import NotEmulated
from brickyard_local.sql.front.commands import (
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
from brickyard_local.sql.front.cursor import SyntaxProblem
from brickyard_local.sql.front.parser import maintained, parse, quoted
from brickyard_local.sql.front.tokens import tokens


def parsed(text: str) -> Command | None:
    return parse(tokens(text))


CATALOG, TABLE = Securable(kind="CATALOG", name=("c",)), Securable(kind="TABLE", name=("c", "s", "t"))
SCHEMA, VOLUME = Securable(kind="SCHEMA", name=("c", "s")), Securable(kind="VOLUME", name=("c", "s", "v"))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            "GRANT SELECT, USE SCHEMA ON TABLE c.s.t TO `a@b.c`",
            ChangeGrants(securable=TABLE, principal="a@b.c", privileges=("SELECT", "USE SCHEMA"), revoke=False),
        ),
        (
            "revoke all privileges on c.s.t from users",
            ChangeGrants(securable=TABLE, principal="users", privileges=("ALL PRIVILEGES",), revoke=True),
        ),
        (
            "GRANT CREATE CATALOG ON METASTORE TO x",
            ChangeGrants(
                securable=Securable(kind="METASTORE"), principal="x", privileges=("CREATE CATALOG",), revoke=False
            ),
        ),
        ("SHOW GRANTS `a@b.c` ON CATALOG c", ShowGrants(securable=CATALOG, principal="a@b.c")),
        ("SHOW GRANT ON VIEW c.s.t", ShowGrants(securable=TABLE, principal=None)),
        ("SHOW CATALOGS LIKE 'a*'", Show(kind="CATALOG", parent=(), pattern="a*")),
        ("SHOW DATABASES IN c", Show(kind="SCHEMA", parent=("c",), pattern=None)),
        ("SHOW VOLUMES FROM c.s 'v'", Show(kind="VOLUME", parent=("c", "s"), pattern="v")),
        (
            "CREATE SCHEMA IF NOT EXISTS c.s COMMENT 'x' WITH DBPROPERTIES (a.b = 'c', d = 1)",
            Create(securable=SCHEMA, if_not_exists=True, comment="x", properties={"a.b": "c", "d": "1"}),
        ),
        ("CREATE VOLUME c.s.v", Create(securable=VOLUME, if_not_exists=False)),
        ("DROP CATALOG IF EXISTS c CASCADE", Drop(securable=CATALOG, if_exists=True, cascade=True)),
        ("DROP SCHEMA c.s RESTRICT", Drop(securable=SCHEMA, if_exists=False, cascade=False)),
        ("ALTER TABLE c.s.t OWNER TO `x y`", Change(securable=TABLE, fields={"owner": "x y"})),
        ("ALTER CATALOG c SET OWNER TO g", Change(securable=CATALOG, fields={"owner": "g"})),
        (
            "ALTER TABLE c.s.t ALTER COLUMN k SET TAGS ('a' = 'b', 'pii')",
            ChangeTags(securable=TABLE, column="k", assigned={"a": "b", "pii": ""}),
        ),
        (
            "ALTER SCHEMA c.s UNSET TAGS ('a', 'b')",
            ChangeTags(securable=SCHEMA, column=None, assigned={}, removed=("a", "b")),
        ),
        ("COMMENT ON VOLUME c.s.v IS NULL", Change(securable=VOLUME, fields={"comment": ""})),
        (
            "COMMENT ON COLUMN c.t.k IS 'it\\'s'",
            Rewritten(text="ALTER TABLE `c`.`t` ALTER COLUMN `k` COMMENT 'it\\'s'"),
        ),
        ("DESC CATALOG EXTENDED c", Describe(securable=CATALOG, extended=True)),
        ("USE CATALOG `a-b`", Rewritten(text="SET CATALOG `a-b`")),
    ],
)
def test_statements_of_databricks_are_read(text: str, command: Command) -> None:
    assert parsed(text) == command
    assert parsed(f"/* c */ {text} -- end") == parsed(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SHOW TABLES IN c.s",
        "CREATE TABLE c.s.t (id INT)",
        "DROP TABLE c.s.t",
        "ALTER TABLE c.s.t ADD COLUMN x INT",
        "ALTER TABLE c.s.t ALTER COLUMN x DROP NOT NULL",
        "COMMENT ON TABLE c.s.t IS 'x'",
        "DESCRIBE c.s.t",
        "DESCRIBE HISTORY c.s.t",
        "DESCRIBE catalog",
        "USE c.s",
        "WITH grant AS (SELECT 1) SELECT * FROM grant",
    ],
)
def test_every_other_statement_is_sparks(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "GRANT SELECT ON t",
        "GRANT , ON t TO x",
        "SHOW CATALOGS LIKE",
        "DROP SCHEMA c.s NOW",
        "ALTER SCHEMA s SET TAGS ('a'",
        "COMMENT ON COLUMN c IS 'x'",
        "CREATE VOLUME c.s.v MAYBE",
    ],
)
def test_a_statement_that_is_not_well_formed_says_where(text: str) -> None:
    with pytest.raises(SyntaxProblem, match=r"expected|missing|no column|too early"):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("CREATE CATALOG c MANAGED LOCATION 's3://x'", "MANAGED LOCATION"),
        ("CREATE EXTERNAL VOLUME c.s.v LOCATION 's3://x'", "EXTERNAL VOLUME"),
        ("GRANT USAGE ON SHARE x TO y", "SHARE"),
        ("ALTER CATALOG c ENABLE PREDICTIVE OPTIMIZATION", "ALTER CATALOG"),
    ],
)
def test_what_is_not_emulated_is_named(text: str, named: str) -> None:
    with pytest.raises(NotEmulated, match=named):
        parsed(text)


@pytest.mark.parametrize("text", ["OPTIMIZE c.s.t WHERE d = 1", "VACUUM c.s.t", "RESTORE TABLE c.s.t VERSION AS OF 1"])
def test_maintenance_names_its_table(text: str) -> None:
    assert maintained(tokens(text)) == TABLE
    assert parsed(text) is None


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3))
def test_a_quoted_name_is_read_as_it_was_meant(parts: list[str]) -> None:
    found = parsed(f"DROP VOLUME {quoted(tuple(parts))}")

    assert isinstance(found, Drop)
    assert found.securable.name == tuple(parts)
