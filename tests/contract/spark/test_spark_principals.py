"""Who a Spark session acts for, and what it may."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.connect.session import SparkSession as ConnectSession

from brickyard_local.spark.server import SparkServer

Connect = Callable[..., SparkSession]


@pytest.fixture(scope="module")
def reader(connect: Connect) -> Iterator[SparkSession]:
    session = connect("token-of-reader", "dev")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def owned(spark: SparkSession) -> Iterator[str]:
    """A schema of the owner's, with a table `t` of three rows that nobody else may change."""
    spark.sql("CREATE SCHEMA dev.owned")
    spark.range(3).write.saveAsTable("dev.owned.t")
    yield "dev.owned"
    spark.sql("DROP SCHEMA dev.owned CASCADE")


def test_two_sessions_of_one_server_act_as_two_principals(
    spark: SparkSession, reader: SparkSession, owned: str, stub: Any
) -> None:
    stub.calls.clear()
    assert reader.table(f"{owned}.t").count() == 3
    assert {principal for principal, _, _ in stub.calls} == {"reader"}
    stub.calls.clear()
    assert spark.table(f"{owned}.t").count() == 3
    assert {principal for principal, _, _ in stub.calls} == {"owner"}


@pytest.mark.parametrize(
    ("statement", "privilege"),
    [
        ("CREATE TABLE {0}.mine (id BIGINT)", "CREATE TABLE"),
        ("INSERT INTO {0}.t VALUES (9)", "MODIFY"),
        ("UPDATE {0}.t SET id = 0", "MODIFY"),
        ("DELETE FROM {0}.t", "MODIFY"),
        ("TRUNCATE TABLE {0}.t", "MODIFY"),
        ("MERGE INTO {0}.t t USING {0}.t s ON t.id = s.id WHEN MATCHED THEN DELETE", "MODIFY"),
        ("ALTER TABLE {0}.t SET TBLPROPERTIES ('a' = 'b')", "MODIFY"),
        ("CREATE OR REPLACE TABLE {0}.t (x INT)", "MODIFY"),
        ("OPTIMIZE {0}.t", "MODIFY"),
        ("VACUUM {0}.t", "MODIFY"),
        ("RESTORE TABLE {0}.t TO VERSION AS OF 0", "MODIFY"),
        ("REORG TABLE {0}.t APPLY (PURGE)", "MODIFY"),
        ("GENERATE symlink_format_manifest FOR TABLE {0}.t", "MODIFY"),
        ("CREATE OR REPLACE TABLE {0}.t SHALLOW CLONE {0}.t VERSION AS OF 0", "MODIFY"),
        ("ALTER TABLE {0}.t ADD COLUMN more INT", "MODIFY"),
        ("ALTER TABLE {0}.t ADD CONSTRAINT positive CHECK (id > -1)", "MODIFY"),
        ("ALTER TABLE {0}.t RENAME TO {0}.u", "MANAGE"),
        ("INSERT INTO delta.`/elsewhere/x` VALUES (1)", "WRITE FILES"),
        ("DELETE FROM delta.`/elsewhere/x`", "WRITE FILES"),
        ("OPTIMIZE delta.`/elsewhere/x`", "WRITE FILES"),
        ("VACUUM '/elsewhere/x'", "WRITE FILES"),
        ("TRUNCATE TABLE delta.`/elsewhere/x`", "WRITE FILES"),
        ("CREATE TABLE delta.`/elsewhere/x` SHALLOW CLONE {0}.t", "WRITE FILES"),
        ("CONVERT TO DELTA parquet.`/elsewhere/x`", "WRITE FILES"),
        ("CREATE TABLE delta.`/elsewhere/x` (id INT)", "WRITE FILES"),
        ("SELECT * FROM parquet.`/Volumes/dev/bronze/secret/x`", "READ FILES"),
        ("SELECT * FROM {0}.t WHERE id IN (SELECT id FROM json.`/secret/x`)", "READ FILES"),
        ("INSERT OVERWRITE DIRECTORY '/elsewhere/x' USING parquet SELECT 1 AS a", "WRITE FILES"),
        ("DROP TABLE {0}.t", "MANAGE"),
        ("CREATE SCHEMA {0}x", "CREATE SCHEMA"),
    ],
)
def test_a_principal_without_the_privilege_is_refused_and_told(
    spark: SparkSession, reader: SparkSession, owned: str, statement: str, privilege: str
) -> None:
    with pytest.raises(AnalysisException, match=rf"INSUFFICIENT_PERMISSIONS.*'reader' does not have {privilege}"):
        reader.sql(statement.format(owned)).collect()
    assert spark.table(f"{owned}.t").count() == 3


