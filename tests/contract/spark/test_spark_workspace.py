"""Spark and the real workspace: the same tables over REST and in Spark, with the privileges of the principal."""

# ruff: noqa: S608 - the names in these statements are ours

import io
import os
import secrets
import subprocess
import sys
import textwrap

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import (
    AwsIamRoleRequest,
    PermissionsChange,
    Privilege,
    TableType,
    VolumeType,
)

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.spark.server import SparkServer

Task = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def client(local_workspace: LocalWorkspace) -> WorkspaceClient:
    return local_workspace.client()


@pytest.fixture(scope="module")
def catalog(client: WorkspaceClient) -> str:
    name = f"spark_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    client.schemas.create("gold", name)
    client.volumes.create(name, "gold", "landing", VolumeType.MANAGED)
    return name


@pytest.fixture(scope="module")
def consumer(client: WorkspaceClient, catalog: str) -> str:
    """The token of a service principal that holds SELECT on the catalog."""
    principal = client.service_principals.create(display_name=f"consumer of {catalog}")
    read = [Privilege.USE_CATALOG, Privilege.USE_SCHEMA, Privilege.SELECT]
    client.grants.update("catalog", catalog, changes=[PermissionsChange(add=read, principal=principal.application_id)])
    made = client.token_management.create_obo_token(application_id=str(principal.application_id))
    return str(made.token_value)


def _run(server: SparkServer, token: str, catalog: str, code: str) -> Task:
    """Run the code as a task's process does, with `spark` at hand."""
    start = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"
    return subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(code)],
        env=os.environ | server.session_environment(token, [catalog]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_tables_of_spark_are_tables_of_the_workspace(
    own_server: SparkServer, client: WorkspaceClient, local_workspace: LocalWorkspace, catalog: str
) -> None:
    client.files.upload(f"/Volumes/{catalog}/gold/landing/a.csv", io.BytesIO(b"id,v\n1,2.5\n2,3.5\n"))
    done = _run(
        own_server,
        local_workspace.token,
        catalog,
        f"""
        rows = spark.read.option("header", True).schema("id long, v double").csv("/Volumes/{catalog}/gold/landing")
        rows.write.mode("overwrite").saveAsTable("{catalog}.gold.t")
        spark.sql("ALTER TABLE {catalog}.gold.t ADD COLUMN (x STRING COMMENT 'later')")
        spark.sql("COMMENT ON TABLE {catalog}.gold.t IS 'landed'")
        spark.sql("CREATE TABLE {catalog}.gold.keyed (id BIGINT NOT NULL, CONSTRAINT pk PRIMARY KEY (id))")
        spark.sql("CREATE VIEW {catalog}.gold.v AS SELECT id FROM {catalog}.gold.t WHERE v > 3")
        print(spark.table("{catalog}.gold.v").first().id, spark.sql("SHOW TABLES IN {catalog}.gold").count())
        """,
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "2"), done.stderr[-3000:]
    table = client.tables.get(f"{catalog}.gold.t")
    assert table.table_type is TableType.MANAGED
    assert [column.name for column in table.columns or []] == ["id", "v", "x"]
    assert table.comment == "landed"
    keys = client.tables.get(f"{catalog}.gold.keyed").table_constraints or []
    assert [key.primary_key_constraint.child_columns for key in keys if key.primary_key_constraint] == [["id"]]


def test_spark_refuses_what_unity_catalog_refuses(
    own_server: SparkServer, local_workspace: LocalWorkspace, catalog: str, consumer: str
) -> None:
    name = f"{catalog}.gold.governed"
    made = _run(own_server, local_workspace.token, catalog, f"spark.range(3).write.saveAsTable('{name}')")
    assert made.returncode == 0, made.stderr[-3000:]
    read = _run(own_server, consumer, catalog, f"print(spark.table('{name}').count())")
    assert read.stdout == "3\n", read.stderr[-3000:]
    for statement in (f"INSERT INTO {name} VALUES (9)", f"CREATE TABLE {name}2 (id INT)", f"DROP TABLE {name}"):
        refused = _run(own_server, consumer, catalog, f"spark.sql('{statement}')")
        assert refused.returncode != 0
        assert "[INSUFFICIENT_PERMISSIONS]" in refused.stderr


def test_an_external_table_is_one_table_in_spark_and_over_rest(
    own_server: SparkServer, client: WorkspaceClient, catalog: str, consumer: str, local_workspace: LocalWorkspace
) -> None:
    client.storage_credentials.create(catalog, aws_iam_role=AwsIamRoleRequest(role_arn="arn:aws:iam::1:role/r"))
    client.external_locations.create(catalog, f"s3://{catalog}/lake", catalog)
    url, name = f"s3://{catalog}/lake/trips", f"{catalog}.gold.trips"
    made = _run(
        own_server,
        local_workspace.token,
        catalog,
        f"""
        spark.sql("CREATE TABLE {name} (id BIGINT) LOCATION '{url}'")
        spark.sql("INSERT INTO {name} VALUES (1)")
        spark.sql("ALTER TABLE {name} ADD COLUMN more STRING")
        print(spark.read.format("delta").load("{url}").count())
        """,
    )
    assert (made.returncode, made.stdout) == (0, "1\n"), made.stderr
    table = client.tables.get(name)
    assert (table.table_type, table.storage_location) == (TableType.EXTERNAL, url)
    assert [column.name for column in table.columns or []] == ["id", "more"]
    refused = _run(
        own_server,
        consumer,
        catalog,
        f"""
        print(spark.table("{name}").count())
        home = "{local_workspace.home.root}"
        for statement in (
            "INSERT INTO {name} VALUES (2, 'x')",
            "INSERT INTO delta.`{url}` VALUES (2, 'x')",
            "OPTIMIZE {name}",
            "SELECT * FROM text.`/Volumes/{catalog}/gold/landing/`",
            "SELECT * FROM delta.`s3://{catalog}/lake/other`",
            f"SELECT * FROM text.`{{home}}/databrickscfg`",
            f"SELECT * FROM binaryFile.`{{home}}/account.db`",
        ):
            try:
                spark.sql(statement).collect()
                print("passed:", statement)
            except Exception as error:
                if "INSUFFICIENT_PERMISSIONS" not in str(error):
                    print(statement, str(error)[:300])
        """,
    )
    assert (refused.returncode, refused.stdout) == (0, "1\n"), refused.stderr + refused.stdout
    client.tables.delete(name)
    again = _run(own_server, local_workspace.token, catalog, f'print(spark.read.format("delta").load("{url}").count())')
    assert again.stdout == "1\n", again.stderr
