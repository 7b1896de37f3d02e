"""Catalogs, schemas and volumes, driven by the unmodified databricks-sdk."""

import io
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, ResourceConflict
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import InvalidParameterValue
from databricks.sdk.errors.platform import NotImplemented as NotEmulated
from databricks.sdk.service.catalog import CatalogInfo, VolumeType

from brickyard_local.pytest_plugin import LocalWorkspace


@pytest.fixture
def catalog(client: WorkspaceClient) -> Iterator[str]:
    name = f"sec_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    yield name
    client.catalogs.delete(name, force=True)


def code(error: pytest.ExceptionInfo[DatabricksError]) -> str | None:
    return error.value.error_code


def test_a_new_catalog_belongs_to_its_creator_and_has_a_default_schema(client: WorkspaceClient, catalog: str) -> None:
    info = client.catalogs.get(catalog)
    assert (info.owner, info.full_name) == ("admin@brickyard.local", catalog)
    assert info.metastore_id == client.metastores.current().metastore_id
    assert [schema.name for schema in client.schemas.list(catalog)] == ["default"]


def test_what_a_client_configures_comes_back(client: WorkspaceClient, catalog: str) -> None:
    client.catalogs.update(catalog, comment="c", properties={"a": "b"})
    client.schemas.create("ml", catalog, comment="s", properties={"team": "x"})
    client.volumes.create(catalog, "ml", "v", VolumeType.MANAGED, comment="v")
    info = client.catalogs.get(catalog)
    assert (info.comment, info.properties) == ("c", {"a": "b"})
    schema = client.schemas.get(f"{catalog}.ml")
    assert (schema.comment, schema.properties, schema.schema_id is None) == ("s", {"team": "x"}, False)
    volume = client.volumes.read(f"{catalog}.ml.v")
    assert (volume.comment, volume.volume_type, volume.catalog_name) == ("v", VolumeType.MANAGED, catalog)


def test_names_are_found_in_any_case(client: WorkspaceClient, catalog: str) -> None:
    client.schemas.create("Silver", catalog.upper())
    assert client.schemas.get(f"{catalog}.SILVER").full_name == f"{catalog}.silver"
    with pytest.raises(ResourceConflict) as error:
        client.schemas.create("SILVER", catalog)
    assert code(error) == "SCHEMA_ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("catalogs", "nowhere", "CATALOG_DOES_NOT_EXIST"),
        ("schemas", "nowhere.s", "CATALOG_DOES_NOT_EXIST"),
        ("schemas", "{}.s", "SCHEMA_DOES_NOT_EXIST"),
        ("tables", "{}.default.t", "TABLE_DOES_NOT_EXIST"),
        ("volumes", "{}.default.v", "RESOURCE_DOES_NOT_EXIST"),
        ("registered_models", "{}.default.m", "RESOURCE_DOES_NOT_EXIST"),
    ],
)
def test_what_does_not_exist_is_a_404_with_the_platforms_code(
    client: WorkspaceClient, catalog: str, kind: str, name: str, expected: str
) -> None:
    api: Any = getattr(client, kind)
    get = api.read if kind == "volumes" else api.get
    with pytest.raises(NotFound) as error:
        get(name.format(catalog))
    assert code(error) == expected


def test_an_object_needs_its_parents(client: WorkspaceClient, catalog: str) -> None:
    with pytest.raises(NotFound) as error:
        client.volumes.create(catalog, "nix", "v", VolumeType.MANAGED)
    assert code(error) == "SCHEMA_DOES_NOT_EXIST"


def test_a_container_that_is_not_empty_is_deleted_only_by_force(client: WorkspaceClient, catalog: str) -> None:
    client.schemas.create("ml", catalog)
    client.volumes.create(catalog, "ml", "v", VolumeType.MANAGED)
    client.registered_models.create(catalog_name=catalog, schema_name="ml", name="m")
    with pytest.raises(BadRequest, match=r"has 0 tables\(s\), 1 functions\(s\), 1 volumes\(s\)") as error:
        client.schemas.delete(f"{catalog}.ml")
    assert code(error) == "SCHEMA_NOT_EMPTY"
    with pytest.raises(BadRequest) as error:
        client.catalogs.delete(catalog)
    assert code(error) == "CATALOG_NOT_EMPTY"
    client.schemas.delete(f"{catalog}.ml", force=True)
    with pytest.raises(NotFound):
        client.volumes.read(f"{catalog}.ml.v")


