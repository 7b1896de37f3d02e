"""Registered models in the dialect of databricks-sdk, and who may do what with them."""

import io
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import InvalidParameterValue
from databricks.sdk.errors.platform import NotImplemented as NotEmulated
from databricks.sdk.service.catalog import ModelVersionInfoStatus

MLFLOW = "/api/2.0/mlflow/unity-catalog"


@pytest.fixture
def model(client: WorkspaceClient) -> Iterator[str]:
    """The full name of a model without versions, alone in its catalog."""
    catalog = f"reg_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.registered_models.create(catalog_name=catalog, schema_name="default", name="m", comment="first")
    yield f"{catalog}.default.m"
    client.catalogs.delete(catalog, force=True)


def call(client: WorkspaceClient, method: str, operation: str, **fields: Any) -> dict[str, Any]:
    answer: Any = client.api_client.do(method, f"{MLFLOW}/{operation}", body=fields)
    return dict(answer)


def files_of(model: str, version: int) -> str:
    return f"/Models/{model.replace('.', '/')}/{version}"


def add_version(client: WorkspaceClient, model: str, **more: Any) -> int:
    """Register a version as mlflow does: create, upload, finalize."""
    created = call(client, "POST", "model-versions/create", name=model, source="runs:/r/m", **more)
    version = int(created["model_version"]["version"])
    client.files.upload(f"{files_of(model, version)}/MLmodel", io.BytesIO(b"flavors: {}"))
    call(client, "POST", "model-versions/finalize", name=model, version=str(version))
    return version


def grant(client: WorkspaceClient, kind: str, name: str, principal: str, *privileges: str) -> None:
    client.api_client.do(
        "PATCH",
        f"/api/2.1/unity-catalog/permissions/{kind}/{name}",
        body={"changes": [{"principal": principal, "add": list(privileges)}]},
    )


def test_a_version_is_pending_until_its_files_are_there(client: WorkspaceClient, model: str) -> None:
    call(
        client, "POST", "model-versions/create", name=model, source="runs:/r/m", run_id="r", run_tracking_server_id="7"
    )
    version = client.model_versions.get(model, 1)
    assert version.status == ModelVersionInfoStatus.PENDING_REGISTRATION
    assert (version.run_id, version.run_workspace_id, version.source) == ("r", 7, "runs:/r/m")
    with pytest.raises(BadRequest, match="has no files"):
        call(client, "POST", "model-versions/finalize", name=model, version="1")
    client.files.upload(f"{files_of(model, 1)}/MLmodel", io.BytesIO(b"flavors: {}"))
    call(client, "POST", "model-versions/finalize", name=model, version="1")
    assert client.model_versions.get(model, 1).status == ModelVersionInfoStatus.READY


def test_files_of_a_finished_version_do_not_change(client: WorkspaceClient, model: str) -> None:
    version = add_version(client, model)
    with pytest.raises(BadRequest, match="its files cannot change"):
        client.files.upload(f"{files_of(model, version)}/MLmodel", io.BytesIO(b"x"), overwrite=True)


def test_version_numbers_are_never_given_twice(client: WorkspaceClient, model: str) -> None:
    assert [add_version(client, model), add_version(client, model)] == [1, 2]
    client.model_versions.delete(model, 2)
    assert add_version(client, model) == 3
    assert [each.version for each in client.model_versions.list(model)] == [1, 3]


def test_an_alias_moves_from_version_to_version(client: WorkspaceClient, model: str) -> None:
    first, second = add_version(client, model), add_version(client, model)
    assert client.registered_models.set_alias(model, "champion", first).version_num == first
    client.registered_models.set_alias(model, "champion", second)
    assert client.model_versions.get_by_alias(model, "champion").version == second
    aliases = client.registered_models.get(model, include_aliases=True).aliases or []
    assert [(each.alias_name, each.version_num) for each in aliases] == [("champion", second)]
    assert client.registered_models.get(model).aliases == []
    client.registered_models.delete_alias(model, "champion")
    with pytest.raises(NotFound):
        client.model_versions.get_by_alias(model, "champion")


