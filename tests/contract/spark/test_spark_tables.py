"""Pipeline code in Spark's own words, run unchanged against the workspace's catalog: tables."""

# ruff: noqa: S608 - the names in these statements are ours

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it


def test_a_table_made_by_spark_is_a_table_of_the_workspace(spark: SparkSession, schema: str, stub: Any) -> None:
    spark.sql(
        f"CREATE TABLE {schema}.t (id BIGINT NOT NULL COMMENT 'the key', amount DOUBLE) COMMENT 'sales' "
        "TBLPROPERTIES (delta.enableChangeDataFeed = true)"
    )
    table = stub.tables[f"{schema}.t"]
    assert (table["table_type"], table["data_source_format"], table["comment"]) == ("MANAGED", "DELTA", "sales")
    assert table["storage_location"].startswith(stub.root.as_uri() + "/tables/")
    assert [(c["name"], c["type_name"], c["nullable"]) for c in table["columns"]] == [
        ("id", "LONG", False),
        ("amount", "DOUBLE", True),
    ]
    assert table["columns"][0]["comment"] == "the key"
    assert table["properties"]["delta.enableChangeDataFeed"] == "true"


def test_primary_and_foreign_keys_are_kept_as_metadata(spark: SparkSession, schema: str, stub: Any) -> None:
    spark.sql(f"CREATE TABLE {schema}.parent (id BIGINT NOT NULL, CONSTRAINT pk PRIMARY KEY (id))")
    spark.sql(
        f"CREATE TABLE {schema}.child (id BIGINT, parent BIGINT, "
        f"CONSTRAINT fk FOREIGN KEY (parent) REFERENCES {schema}.parent (id))"
    )
    assert stub.tables[f"{schema}.parent"]["table_constraints"] == [
        {"primary_key_constraint": {"name": "pk", "child_columns": ["id"]}}
    ]
    assert stub.tables[f"{schema}.child"]["table_constraints"] == [
        {
            "foreign_key_constraint": {
                "name": "fk",
                "parent_table": f"{schema}.parent",
                "child_columns": ["parent"],
                "parent_columns": ["id"],
            }
        }
    ]


@pytest.mark.slow
def test_keys_are_not_silently_dropped_from_a_replacement(spark: SparkSession, schema: str) -> None:
    spark.sql(f"CREATE OR REPLACE TABLE {schema}.t (id BIGINT NOT NULL, CONSTRAINT pk PRIMARY KEY (id))")
    with pytest.raises(Exception, match="drop the table first"):
        spark.sql(f"CREATE OR REPLACE TABLE {schema}.t (id BIGINT NOT NULL, CONSTRAINT pk2 PRIMARY KEY (id))")


def test_data_frames_are_written_appended_and_overwritten_by_name(spark: SparkSession, schema: str) -> None:
    name = f"{schema}.t"
    spark.range(10).write.mode("overwrite").saveAsTable(name)
    spark.range(5).write.mode("append").saveAsTable(name)
    assert spark.table(name).count() == 15
    spark.range(3).withColumn("v", F.lit(1)).write.mode("overwrite").option("overwriteSchema", "true").saveAsTable(name)
    assert spark.table(name).columns == ["id", "v"]
    spark.range(2).withColumn("w", F.lit(1)).write.mode("append").option("mergeSchema", "true").saveAsTable(name)
    assert spark.table(name).columns == ["id", "v", "w"]
    assert spark.table(name).count() == 5


@pytest.mark.slow
def test_partitions_are_replaced_one_by_one(spark: SparkSession, schema: str, stub: Any) -> None:
    name = f"{schema}.t"
    spark.range(9).withColumn("p", F.col("id") % 3).write.partitionBy("p").saveAsTable(name)
    assert [c.get("partition_index") for c in stub.tables[name]["columns"]] == [None, 0]
    one = spark.table(name).where("p = 1").limit(1)
    one.write.mode("overwrite").option("replaceWhere", "p = 1").saveAsTable(name)
    assert spark.table(name).count() == 7


