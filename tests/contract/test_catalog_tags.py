"""Tags, functions and constraints, driven by the unmodified databricks-sdk."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceConflict
from databricks.sdk.errors.platform import InvalidParameterValue
from databricks.sdk.errors.platform import NotImplemented as NotEmulated
from databricks.sdk.service.catalog import (
    ColumnTypeName,
    CreateFunction,
    CreateFunctionParameterStyle,
    CreateFunctionRoutineBody,
    CreateFunctionSecurityType,
    CreateFunctionSqlDataAccess,
    EntityTagAssignment,
    ForeignKeyConstraint,
    FunctionParameterInfo,
    FunctionParameterInfos,
    PermissionsChange,
    PrimaryKeyConstraint,
    Privilege,
    TableConstraint,
    VolumeType,
)


@pytest.fixture
def catalog(client: WorkspaceClient) -> Iterator[str]:
    """A catalog with a view `default.t` (columns `a`, `b`), a volume `default.v`, a model `default.m`."""
    name = f"tags{secrets.token_hex(4)}"
    client.catalogs.create(name)
    make_table(client, name, "t")
    client.volumes.create(name, "default", "v", VolumeType.MANAGED)
    client.registered_models.create(catalog_name=name, schema_name="default", name="m")
    yield name
    client.catalogs.delete(name, force=True)


def make_table(client: WorkspaceClient, catalog: str, name: str) -> None:
    columns = [{"name": each, "type_name": "LONG", "type_text": "bigint", "position": n} for n, each in enumerate("ab")]
    body = {
        "catalog_name": catalog,
        "schema_name": "default",
        "name": name,
        "table_type": "VIEW",
        "view_definition": "SELECT 1 AS a, 2 AS b",
        "columns": columns,
    }
    client.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=body)


def function(catalog: str, name: str = "plus", **changes: Any) -> CreateFunction:
    parameter = FunctionParameterInfo(name="x", type_text="int", type_name=ColumnTypeName.INT, position=0)
    described: dict[str, Any] = {
        "catalog_name": catalog,
        "schema_name": "default",
        "name": name,
        "input_params": FunctionParameterInfos(parameters=[parameter]),
        "data_type": ColumnTypeName.INT,
        "full_data_type": "INT",
        "routine_body": CreateFunctionRoutineBody.SQL,
        "routine_definition": "x + 1",
        "parameter_style": CreateFunctionParameterStyle.S,
        "is_deterministic": True,
        "sql_data_access": CreateFunctionSqlDataAccess.CONTAINS_SQL,
        "is_null_call": False,
        "security_type": CreateFunctionSecurityType.DEFINER,
        "specific_name": name,
        "comment": "adds one",
    }
    return CreateFunction(**(described | changes))


def allow(client: WorkspaceClient, principal: str, kind: str, name: str, *privileges: Privilege) -> None:
    client.grants.update(kind, name, changes=[PermissionsChange(principal=principal, add=list(privileges))])


def tag(entity_type: str, name: str, key: str, value: str = "") -> EntityTagAssignment:
    return EntityTagAssignment(entity_type=entity_type, entity_name=name, tag_key=key, tag_value=value)


@pytest.mark.parametrize(
    ("entity_type", "below"),
    [
        ("catalogs", ""),
        ("schemas", ".default"),
        ("tables", ".default.t"),
        ("columns", ".default.t.a"),
        ("volumes", ".default.v"),
        ("models", ".default.m"),
    ],
)
def test_a_tag_is_assigned_changed_listed_and_taken_away(
    client: WorkspaceClient, catalog: str, entity_type: str, below: str
) -> None:
    name, tags = catalog + below, client.entity_tag_assignments
    made = tags.create(tag(entity_type, name, "pii", "no"))
    assert (made.entity_type, made.entity_name, made.tag_key, made.tag_value) == (entity_type, name, "pii", "no")
    assert made.updated_by == "admin@brickyard.local"
    with pytest.raises(ResourceConflict):
        tags.create(tag(entity_type, name, "pii", "again"))
    tags.create(EntityTagAssignment(entity_type=entity_type, entity_name=name, tag_key="team"))
    tags.update(entity_type, name, "pii", tag(entity_type, name, "pii", "yes"), "tag_value")
    assert tags.get(entity_type, name, "pii").tag_value == "yes"
    found = tags.list(entity_type, name, max_results=1)
    assert [(each.tag_key, each.tag_value) for each in found] == [
        ("pii", "yes"),
        ("team", "" if entity_type == "models" else None),
    ]
    tags.delete(entity_type, name, "pii")
    with pytest.raises(NotFound):
        tags.get(entity_type, name, "pii")


def test_a_models_tags_are_those_that_mlflow_sees(client: WorkspaceClient, catalog: str) -> None:
    name = f"{catalog}.default.m"
    client.entity_tag_assignments.create(tag("models", name, "stage", "test"))
    path = "/api/2.0/mlflow/unity-catalog/registered-models"
    shown: Any = client.api_client.do("GET", f"{path}/get", query={"name": name})
    assert shown["registered_model"]["tags"] == [{"key": "stage", "value": "test"}]
    client.api_client.do("POST", f"{path}/set-tag", body={"name": name, "key": "by", "value": "mlflow"})
    assert [each.tag_key for each in client.entity_tag_assignments.list("models", name)] == ["by", "stage"]


def test_tagging_needs_apply_tag_and_the_way(client: WorkspaceClient, catalog: str, new_robot: Any) -> None:
    robot = new_robot()
    tags, name = robot.client().entity_tag_assignments, f"{catalog}.default.t"
    allow(
        client, robot.application_id, "catalog", catalog, Privilege.USE_CATALOG, Privilege.USE_SCHEMA, Privilege.SELECT
    )
    assert list(tags.list("tables", name)) == []
    with pytest.raises(PermissionDenied, match="APPLY TAG"):
        tags.create(tag("tables", name, "k"))
    allow(client, robot.application_id, "table", name, Privilege.APPLY_TAG)
    tags.create(tag("columns", f"{name}.b", "k"))
    with pytest.raises(PermissionDenied, match="APPLY TAG"):
        tags.create(tag("volumes", f"{catalog}.default.v", "k"))


def test_tags_follow_a_rename_and_columns_must_exist(client: WorkspaceClient, catalog: str) -> None:
    client.entity_tag_assignments.create(tag("volumes", f"{catalog}.default.v", "k", "1"))
    client.volumes.update(f"{catalog}.default.v", new_name="w")
    assert client.entity_tag_assignments.get("volumes", f"{catalog}.default.w", "k").tag_value == "1"
    with pytest.raises(NotFound, match="no column 'c'"):
        client.entity_tag_assignments.create(tag("columns", f"{catalog}.default.t.c", "k"))


@pytest.mark.parametrize("key", ["a.b", "a:b", " a", "", "x" * 256])
def test_tag_keys_are_checked(client: WorkspaceClient, catalog: str, key: str) -> None:
    with pytest.raises(BadRequest):
        client.entity_tag_assignments.create(tag("catalogs", catalog, key))


def test_tags_of_other_things_are_not_emulated(client: WorkspaceClient) -> None:
    with pytest.raises(NotEmulated, match="shares"):
        client.entity_tag_assignments.create(tag("shares", "s", "k"))


def test_a_function_comes_back_as_it_was_described(client: WorkspaceClient, catalog: str) -> None:
    made = client.functions.create(function(catalog))
    read = client.functions.get(f"{catalog}.default.plus")
    assert read == made
    assert (read.routine_definition, read.comment, read.full_data_type) == ("x + 1", "adds one", "INT")
    assert read.function_id
    assert read.input_params is not None
    assert [each.name for each in read.input_params.parameters or []] == ["x"]
    assert [each.name for each in client.functions.list(catalog, "default")] == ["plus"]
    assert [each.name for each in client.registered_models.list(catalog_name=catalog, schema_name="default")] == ["m"]
    client.functions.delete(f"{catalog}.default.plus")
    with pytest.raises(NotFound):
        client.functions.get(f"{catalog}.default.plus")


def test_functions_and_models_share_names_but_not_calls(client: WorkspaceClient, catalog: str) -> None:
    with pytest.raises(ResourceConflict):
        client.functions.create(function(catalog, "m"))
    client.functions.create(function(catalog))
    for call in (client.registered_models.get, client.registered_models.delete):
        with pytest.raises(NotFound, match="is a function"):
            call(f"{catalog}.default.plus")
    for call in (client.functions.get, client.functions.delete):
        with pytest.raises(NotFound, match="is a registered model"):
            call(f"{catalog}.default.m")


def test_functions_need_create_function_and_execute(client: WorkspaceClient, catalog: str, new_robot: Any) -> None:
    robot = new_robot()
    functions, me = robot.client().functions, robot.application_id
    client.functions.create(function(catalog))
    allow(client, me, "catalog", catalog, Privilege.USE_CATALOG, Privilege.USE_SCHEMA, Privilege.CREATE_MODEL)
    with pytest.raises(PermissionDenied, match="CREATE FUNCTION"):
        functions.create(function(catalog, "mine"))
    with pytest.raises(PermissionDenied, match="EXECUTE"):
        functions.get(f"{catalog}.default.plus")
    assert list(functions.list(catalog, "default")) == []
    allow(client, me, "schema", f"{catalog}.default", Privilege.CREATE_FUNCTION)
    allow(client, me, "function", f"{catalog}.default.plus", Privilege.EXECUTE)
    assert functions.create(function(catalog, "mine")).owner == me
    assert functions.get(f"{catalog}.default.plus").name == "plus"
    with pytest.raises(PermissionDenied):
        functions.delete(f"{catalog}.default.plus")


def test_a_python_function_names_its_language(client: WorkspaceClient, catalog: str) -> None:
    python = {"routine_body": CreateFunctionRoutineBody.EXTERNAL, "sql_data_access": CreateFunctionSqlDataAccess.NO_SQL}
    with pytest.raises(InvalidParameterValue, match="external_language"):
        client.functions.create(function(catalog, **python))
    made = client.functions.create(function(catalog, **python, external_language="Python"))
    assert made.external_language == "Python"


def key(name: str, *columns: str) -> TableConstraint:
    return TableConstraint(primary_key_constraint=PrimaryKeyConstraint(name=name, child_columns=list(columns)))


def reference(name: str, parent: str, *columns: str) -> TableConstraint:
    return TableConstraint(
        foreign_key_constraint=ForeignKeyConstraint(
            name=name, child_columns=["a"], parent_table=parent, parent_columns=list(columns)
        )
    )


def test_keys_name_columns_and_hold_references(client: WorkspaceClient, catalog: str) -> None:
    make_table(client, catalog, "child")
    parent, child = f"{catalog}.default.t", f"{catalog}.default.child"
    constraints = client.table_constraints
    with pytest.raises(InvalidParameterValue, match="child_columns"):
        constraints.create(parent, key("pk", "nix"))
    with pytest.raises(InvalidParameterValue, match="are not the primary key"):
        constraints.create(child, reference("fk", parent, "a"))
    constraints.create(parent, key("pk", "a"))
    with pytest.raises(ResourceConflict, match="has a primary key"):
        constraints.create(parent, key("pk2", "b"))
    constraints.create(child, reference("fk", parent, "a"))
    shown = client.tables.get(child).table_constraints or []
    assert [each.foreign_key_constraint.name for each in shown if each.foreign_key_constraint] == ["fk"]
    with pytest.raises(BadRequest, match="is referred to by a foreign key"):
        constraints.delete(parent, "pk", False)
    constraints.delete(parent, "pk", True)
    assert not client.tables.get(child).table_constraints
    with pytest.raises(NotFound):
        constraints.delete(parent, "pk", False)


@pytest.mark.parametrize("field", ["row_filter", "mask"])
def test_row_filters_and_column_masks_are_refused_by_name(client: WorkspaceClient, catalog: str, field: str) -> None:
    column: dict[str, Any] = {"name": "a", "type_name": "LONG", "type_text": "bigint", "position": 0}
    filter_: dict[str, Any] = {"function_name": "f"}
    body = {"columns": [{**column, "mask": filter_}]} if field == "mask" else {"row_filter": filter_}
    with pytest.raises(NotEmulated, match=field):
        client.api_client.do("PATCH", f"/api/2.1/unity-catalog/tables/{catalog}.default.t", body=body)


def test_dropping_a_table_leaves_a_model_of_its_name_whole(client: WorkspaceClient, catalog: str) -> None:
    make_table(client, catalog, "m")
    path = "/api/2.0/mlflow/unity-catalog/model-versions/create"
    client.api_client.do("POST", path, body={"name": f"{catalog}.default.m", "source": "dbfs:/x"})
    client.tables.delete(f"{catalog}.default.m")
    assert [each.version for each in client.model_versions.list(f"{catalog}.default.m")] == [1]