@pytest.mark.slow
def test_data_frame_writes_are_refused_too(spark: SparkSession, reader: SparkSession, owned: str) -> None:
    frame = reader.range(1)
    for write in (
        lambda: frame.write.mode("append").saveAsTable(f"{owned}.t"),
        lambda: frame.write.mode("overwrite").saveAsTable(f"{owned}.t"),
        lambda: frame.write.insertInto(f"{owned}.t"),
        lambda: frame.writeTo(f"{owned}.t").append(),
        lambda: frame.writeTo(f"{owned}.t").createOrReplace(),
    ):
        with pytest.raises(AnalysisException, match="INSUFFICIENT_PERMISSIONS"):
            write()
    assert spark.table(f"{owned}.t").count() == 3


@pytest.mark.slow
def test_a_stream_into_a_table_is_refused_too(
    spark: SparkSession, reader: SparkSession, owned: str, volume: tuple[str, Path], tmp_path: Path
) -> None:
    source = reader.readStream.schema("id BIGINT").json(volume[0])
    with pytest.raises(PySparkException, match="INSUFFICIENT_PERMISSIONS"):
        source.writeStream.option("checkpointLocation", str(tmp_path)).trigger(availableNow=True).toTable(f"{owned}.t")
    assert spark.table(f"{owned}.t").count() == 3


def test_paths_of_data_frames_are_asked_for_too(reader: SparkSession, volume: tuple[str, Path], tmp_path: Path) -> None:
    path, _ = volume
    assert reader.read.json(path).count() == 4
    frame = reader.range(1)
    for attempt in (
        lambda: reader.read.json(f"{path}/../secret").count(),
        lambda: reader.read.load(path="/secret", format="delta").count(),
        lambda: frame.write.format("delta").save(f"{tmp_path}/delta"),
        lambda: frame.write.parquet(f"{tmp_path}/parquet"),
        lambda: frame.write.mode("append").json(path),
    ):
        with pytest.raises(AnalysisException, match="INSUFFICIENT_PERMISSIONS"):
            attempt()
    assert list(tmp_path.iterdir()) == []


def test_a_session_without_a_token_has_no_catalog(connect: Connect, owned: str) -> None:
    nobody = connect(None)
    with pytest.raises(AnalysisException, match="REQUIRES_SINGLE_PART_NAMESPACE"):
        nobody.table(f"{owned}.t").collect()
    nobody.stop()


def test_an_unknown_token_is_refused(connect: Connect, owned: str) -> None:
    stranger = connect("made-up", "dev")
    with pytest.raises(AnalysisException, match="UNAUTHENTICATED"):
        stranger.table(f"{owned}.t").collect()
    stranger.stop()


def test_a_session_does_not_see_the_token_of_another(reader: SparkSession) -> None:
    assert reader.conf.get("spark.sql.catalog.dev.token") == "token-of-reader"
    assert reader.conf.get("spark.sql.catalog.prod.token", "none") == "none"


def _task(server: SparkServer, code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = server.session_environment("token-of-owner", ["dev"]) | changes
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_task_process_needs_no_code_of_its_own_to_join(
    spark_server: SparkServer, spark: SparkSession, schema: str
) -> None:
    done = _task(
        spark_server,
        f"""
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        spark.range(7).write.saveAsTable("{schema}.from_task")
        print(spark.sql("SELECT current_catalog()").first()[0])
        """,
    )
    assert (done.returncode, done.stdout) == (0, "dev\n"), done.stderr
    assert spark.table(f"{schema}.from_task").count() == 7


def test_a_task_that_ended_gave_its_session_back(spark_server: SparkServer) -> None:
    """Of a task that was killed, the server keeps what its session holds for an hour."""
    done = _task(
        spark_server,
        """
        from brickyard_local.runtime import lazy_spark
        lazy_spark.install([])
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        assert SparkSession.builder.getOrCreate() is spark
        print(spark.session_id, spark.range(3).count())
        """,
    )
    assert done.returncode == 0, done.stderr
    session_id, count = done.stdout.split()
    assert count == "3"
    environment = spark_server.session_environment("t", [])
    token = quote(environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"], safe="")
    same = f"{environment['SPARK_REMOTE']}/;token={token};session_id={session_id}"
    with pytest.raises(PySparkException, match="SESSION_CLOSED"):
        ConnectSession(connection=same).range(1).count()


def test_another_user_of_the_machine_cannot_join_the_server(spark_server: SparkServer) -> None:
    """The server asks every call for the token that only tasks get."""
    code = "from pyspark.sql import SparkSession; print(SparkSession.builder.getOrCreate().range(1).count())"
    done = _task(spark_server, code, SPARK_CONNECT_AUTHENTICATE_TOKEN="guessed")
    assert done.returncode != 0
    assert "UNAUTHENTICATED" in done.stderr