def test_create_table_as_select_inserts_updates_and_deletes(spark: SparkSession, schema: str) -> None:
    spark.sql(f"CREATE OR REPLACE TABLE {schema}.t AS SELECT id, id * 2 AS v FROM range(4)")
    spark.sql(f"INSERT INTO {schema}.t VALUES (9, 9)")
    spark.sql(f"UPDATE {schema}.t SET v = 0 WHERE id = 9")
    spark.sql(f"DELETE FROM {schema}.t WHERE id = 0")
    assert [(row.id, row.v) for row in spark.table(f"{schema}.t").orderBy("id").collect()] == [
        (1, 2),
        (2, 4),
        (3, 6),
        (9, 0),
    ]


def test_merge_in_sql_takes_a_temporary_view_as_its_source(spark: SparkSession, schema: str) -> None:
    spark.range(3).withColumn("v", F.lit(0)).writeTo(f"{schema}.t").createOrReplace()
    spark.createDataFrame(pd.DataFrame({"id": [2, 7], "v": [5, 5]})).createOrReplaceTempView("updates")
    spark.sql(
        f"MERGE INTO {schema}.t t USING updates u ON t.id = u.id WHEN MATCHED THEN UPDATE SET v = u.v "
        "WHEN NOT MATCHED THEN INSERT (id, v) VALUES (u.id, u.v)"
    )
    assert {row.id: row.v for row in spark.table(f"{schema}.t").collect()} == {0: 0, 1: 0, 2: 5, 7: 5}


def test_altering_a_table_shows_in_the_workspace(spark: SparkSession, schema: str, stub: Any) -> None:
    """The log is the truth: the stub, as the workspace, answers from it."""
    name = f"{schema}.t"
    spark.sql(f"CREATE TABLE {name} (id BIGINT)")
    spark.sql(f"ALTER TABLE {name} ADD COLUMN (x DOUBLE COMMENT 'new')")
    spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('team' = 'ml')")
    spark.sql(f"COMMENT ON TABLE {name} IS 'hi'")
    described = stub.described(name)
    assert spark.table(name).columns == described["log_columns"] == ["id", "x"]
    assert (described["comment"], described["properties"]["team"]) == ("hi", "ml")
    shown = {row.col_name: row.data_type for row in spark.sql(f"DESCRIBE TABLE EXTENDED {name}").collect()}
    assert shown["Comment"] == "hi"


@pytest.mark.slow
def test_history_time_travel_and_the_change_feed(spark: SparkSession, schema: str) -> None:
    name = f"{schema}.t"
    spark.sql(f"CREATE TABLE {name} (id BIGINT, v DOUBLE) TBLPROPERTIES (delta.enableChangeDataFeed = true)")
    spark.sql(f"INSERT INTO {name} VALUES (1, 1.0), (2, 2.0)")
    spark.sql(f"UPDATE {name} SET v = 9 WHERE id = 1")
    assert spark.sql(f"DESCRIBE HISTORY {name}").count() == 3
    assert spark.sql(f"SELECT v FROM {name} VERSION AS OF 1 WHERE id = 1").first().v == 1.0
    assert spark.sql(f"SELECT * FROM table_changes('{name}', 2)").count() == 2


@pytest.mark.slow
def test_a_table_can_be_copied_from_one_catalog_to_another(spark: SparkSession, schema: str, stub: Any) -> None:
    other = schema.replace("dev.", "prod.")
    spark.sql(f"CREATE SCHEMA {other} COMMENT 'copies'")
    spark.range(4).write.saveAsTable(f"{schema}.t")
    spark.sql(f"CREATE TABLE {other}.t AS SELECT * FROM {schema}.t")
    assert spark.table(f"{other}.t").count() == 4
    assert stub.schemas[other]["comment"] == "copies"
    spark.sql(f"COMMENT ON SCHEMA {other} IS 'changed'")
    assert stub.schemas[other]["comment"] == "changed"
    spark.sql(f"DROP SCHEMA {other} CASCADE")
    assert f"{other}.t" not in stub.tables


