"""What is refused by name, and what is not refused by mistake."""

import pytest

from brickyard_local.errors import NotEmulated, PermissionDenied
from brickyard_local.sql.front.guards import file_tables, refuse
from brickyard_local.sql.front.tokens import tokens


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("COPY INTO t FROM '/x'", "COPY INTO"),
        ("CREATE FUNCTION c.s.f(x INT) RETURNS INT LANGUAGE PYTHON AS $$ return 1 $$", "LANGUAGE PYTHON"),
        ("SELECT AI_QUERY('m', 'q')", "ai_query"),
        ("SELECT * FROM read_files('/x')", "read_files"),
        ("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1", "MATERIALIZED"),
        ("EXECUTE IMMEDIATE 'SELECT 1'", "EXECUTE IMMEDIATE"),
        ("SET ANSI_MODE = false", "ANSI_MODE"),
        ("BEGIN EXECUTE IMMEDIATE 'SELECT 1'; END", "EXECUTE IMMEDIATE"),
        ("SELECT IDENTIFIER('ref' || 'lect')('java.lang.Math', 'abs', -1)", "IDENTIFIER"),
    ],
)
def test_what_is_not_emulated_is_named(text: str, named: str) -> None:
    with pytest.raises(NotEmulated, match=named):
        refuse(tokens(text))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT TRANSFORM(a) USING 'cat' AS (b) FROM t",
        "SELECT java_method('java.lang.Runtime', 'getRuntime')",
        "ADD JAR '/x.jar'",
        "LOAD DATA INPATH '/x' INTO TABLE t",
        "CREATE FUNCTION f AS 'Evil' USING JAR '/x.jar'",
        "INSERT OVERWRITE LOCAL DIRECTORY '/x' SELECT 1",
        "CREATE TEMPORARY VIEW v USING text OPTIONS (path '/x')",
        "CREATE OR REPLACE TEMP VIEW v USING csv",
        "SET spark.sql.x = 1",
        "BEGIN SET `spark.sql.x` = 1; END",
        "RESET spark.sql.x",
        "BEGIN l: LOOP SET spark.sql.x = 1; LEAVE l; END LOOP; END",
        "l: BEGIN SELECT 1; ADD JAR '/x.jar'; END",
        "BEGIN ADD JAR '/x.jar'; END",
        "CREATE OR REPLACE TEMPORARY FUNCTION f AS 'Evil' USING JAR '/x.jar'",
        "CREATE TEMP FUNCTION f AS 'org.example.Evil'",
        "BEGIN CREATE TEMPORARY FUNCTION f AS 'org.example.Evil'; END",
        "SELECT `reflect`('java.lang.Math', 'abs', -1)",
        "SELECT 1 -- \r, reflect('java.lang.Math', 'abs', -1)",
        "SELECT /*+ COALESCE('*/ ') */ reflect('java.lang.Math', 'abs', -1)",
        "SELECT /* /*+ */ reflect('java.lang.Math', 'abs', -1) -- */ */ \n AS x",
        "SELECT * FROM table_changes_by_path('/x', 0)",
    ],
)
def test_what_reaches_around_unity_catalog_is_refused(text: str) -> None:
    with pytest.raises(PermissionDenied):
        refuse(tokens(text))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT transform(a, x -> x + 1) FROM t JOIN u USING (id)",
        "CREATE TABLE c.s.t (id INT) USING delta",
        "CREATE TEMP VIEW v AS SELECT * FROM a JOIN b USING (id)",
        "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.n = 1",
        "UPDATE t SET a.b = 1",
        "ALTER TABLE t SET TBLPROPERTIES ('a' = 'b')",
        "SELECT reflect FROM t WHERE secret = 1",
        "SET TIME ZONE 'UTC'",
        "SELECT CASE WHEN a THEN get(b, 0) ELSE list END, CASE WHEN a THEN add ELSE put END FROM t",
        "BEGIN SELECT CASE WHEN a THEN get(b, 0) ELSE c END FROM t; END",
        "INSERT INTO IDENTIFIER('c.s.t') (a, b) VALUES (1, 2)",
        "SELECT * FROM IDENTIFIER('c.s.t') WHERE (a) IN (1)",
        "BEGIN UPDATE t SET a.b = 1; END",
        "SELECT /*+ BROADCAST(t) */ * FROM t -- reflect(\\\nreflect(1)\n",
        "CREATE FUNCTION c.s.f(x INT) RETURNS INT RETURN x + 1",
    ],
)
def test_what_is_harmless_passes(text: str) -> None:
    refuse(tokens(text))


def test_paths_are_found_where_they_are_read() -> None:
    text = "SELECT * FROM csv.`/Volumes/a/b/c/d.csv` t JOIN delta.`dbfs:/x` u ON t.`a/b` = u.text"

    assert [(each.format, each.path) for each in file_tables(tokens(text))] == [
        ("csv", "/Volumes/a/b/c/d.csv"),
        ("delta", "dbfs:/x"),
    ]
    assert file_tables(tokens("SELECT * FROM text.t")) == []


@pytest.mark.parametrize(
    "text", ["INSERT INTO delta.`/Volumes/a/b/c` VALUES (1)", "DELETE FROM delta.`/x/y`", "OPTIMIZE delta.`/x/y`"]
)
def test_files_are_not_written_by_path(text: str) -> None:
    with pytest.raises(PermissionDenied, match="only be read"):
        file_tables(tokens(text))
