"""Parameters of `spark.sql`: named and positional, on plain statements and on tables."""

# ruff: noqa: S608 - the names in these statements are ours

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it


def test_named_and_positional_parameters_are_bound(spark: SparkSession) -> None:
    day = dt.date(2024, 2, 29)
    named = spark.sql(
        "SELECT :n AS n, :s AS s, :d AS d, :nothing AS z", {"n": 7, "s": "o'clock", "d": day, "nothing": None}
    )
    assert tuple(named.first() or ()) == (7, "o'clock", day, None)
    positional = spark.sql("SELECT ? AS a, ? AS b, ?[1] AS c", [1.5, "x", F.array(F.lit(4), F.lit(5))])
    assert [str(value) for value in positional.first() or ()] == ["1.5", "x", "5"]


def test_parameters_reach_every_kind_of_statement_on_tables(spark: SparkSession, schema: str) -> None:
    name = f"{schema}.t"
    spark.sql(f"CREATE TABLE {name} (id INT, v STRING)")
    spark.sql("INSERT INTO IDENTIFIER(:table) VALUES (:id, :v)", {"table": name, "id": 1, "v": "a"})
    spark.sql(
        f"MERGE INTO {name} t USING (SELECT :id AS id, :v AS v) s ON t.id = s.id WHEN MATCHED AND t.v = :old "
        "THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT *",
        {"id": 1, "v": "b", "old": "a"},
    )
    spark.sql(
        f"MERGE INTO {name} t USING (SELECT ? AS id, ? AS v) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *", [2, "c"]
    )
    spark.sql(f"UPDATE {name} SET v = ? WHERE id = ?", ["d", 2])
    spark.sql(f"DELETE FROM {name} WHERE id = :id", {"id": 9})
    rows = spark.sql(
        f"SELECT * FROM {name} WHERE id > :least ORDER BY id LIMIT :most", {"least": 0, "most": 5}
    ).collect()
    assert [(row.id, row.v) for row in rows] == [(1, "b"), (2, "d")]
    spark.sql(f"CREATE VIEW {schema}.v AS SELECT id FROM {name} WHERE v = :v", {"v": "d"})
    assert [row.id for row in spark.table(f"{schema}.v").collect()] == [2]


def test_statements_of_deltas_own_grammar_take_no_parameters_and_say_so(spark: SparkSession, schema: str) -> None:
    spark.sql(f"CREATE TABLE {schema}.p (id INT, day STRING) PARTITIONED BY (day)")
    spark.sql(f"OPTIMIZE {schema}.p WHERE day = 'mon'", {"unused": 1})
    with pytest.raises(PySparkException, match=r"PARAMETER|parameter"):
        spark.sql(f"OPTIMIZE {schema}.p WHERE day = :day", {"day": "mon"})


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")))
def test_a_value_stays_the_value_that_was_given(spark: SparkSession, text: str) -> None:
    assert spark.sql("SELECT :text AS text", {"text": text}).collect() == [Row(text=text)]


@pytest.mark.parametrize("value", ["${spark.app.name}", "${env:PATH}", "' OR 1 = 1 --", ":other", "?", "\\'", "a\\nb"])
def test_nothing_in_a_value_is_read_as_sql(spark: SparkSession, value: str) -> None:
    row: Any = spark.sql("SELECT :v AS v, :other AS other", {"v": value, "other": 1}).first()
    assert (row.v, row.other) == (value, 1)


def test_a_parameter_without_a_value_is_refused_by_name(spark: SparkSession) -> None:
    with pytest.raises((AnalysisException, PySparkException), match=r"UNBOUND_SQL_PARAMETER.*missing"):
        spark.sql("SELECT :missing, :given", {"given": 1}).collect()
