"""Tables: staged, written as Delta, registered; columns as the log has them; access that an engine asks for."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied, ResourceConflict
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import InvalidParameterValue
from databricks.sdk.errors.platform import NotImplemented as NotEmulated
from databricks.sdk.service.catalog import (
    NamedTableConstraint,
    PrimaryKeyConstraint,
    TableConstraint,
    TableOperation,
    TableType,
)
from deltalake import write_deltalake

from brickyard_local.pytest_plugin import LocalWorkspace

UC = "/api/2.1/unity-catalog"


@pytest.fixture
def catalog(client: WorkspaceClient) -> Iterator[str]:
    name = f"tab_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    yield name
    client.catalogs.delete(name, force=True)


def call(client: WorkspaceClient, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: Any = client.api_client.do(method, UC + path, body=body)
    return dict(answer)


def folder_of(location: str) -> Path:
    return Path(unquote(urlparse(location).path))


def stage(client: WorkspaceClient, catalog: str, name: str) -> str:
    body = {"catalog_name": catalog, "schema_name": "default", "name": name}
    return str(call(client, "POST", "/staging-tables", body)["staging_location"])


def register(client: WorkspaceClient, catalog: str, name: str, location: str | None, **more: Any) -> dict[str, Any]:
    body = {"catalog_name": catalog, "schema_name": "default", "name": name, "table_type": "MANAGED", **more}
    return call(client, "POST", "/tables", body | ({"storage_location": location} if location else {}))


def make_table(client: WorkspaceClient, catalog: str, name: str, *columns: str) -> Path:
    location = stage(client, catalog, name)
    write_deltalake(str(folder_of(location)), pa.table({column: [1, 2] for column in columns}))
    register(client, catalog, name, location)
    return folder_of(location)


def test_a_table_has_the_columns_that_its_log_has_now(client: WorkspaceClient, catalog: str) -> None:
    folder = make_table(client, catalog, "flights", "a", "b")
    table = client.tables.get(f"{catalog}.default.flights")
    assert (table.table_type, table.owner) == (TableType.MANAGED, "admin@brickyard.local")
    assert [(column.name, column.type_text) for column in table.columns or []] == [("a", "bigint"), ("b", "bigint")]
    write_deltalake(str(folder), pa.table({"c": ["x"]}), mode="overwrite", schema_mode="overwrite")
    again = client.tables.get(f"{catalog}.default.flights")
    assert [(column.name, column.type_text) for column in again.columns or []] == [("c", "string")]
    listed = list(client.tables.list(catalog, "default", omit_columns=True))
    assert [(each.name, each.columns) for each in listed] == [("flights", [])]


def test_a_dropped_table_takes_its_data_along(client: WorkspaceClient, catalog: str) -> None:
    folder = make_table(client, catalog, "t", "a")
    client.tables.delete(f"{catalog}.default.t")
    assert not folder.exists()
    with pytest.raises(NotFound) as error:
        client.tables.get(f"{catalog}.default.t")
    assert error.value.error_code == "TABLE_DOES_NOT_EXIST"
    assert client.tables.exists(f"{catalog}.default.t").table_exists is False


def test_a_name_is_taken_once(client: WorkspaceClient, catalog: str) -> None:
    make_table(client, catalog, "t", "a")
    for attempt in (lambda: stage(client, catalog, "T"), lambda: register(client, catalog, "t", "file:///x")):
        with pytest.raises(ResourceConflict) as error:
            attempt()
        assert error.value.error_code == "TABLE_ALREADY_EXISTS"


def test_a_managed_table_is_registered_only_where_it_was_staged(client: WorkspaceClient, catalog: str) -> None:
    staged = stage(client, catalog, "t")
    attempts: list[Callable[[], object]] = [
        lambda: register(client, catalog, "t", None),
        lambda: register(client, catalog, "t", "file:///etc"),
        lambda: register(client, catalog, "u", staged),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidParameterValue, match="was not staged"):
            attempt()
    register(client, catalog, "t", staged.replace("file:///", "file:/"))


def test_tables_that_are_not_emulated_are_refused(client: WorkspaceClient, catalog: str) -> None:
    for more in (
        {"data_source_format": "PARQUET"},
        {"table_type": "STREAMING_TABLE"},
        {"table_type": "MATERIALIZED_VIEW"},
    ):
        with pytest.raises(NotEmulated):
            register(client, catalog, "t", "s3://b/t", **more)


def test_a_view_keeps_its_text_and_the_engines_settings(client: WorkspaceClient, catalog: str) -> None:
    settings = {"catalog": catalog, "settings": {"spark.sql.ansi.enabled": "true"}}
    body = {
        "table_type": "VIEW",
        "view_definition": "SELECT 1 AS one",
        "spark_view": settings,
        "columns": [{"name": "one", "type_text": "int", "type_name": "INT", "position": 0}],
    }
    register(client, catalog, "v", None, **body)
    kept: Any = client.api_client.do("GET", f"{UC}/tables/{catalog}.default.v")
    assert (kept["view_definition"], kept["spark_view"]) == ("SELECT 1 AS one", settings)
    assert client.tables.get(f"{catalog}.default.v").table_type == TableType.VIEW


def test_a_view_is_replaced_at_once_or_stays_as_it_was(
    client: WorkspaceClient, catalog: str, new_robot: Callable[[], Any]
) -> None:
    """Its privileges go with it, as on Databricks; a table of that name is in the way."""
    robot = new_robot()
    grants = {"changes": [{"principal": robot.application_id, "add": ["USE_CATALOG", "USE_SCHEMA", "MANAGE"]}]}
    call(client, "PATCH", f"/permissions/catalog/{catalog}", grants)
    body = {"table_type": "VIEW", "replace": True}
    register(client, catalog, "v", None, **body, view_definition="SELECT 1 AS id")
    with pytest.raises(PermissionDenied, match="CREATE TABLE"):
        register(robot.client(), catalog, "v", None, **body, view_definition="SELECT 2 AS id")
    assert client.tables.get(f"{catalog}.default.v").view_definition == "SELECT 1 AS id"

    select = {"changes": [{"principal": robot.application_id, "add": ["SELECT"]}]}
    call(client, "PATCH", f"/permissions/table/{catalog}.default.v", select)
    register(client, catalog, "v", None, **body, view_definition="SELECT 3 AS id")
    assert client.tables.get(f"{catalog}.default.v").view_definition == "SELECT 3 AS id"
    left: Any = client.api_client.do("GET", f"{UC}/permissions/table/{catalog}.default.v")
    assert not left.get("privilege_assignments")

    make_table(client, catalog, "t", "id")
    with pytest.raises(ResourceConflict):
        register(client, catalog, "t", None, **body, view_definition="SELECT 4 AS id")


def test_constraints_are_kept_with_the_table(client: WorkspaceClient, catalog: str) -> None:
    make_table(client, catalog, "t", "a")
    name = f"{catalog}.default.t"
    key = PrimaryKeyConstraint(name="t_pk", child_columns=["a"])
    client.table_constraints.create(name, TableConstraint(primary_key_constraint=key))
    client.table_constraints.create(name, TableConstraint(named_table_constraint=NamedTableConstraint(name="c")))
    with pytest.raises(DatabricksError, match="already exists"):
        client.table_constraints.create(name, TableConstraint(primary_key_constraint=key))
    kept = client.tables.get(name).table_constraints or []
    assert kept[0].primary_key_constraint == key
    client.table_constraints.delete(name, "t_pk", cascade=False)
    assert len(client.tables.get(name).table_constraints or []) == 1
    with pytest.raises(NotFound):
        client.table_constraints.delete(name, "t_pk", cascade=False)


def test_summaries_match_sql_patterns(client: WorkspaceClient, catalog: str) -> None:
    for name in ("flights_raw", "flights", "planes"):
        make_table(client, catalog, name, "a")
    found = client.tables.list_summaries(catalog, schema_name_pattern="def%", table_name_pattern="flights%")
    assert [each.full_name for each in found] == [f"{catalog}.default.flights", f"{catalog}.default.flights_raw"]


def test_an_engine_is_refused_files_that_its_principal_may_not_use(
    client: WorkspaceClient, catalog: str, new_robot: Any
) -> None:
    make_table(client, catalog, "t", "a")
    robot = new_robot()
    table_id, path = client.tables.get(f"{catalog}.default.t").table_id, f"/permissions/table/{catalog}.default.t"
    use = [{"principal": robot.application_id, "add": ["USE_CATALOG", "USE_SCHEMA"]}]
    call(client, "PATCH", f"/permissions/catalog/{catalog}", {"changes": use})
    credentials = robot.client().temporary_table_credentials
    for operation, privilege in ((TableOperation.READ, "SELECT"), (TableOperation.READ_WRITE, "MODIFY")):
        with pytest.raises(PermissionDenied, match=f"{privilege} on Table"):
            credentials.generate_temporary_table_credentials(operation=operation, table_id=table_id)
        change = {"principal": robot.application_id, "add": [privilege]}
        call(client, "PATCH", path, {"changes": [change]})
        answer = credentials.generate_temporary_table_credentials(operation=operation, table_id=table_id)
        assert folder_of(str(answer.url)).is_dir()


def test_creating_a_table_needs_the_privilege_already_to_stage_it(
    client: WorkspaceClient, catalog: str, new_robot: Any
) -> None:
    robot = new_robot()
    use = [{"principal": robot.application_id, "add": ["USE_CATALOG", "USE_SCHEMA"]}]
    call(client, "PATCH", f"/permissions/catalog/{catalog}", {"changes": use})
    with pytest.raises(PermissionDenied, match="CREATE TABLE"):
        stage(robot.client(), catalog, "t")
    change = {"principal": robot.application_id, "add": ["CREATE_TABLE"]}
    call(client, "PATCH", f"/permissions/schema/{catalog}.default", {"changes": [change]})
    location = stage(robot.client(), catalog, "t")
    with pytest.raises(InvalidParameterValue, match="by this principal"):
        register(client, catalog, "t", location)
    assert register(robot.client(), catalog, "t", location)["owner"] == robot.application_id


def test_what_was_staged_but_never_registered_is_swept_at_the_next_start(
    fresh_local_workspace: LocalWorkspace,
) -> None:
    workspace = fresh_local_workspace
    client = workspace.client()
    client.catalogs.create("c")
    kept = make_table(client, "c", "kept", "a")
    orphan = folder_of(stage(client, "c", "orphan"))
    write_deltalake(str(orphan), pa.table({"a": [1]}))
    workspace.kill()
    workspace.start()
    assert kept.is_dir()
    assert not orphan.exists()
    assert [each.name for each in workspace.client().tables.list("c", "default")] == ["kept"]