def test_a_catalog_made_again_knows_nothing_of_the_one_before(
    local_workspace: LocalWorkspace, client: WorkspaceClient
) -> None:
    name = f"again_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    client.volumes.create(name, "default", "v", VolumeType.MANAGED)
    client.files.upload(f"/Volumes/{name}/default/v/a.txt", io.BytesIO(b"old"))
    folder = local_workspace.home.files / "Volumes" / name
    assert folder.exists()
    client.catalogs.delete(name, force=True)
    assert not folder.exists()
    client.catalogs.create(name)
    client.volumes.create(name, "default", "v", VolumeType.MANAGED)
    assert list(client.files.list_directory_contents(f"/Volumes/{name}/default/v")) == []
    client.catalogs.delete(name, force=True)


def test_renaming_takes_everything_along(client: WorkspaceClient, catalog: str) -> None:
    client.schemas.create("old", catalog)
    client.volumes.create(catalog, "old", "v", VolumeType.MANAGED)
    client.files.upload(f"/Volumes/{catalog}/old/v/a.txt", io.BytesIO(b"hello"))
    client.schemas.update(f"{catalog}.old", new_name="new")
    client.volumes.update(f"{catalog}.new.v", new_name="w")
    content = client.files.download(f"/Volumes/{catalog}/new/w/a.txt").contents
    assert content is not None
    assert content.read() == b"hello"
    with pytest.raises(NotFound):
        client.schemas.get(f"{catalog}.old")


def test_a_catalog_can_be_renamed_with_its_grants(client: WorkspaceClient) -> None:
    old, new = (f"ren_{secrets.token_hex(4)}" for _ in range(2))
    client.catalogs.create(old)
    client.api_client.do(
        "PATCH",
        f"/api/2.1/unity-catalog/permissions/catalog/{old}",
        body={"changes": [{"principal": "account users", "add": ["USE CATALOG"]}]},
    )
    client.catalogs.update(old, new_name=new)
    assert client.schemas.get(f"{new}.default").catalog_name == new
    granted = client.grants.get("catalog", new).privilege_assignments or []
    assert [assignment.principal for assignment in granted] == ["account users"]
    client.catalogs.delete(new, force=True)


def test_names_are_validated_and_information_schema_is_reserved(client: WorkspaceClient, catalog: str) -> None:
    for name in ("a b", "a.b", "information_schema"):
        with pytest.raises(InvalidParameterValue):
            client.schemas.create(name, catalog)
    with pytest.raises(NotEmulated, match="information_schema"):
        client.schemas.get(f"{catalog}.information_schema")


@pytest.mark.parametrize("more", [{"share_name": "s"}, {"connection_name": "c"}, {"provider_name": "p"}])
def test_what_needs_shares_or_connections_is_refused_not_ignored(client: WorkspaceClient, more: dict[str, Any]) -> None:
    with pytest.raises(NotEmulated, match=next(iter(more))):
        client.catalogs.create("foreign", **more)


def test_volumes_with_the_wrong_location_and_unknown_fields_are_refused(client: WorkspaceClient, catalog: str) -> None:
    for kind, location in ((VolumeType.EXTERNAL, None), (VolumeType.MANAGED, "s3://b/x")):
        with pytest.raises(InvalidParameterValue, match="storage_location"):
            client.volumes.create(catalog, "default", "v", kind, storage_location=location)
    with pytest.raises(BadRequest, match="surprise"):
        client.api_client.do("POST", "/api/2.1/unity-catalog/catalogs", body={"name": "x", "surprise": 1})


def test_lists_are_paged(client: WorkspaceClient, catalog: str) -> None:
    for number in range(5):
        client.schemas.create(f"s{number}", catalog)
    answer: Any = client.api_client.do(
        "GET", "/api/2.1/unity-catalog/schemas", query={"catalog_name": catalog, "max_results": 2}
    )
    assert len(answer["schemas"]) == 2
    names = [schema.name for schema in client.schemas.list(catalog, max_results=2)]
    assert names == ["default", "s0", "s1", "s2", "s3", "s4"]
    with pytest.raises(InvalidParameterValue):
        client.api_client.do("GET", "/api/2.1/unity-catalog/catalogs", query={"page_token": "?"})


def test_the_metastore_says_who_it_is(client: WorkspaceClient) -> None:
    summary = client.metastores.summary()
    assert client.metastores.get(str(summary.metastore_id)).name == summary.name
    assert client.metastores.current().workspace_id == client.get_workspace_id()
    with pytest.raises(NotFound):
        client.metastores.get("another")


def test_owners_must_exist(client: WorkspaceClient, catalog: str) -> None:
    with pytest.raises(NotFound, match="Could not find principal with name nobody"):
        client.catalogs.update(catalog, owner="nobody")
    info: CatalogInfo = client.catalogs.get(catalog)
    assert info.owner == "admin@brickyard.local"