def test_names_are_listed_over_all_pages_and_found(spark: SparkSession, schema: str) -> None:
    for number in range(3):
        spark.sql(f"CREATE TABLE {schema}.t{number} (id BIGINT)")
    assert {row.tableName for row in spark.sql(f"SHOW TABLES IN {schema}").collect()} == {"t0", "t1", "t2"}
    assert spark.catalog.tableExists(f"{schema}.t0")
    spark.sql(f"DROP TABLE {schema}.t0")
    assert not spark.catalog.tableExists(f"{schema}.t0")


@pytest.mark.slow
def test_short_names_are_of_the_first_catalog(
    spark: SparkSession, connect: Callable[..., SparkSession], schema: str
) -> None:
    spark.range(2).write.saveAsTable(f"{schema}.t")
    session = connect("token-of-owner", "dev", "prod")
    assert session.table(f"{schema.removeprefix('dev.')}.t").count() == 2
    session.sql(f"USE {schema}")
    assert session.table("t").count() == 2
    session.stop()


def test_a_view_keeps_its_text_and_can_be_replaced(spark: SparkSession, schema: str, stub: Any) -> None:
    spark.range(4).write.saveAsTable(f"{schema}.t")
    spark.sql(f"CREATE VIEW {schema}.v AS SELECT * FROM {schema}.t WHERE id > 1")
    assert spark.table(f"{schema}.v").count() == 2
    spark.sql(f"CREATE OR REPLACE VIEW {schema}.v AS SELECT id AS key FROM {schema}.t")
    assert spark.table(f"{schema}.v").columns == ["key"]
    assert stub.tables[f"{schema}.v"]["view_definition"] == f"SELECT id AS key FROM {schema}.t"
    spark.sql(f"ALTER VIEW {schema}.v AS SELECT id AS other FROM {schema}.t")
    spark.sql(f"ALTER VIEW {schema}.v SET TBLPROPERTIES ('team' = 'ml')")
    assert spark.table(f"{schema}.v").columns == ["other"]
    assert stub.tables[f"{schema}.v"]["properties"]["team"] == "ml"
    with pytest.raises(AnalysisException, match=r"TABLE_OR_VIEW_ALREADY_EXISTS|EXPECT_VIEW_NOT_TABLE"):
        spark.sql(f"CREATE OR REPLACE VIEW {schema}.t AS SELECT 1 AS id")
    spark.sql(f"DROP VIEW {schema}.v")
    assert f"{schema}.v" not in stub.tables


def test_what_is_missing_is_said_as_spark_says_it(spark: SparkSession, schema: str) -> None:
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.table(f"{schema}.nothing").collect()
    with pytest.raises(AnalysisException, match="SCHEMA_NOT_FOUND"):
        spark.sql("CREATE TABLE dev.nowhere.t (id BIGINT)")
    spark.sql(f"CREATE TABLE {schema}.t (id BIGINT)")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
        spark.sql(f"CREATE TABLE {schema}.t (id BIGINT)")
    with pytest.raises(AnalysisException, match="SCHEMA_NOT_EMPTY"):
        spark.sql(f"DROP SCHEMA {schema}")