def test_a_deleted_version_takes_its_aliases_and_files_along(client: WorkspaceClient, model: str) -> None:
    version = add_version(client, model)
    client.registered_models.set_alias(model, "champion", version)
    client.model_versions.delete(model, version)
    assert client.registered_models.get(model, include_aliases=True).aliases == []
    with pytest.raises(NotFound):
        client.files.download(f"{files_of(model, version)}/MLmodel")


@pytest.mark.parametrize("alias", ["v1", "7", "latest", "a b", "a.b"])
def test_aliases_that_could_be_taken_for_versions_are_refused(client: WorkspaceClient, model: str, alias: str) -> None:
    version = add_version(client, model)
    with pytest.raises(InvalidParameterValue, match="not a valid alias"):
        client.registered_models.set_alias(model, alias, version)


def test_an_alias_needs_a_version(client: WorkspaceClient, model: str) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        client.registered_models.set_alias(model, "champion", 9)


def test_only_name_owner_and_comment_change(client: WorkspaceClient, model: str) -> None:
    client.registered_models.update(model, comment="second", created_at=1, storage_location="s3://x")
    info = client.registered_models.get(model)
    assert info.comment == "second"
    assert info.created_at != 1
    assert info.storage_location == f"dbfs:/Models/{model.replace('.', '/')}"
    version = add_version(client, model)
    client.model_versions.update(model, version, comment="tried", source="elsewhere")
    kept = client.model_versions.get(model, version)
    assert (kept.comment, kept.source) == ("tried", "runs:/r/m")
    client.model_versions.update(model, version)
    assert client.model_versions.get(model, version).comment == "tried"
    client.model_versions.update(model, version, comment="")
    assert not client.model_versions.get(model, version).comment


def test_a_renamed_model_keeps_versions_aliases_and_files(client: WorkspaceClient, model: str) -> None:
    version = add_version(client, model)
    client.registered_models.set_alias(model, "champion", version)
    client.registered_models.update(model, new_name="renamed")
    new = model.rpartition(".")[0] + ".renamed"
    assert client.model_versions.get_by_alias(new, "champion").version == version
    assert client.files.download(f"{files_of(new, version)}/MLmodel").contents is not None
    with pytest.raises(NotFound):
        client.registered_models.get(model)
    assert add_version(client, new) == version + 1


def test_what_is_not_emulated_is_refused(client: WorkspaceClient, model: str) -> None:
    catalog = model.split(".", maxsplit=1)[0]
    calls: list[Callable[[], object]] = [
        lambda: client.registered_models.create(
            catalog_name=catalog, schema_name="default", name="n", storage_location="s3://b/x"
        ),
        lambda: call(client, "POST", "model-versions/generate-temporary-credentials", name=model, version="1"),
        lambda: client.api_client.do(
            "PATCH", f"/api/2.1/unity-catalog/securable-tags/CATALOG/{catalog}", body={"changes": {}}
        ),
        lambda: client.api_client.do("POST", "/api/2.1/unity-catalog/temporary-model-version-credentials", body={}),
    ]
    for attempt in calls:
        with pytest.raises(NotEmulated):
            attempt()


def test_mlflow_fields_may_come_in_the_query_or_in_the_body(client: WorkspaceClient, model: str) -> None:
    path = f"{MLFLOW}/registered-models/get"
    by_query: Any = client.api_client.do("GET", path, query={"name": model})
    by_body: Any = client.api_client.do("GET", path, body={"name": model})
    assert by_query == by_body
    assert by_query["registered_model"]["name"] == model
    with pytest.raises(BadRequest, match="name: Field required"):
        client.api_client.do("GET", path)


