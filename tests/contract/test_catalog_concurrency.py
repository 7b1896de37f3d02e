"""Many clients at once: one of equal requests wins, numbers are given once, names come and go in order."""

import io
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.catalog import VolumeType


@pytest.fixture
def catalog(client: WorkspaceClient) -> Iterator[str]:
    name = f"many_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    yield name
    client.catalogs.delete(name, force=True)


def at_once(times: int, call: Callable[[int], str]) -> list[str]:
    """What each of `times` calls returned, or the error code that it got."""

    def attempt(number: int) -> str:
        try:
            return call(number)
        except DatabricksError as error:
            return str(error.error_code)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(attempt, range(times)))


def test_of_equal_requests_one_wins(client: WorkspaceClient, catalog: str) -> None:
    outcomes = at_once(16, lambda _: str(client.schemas.create("s", catalog).name))
    assert Counter(outcomes) == {"s": 1, "SCHEMA_ALREADY_EXISTS": 15}


def test_versions_registered_at_once_have_numbers_of_their_own(client: WorkspaceClient, catalog: str) -> None:
    client.registered_models.create(catalog_name=catalog, schema_name="default", name="m")
    body = {"name": f"{catalog}.default.m", "source": "runs:/r/m"}

    def register(_: int) -> str:
        answer: Any = client.api_client.do("POST", "/api/2.0/mlflow/unity-catalog/model-versions/create", body=body)
        return str(answer["model_version"]["version"])

    assert sorted(map(int, at_once(16, register))) == list(range(1, 17))


def test_grants_given_at_once_are_all_kept(client: WorkspaceClient, catalog: str) -> None:
    privileges = ["USE_CATALOG", "USE_SCHEMA", "SELECT", "MODIFY", "EXECUTE", "READ_VOLUME", "WRITE_VOLUME", "BROWSE"]

    def grant(number: int) -> str:
        change = {"principal": "account users", "add": [privileges[number]]}
        path = f"/api/2.1/unity-catalog/permissions/catalog/{catalog}"
        client.api_client.do("PATCH", path, body={"changes": [change]})
        return "granted"

    at_once(len(privileges), grant)
    (assignment,) = client.grants.get("catalog", catalog).privilege_assignments or []
    assert sorted(each.value for each in assignment.privileges or []) == sorted(privileges)


def test_a_name_that_is_dropped_and_taken_again_is_empty_every_time(client: WorkspaceClient, catalog: str) -> None:
    def cycle(number: int) -> str:
        name, root = f"v{number % 4}", f"/Volumes/{catalog}/default/v{number % 4}"
        client.volumes.create(catalog, "default", name, VolumeType.MANAGED)
        found = [entry.name for entry in client.files.list_directory_contents(root)]
        client.files.upload(f"{root}/{number}.txt", io.BytesIO(b"x"))
        client.volumes.delete(f"{catalog}.default.{name}")
        return f"found {found}"

    outcomes = set(at_once(32, cycle))
    assert "found []" in outcomes
    assert outcomes <= {"found []", "RESOURCE_ALREADY_EXISTS"}