@pytest.mark.slow
def test_maintenance_and_the_rest_of_delta(spark: SparkSession, schema: str) -> None:
    name = f"{schema}.t"
    spark.sql(f"CREATE TABLE {name} (id BIGINT, v DOUBLE) CLUSTER BY (id)")
    spark.sql(f"INSERT INTO {name} VALUES (1, 1.0)")
    spark.sql(f"INSERT INTO {name} VALUES (2, 2.0)")
    spark.sql(f"OPTIMIZE {name}")
    spark.sql(f"VACUUM {name}")
    spark.sql(f"RESTORE TABLE {name} TO VERSION AS OF 1")
    assert spark.table(name).count() == 1
    assert spark.sql(f"DESCRIBE DETAIL {name}").first().format == "delta"
    spark.sql(f"CREATE TABLE {schema}.clone SHALLOW CLONE {name}")
    assert spark.table(f"{schema}.clone").count() == 1
    spark.sql(f"CREATE TABLE {schema}.g (id BIGINT GENERATED ALWAYS AS IDENTITY, a BIGINT)")
    spark.sql(f"INSERT INTO {schema}.g (a) VALUES (1), (2)")
    assert spark.table(f"{schema}.g").count() == 2
    updates = spark.createDataFrame(pd.DataFrame({"id": [1, 5], "v": [3.0, 3.0]})).alias("s")
    merge = updates.mergeInto(name, F.col("t.id") == F.col("s.id"))
    merge.whenMatched().updateAll().whenNotMatched().insertAll().merge()
    assert spark.table(name).count() == 2


@pytest.mark.slow
def test_an_external_table_lives_where_the_user_put_it(
    spark: SparkSession, schema: str, stub: Any, tmp_path: Path
) -> None:
    place = tmp_path / "my tables" / "t"
    spark.sql(f"CREATE TABLE {schema}.t (id BIGINT) LOCATION '{place}'")
    spark.sql(f"INSERT INTO {schema}.t VALUES (1)")
    assert stub.tables[f"{schema}.t"]["table_type"] == "EXTERNAL"
    assert stub.tables[f"{schema}.t"]["storage_location"] == place.as_uri()
    assert list(place.glob("*.parquet"))
    assert spark.table(f"{schema}.t").count() == 1


def test_tables_and_views_are_renamed_within_their_schema(spark: SparkSession, schema: str) -> None:
    spark.sql(f"CREATE TABLE {schema}.t AS SELECT 1 AS id")
    spark.sql(f"CREATE VIEW {schema}.v AS SELECT 2 AS id")
    spark.sql(f"ALTER TABLE {schema}.t RENAME TO {schema}.u")
    spark.sql(f"ALTER VIEW {schema}.v RENAME TO {schema}.w")
    assert [spark.table(f"{schema}.{name}").first().id for name in ("u", "w")] == [1, 2]
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.table(f"{schema}.t").collect()


def test_a_check_constraint_is_added_and_holds(spark: SparkSession, schema: str) -> None:
    spark.sql(f"CREATE TABLE {schema}.t AS SELECT 1 AS id")
    spark.sql(f"ALTER TABLE {schema}.t ADD CONSTRAINT positive CHECK (id > 0)")
    with pytest.raises(PySparkException, match="DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"):
        spark.sql(f"INSERT INTO {schema}.t VALUES (-1)")
    spark.sql(f"ALTER TABLE {schema}.t DROP CONSTRAINT positive")
    spark.sql(f"INSERT INTO {schema}.t VALUES (-1)")


def test_a_table_in_the_cloud_lies_in_the_folder_that_stands_for_it(
    spark: SparkSession, schema: str, stub: Any
) -> None:
    url = f"s3://lake/{schema}/t"
    spark.sql(f"CREATE TABLE {schema}.t (id BIGINT) LOCATION '{url}'")
    spark.sql(f"INSERT INTO {schema}.t VALUES (7)")
    assert (stub.root / "external" / url.removeprefix("s3://") / "_delta_log").is_dir()
    assert spark.read.format("delta").load(url).first().id == 7
    assert spark.sql(f"SELECT * FROM delta.`{url}`").first().id == 7


def test_a_log_with_checkpoints_is_read_without_asking_for_paths(spark: SparkSession, schema: str, stub: Any) -> None:
    spark.sql(f"CREATE TABLE {schema}.t (id BIGINT) TBLPROPERTIES ('delta.checkpointInterval' = '2')")
    for number in range(4):
        spark.sql(f"INSERT INTO {schema}.t VALUES ({number})")
    stub.calls.clear()
    assert spark.table(f"{schema}.t").count() == 4
    assert not [path for _, _, path in stub.calls if path.endswith("temporary-path-credentials")]