def test_a_search_takes_a_name_or_a_run(client: WorkspaceClient, model: str) -> None:
    run = secrets.token_hex(8)
    add_version(client, model)
    add_version(client, model, run_id=run)
    path = f"{MLFLOW}/model-versions/search"

    def found(**query: Any) -> list[str]:
        answer: Any = client.api_client.do("GET", path, query=query)
        return [each["version"] for each in answer["model_versions"]]

    assert found(filter=f"name = '{model}'") == ["2", "1"]
    assert found(filter=f"run_id='{run}'") == ["2"]
    assert found(filter="name='no.such.model'") == []
    page: Any = client.api_client.do("GET", path, query={"filter": f'name="{model}"', "max_results": 1})
    assert found(filter=f"name='{model}'", max_results=1, page_token=page["next_page_token"]) == ["1"]
    with pytest.raises(InvalidParameterValue, match="takes one of"):
        found(filter="tags.a = 'b'")


def test_each_step_of_a_models_life_needs_its_own_right(client: WorkspaceClient, model: str, new_robot: Any) -> None:
    robot = new_robot()
    theirs, catalog = robot.client(), model.split(".", maxsplit=1)[0]
    version = add_version(client, model)
    grant(client, "catalog", catalog, robot.application_id, "USE_CATALOG", "USE_SCHEMA")

    def load() -> object:
        return theirs.files.download(f"{files_of(model, version)}/MLmodel")

    def tag() -> object:
        fields = {"name": model, "version": str(version), "key": "validation", "value": "passed"}
        return call(theirs, "POST", "model-versions/set-tag", **fields)

    steps: list[tuple[Callable[[], object], str, str]] = [
        (load, "EXECUTE", "EXECUTE"),
        (lambda: add_version(theirs, model), "CREATE MODEL VERSION", "CREATE_MODEL_VERSION"),
        (tag, "APPLY TAG", "APPLY_TAG"),
    ]
    for step, message, privilege in steps:
        with pytest.raises(PermissionDenied, match=message):
            step()
        grant(client, "function", model, robot.application_id, privilege)
        step()
    grant(client, "function", model, robot.application_id, "ALL_PRIVILEGES", "MANAGE")
    with pytest.raises(PermissionDenied, match="OWNERSHIP"):
        theirs.registered_models.set_alias(model, "champion", version)
    client.registered_models.update(model, owner=robot.application_id)
    theirs.registered_models.set_alias(model, "champion", version)
    assert theirs.model_versions.get_by_alias(model, "champion").version == version


def test_registering_a_model_needs_create_model(client: WorkspaceClient, model: str, new_robot: Any) -> None:
    robot, catalog = new_robot(), model.split(".", maxsplit=1)[0]
    grant(client, "catalog", catalog, robot.application_id, "USE_CATALOG", "USE_SCHEMA")
    with pytest.raises(PermissionDenied, match="CREATE MODEL on Schema"):
        call(robot.client(), "POST", "registered-models/create", name=f"{catalog}.default.n")
    grant(client, "schema", f"{catalog}.default", robot.application_id, "CREATE_MODEL")
    call(robot.client(), "POST", "registered-models/create", name=f"{catalog}.default.n")
    assert client.registered_models.get(f"{catalog}.default.n").owner == robot.application_id


def test_an_administrator_does_not_load_a_model_of_others_without_a_grant(
    client: WorkspaceClient, model: str, new_robot: Any
) -> None:
    version = add_version(client, model)
    client.registered_models.update(model, owner=new_robot().application_id)
    with pytest.raises(PermissionDenied, match="EXECUTE"):
        client.files.download(f"{files_of(model, version)}/MLmodel")


def test_lineage_is_kept_and_needs_the_model(client: WorkspaceClient, model: str) -> None:
    version = add_version(client, model)
    lineage = {"entities": [{"job": {"id": "1"}}], "direction": "DOWNSTREAM"}
    call(
        client,
        "POST",
        "model-versions/emit-lineage",
        name=model,
        version=str(version),
        model_version_lineage_info=lineage,
    )
    with pytest.raises(DatabricksError, match="does not exist"):
        call(client, "POST", "model-versions/emit-lineage", name=model, version="9")
