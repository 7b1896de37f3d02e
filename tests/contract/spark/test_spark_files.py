"""Volumes, streams and Python workers: what pipelines do beside tables."""

# ruff: noqa: S608 - the names in these statements are ours

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

Volume = tuple[str, Path]


def test_files_of_a_volume_are_read_and_written_by_their_databricks_path(spark: SparkSession, volume: Volume) -> None:
    path, folder = volume
    rows = spark.read.json(f"{path}/rows.json")
    assert rows.agg(F.sum("v")).first()[0] == 3.0
    rows.write.option("header", True).csv(f"{path}/out with space")
    assert list((folder / "out with space").glob("*.csv"))
    assert spark.read.option("header", True).csv(f"{path}/out with space").count() == 4
    assert spark.read.text(f"file:{path}/rows.json").count() == 4


def test_rows_tell_the_path_of_the_volume_not_the_folder_behind(spark: SparkSession, volume: Volume) -> None:
    path, _ = volume
    named = spark.read.json(path).select("_metadata.file_path").distinct().collect()
    assert [row.file_path.removeprefix("file:").removeprefix("//") for row in named] == [f"{path}/rows.json"]


def test_partitions_are_found_below_a_volume(spark: SparkSession, volume: Volume) -> None:
    path, folder = volume
    for day in (1, 2):
        (folder / "by_day" / f"day={day}").mkdir(parents=True)
        (folder / "by_day" / f"day={day}" / "a.csv").write_text("1\n2\n")
    assert spark.read.csv(f"{path}/by_day").groupBy("day").count().count() == 2


@pytest.mark.slow
def test_no_checksum_files_stand_beside_data(spark: SparkSession, volume: Volume) -> None:
    path, folder = volume
    spark.range(3).write.format("delta").save(f"{path}/delta")
    assert (folder / "delta" / "_delta_log").is_dir()
    assert not list(folder.rglob(".*.crc"))


def test_a_stream_goes_from_files_to_a_table_once(spark: SparkSession, schema: str, volume: Volume) -> None:
    path, folder = volume

    def run() -> int:
        stream = spark.readStream.schema("id long, v double").json(f"{path}/*.json").writeStream
        query = stream.option("checkpointLocation", f"{path}/_checkpoint").trigger(availableNow=True)
        query.toTable(f"{schema}.landed").awaitTermination()
        return int(spark.table(f"{schema}.landed").count())

    assert run() == 4
    (folder / "more.json").write_text('{"id": 9, "v": 1.0}')
    assert run() == 5


@pytest.mark.slow
def test_streams_between_tables_merge_window_and_score(spark: SparkSession, schema: str, volume: Volume) -> None:
    path, _ = volume
    spark.sql(f"CREATE TABLE {schema}.raw AS SELECT id, timestamp_seconds(id * 60) ts FROM range(100)")
    spark.sql(f"CREATE TABLE {schema}.sums (k BIGINT, n BIGINT)")
    target = f"{schema}.sums"

    def merge(batch: Any, _number: int) -> None:
        batch.groupBy((batch.id % 5).alias("k")).count().createOrReplaceTempView("batch")
        batch.sparkSession.sql(
            f"MERGE INTO {target} t USING batch b ON t.k = b.k WHEN MATCHED THEN UPDATE SET n = t.n + b.count "
            "WHEN NOT MATCHED THEN INSERT (k, n) VALUES (b.k, b.count)"
        )

    raw = spark.readStream.table(f"{schema}.raw")
    merging = raw.writeStream.foreachBatch(merge).option("checkpointLocation", f"{path}/c1")
    merging.trigger(availableNow=True).start().awaitTermination()
    assert spark.table(target).agg(F.sum("n")).first()[0] == 100
    windows = raw.withWatermark("ts", "1 minute").groupBy(F.window("ts", "10 minutes")).count()
    counted = windows.selectExpr("window.start s", "count n").writeStream.outputMode("append")
    counted.option("checkpointLocation", f"{path}/c2").trigger(availableNow=True).toTable(
        f"{schema}.windows"
    ).awaitTermination()
    assert spark.table(f"{schema}.windows").count() == 9


def test_python_runs_in_workers(spark: SparkSession, schema: str) -> None:
    def double(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            batch["twice"] = batch["id"] * 2.0
            yield batch

    spark.range(10).mapInPandas(double, "id long, twice double").write.saveAsTable(f"{schema}.doubled")
    assert spark.table(f"{schema}.doubled").agg(F.sum("twice")).first()[0] == 90.0


def test_workers_import_a_module_that_the_session_sent(spark: SparkSession, tmp_path: Path) -> None:
    """The server hands it out over Spark's own RPC, which asks for Spark's secret."""
    module = tmp_path / "sent_by_the_session.py"
    module.write_text("ANSWER = 42\n")
    spark.addArtifact(str(module), pyfile=True)

    def answer(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import sent_by_the_session

        for batch in batches:
            yield batch.assign(answer=sent_by_the_session.ANSWER)

    assert spark.range(1).mapInPandas(answer, "id long, answer long").first()["answer"] == 42


@pytest.mark.slow
def test_a_model_of_mlflow_scores_a_table(spark: SparkSession, tmp_path: Path) -> None:
    class Doubling(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 - mlflow's
            return model_input["id"] * 2.0

    mlflow.pyfunc.save_model(str(tmp_path / "model"), python_model=Doubling())
    score = mlflow.pyfunc.spark_udf(spark, str(tmp_path / "model"), result_type="double")
    assert spark.range(10).withColumn("p", score(F.struct("id"))).agg(F.sum("p")).first()[0] == 90.0
