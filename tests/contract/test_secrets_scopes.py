"""Secrets through the unmodified databricks-sdk: values, rights, limits, and nothing readable on disk."""

import base64
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    DatabricksError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
)
from databricks.sdk.service.workspace import AclPermission, ScopeBackendType

from brickyard_local.pytest_plugin import LocalWorkspace

NewRobot = Callable[[], Any]


@pytest.fixture
def scope(client: WorkspaceClient) -> str:
    name = f"team/{secrets.token_hex(4)}"
    client.secrets.create_scope(name)
    return name


def read(client: WorkspaceClient, scope: str, key: str) -> bytes:
    return base64.b64decode(client.secrets.get_secret(scope, key).value or "")


def test_text_and_bytes_come_back_as_they_were_put(client: WorkspaceClient, scope: str) -> None:
    client.secrets.put_secret(scope, "text", string_value="grüße")
    client.secrets.put_secret(scope, "bytes", bytes_value=base64.b64encode(b"\x00\xff").decode())

    assert read(client, scope, "text") == "grüße".encode()
    assert read(client, scope, "bytes") == b"\x00\xff"
    assert client.dbutils.secrets.get(scope, "text") == "grüße"
    listed = list(client.secrets.list_secrets(scope))
    assert [secret.key for secret in listed] == ["text", "bytes"]
    assert all(secret.last_updated_timestamp for secret in listed)


def test_a_secret_is_overwritten_and_deleted(client: WorkspaceClient, scope: str) -> None:
    client.secrets.put_secret(scope, "key", string_value="first")
    client.secrets.put_secret(scope, "key", string_value="second")
    assert read(client, scope, "key") == b"second"

    client.secrets.delete_secret(scope, "key")

    with pytest.raises(NotFound, match="Secret does not exist with scope"):
        read(client, scope, "key")


def test_scopes_are_listed_and_a_deleted_one_takes_its_secrets_along(client: WorkspaceClient, scope: str) -> None:
    client.secrets.put_secret(scope, "key", string_value="value")
    found = {known.name: known.backend_type for known in client.secrets.list_scopes()}
    assert found[scope] == ScopeBackendType.DATABRICKS

    client.secrets.delete_scope(scope)
    client.secrets.create_scope(scope)

    assert list(client.secrets.list_secrets(scope)) == []


def test_a_scope_exists_once_and_in_its_own_workspace(
    client: WorkspaceClient, local_workspace: LocalWorkspace, scope: str
) -> None:
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        client.secrets.create_scope(scope)
    with pytest.raises(NotFound, match="does not exist"):
        local_workspace.client(workspace="other").secrets.put_secret(scope, "key", string_value="x")


@pytest.mark.parametrize(
    ("level", "allows"),
    [
        (None, set()),
        (AclPermission.READ, {"read"}),
        (AclPermission.WRITE, {"read", "write"}),
        (AclPermission.MANAGE, {"read", "write", "manage"}),
    ],
)
def test_a_level_allows_what_it_says_and_no_more(
    client: WorkspaceClient,
    new_robot: NewRobot,
    scope: str,
    level: AclPermission | None,
    allows: set[str],
) -> None:
    robot = new_robot()
    client.secrets.put_secret(scope, "key", string_value="value")
    if level is not None:
        client.secrets.put_acl(scope, robot.application_id, level)
        assert client.secrets.get_acl(scope, robot.application_id).permission == level
    own = robot.client().secrets

    def allowed(call: Callable[[], object]) -> bool:
        try:
            call()
        except PermissionDenied:
            return False
        return True

    assert allowed(lambda: own.get_secret(scope, "key")) is ("read" in allows)
    assert allowed(lambda: list(own.list_secrets(scope))) is ("read" in allows)
    assert (scope in {known.name for known in own.list_scopes()}) is ("read" in allows)
    assert allowed(lambda: own.put_secret(scope, "more", string_value="x")) is ("write" in allows)
    assert allowed(lambda: own.delete_secret(scope, "key")) is ("write" in allows)
    assert allowed(lambda: list(own.list_acls(scope))) is ("manage" in allows)
    assert allowed(lambda: own.put_acl(scope, "users", AclPermission.READ)) is ("manage" in allows)
    assert allowed(lambda: own.delete_scope(scope)) is ("manage" in allows)


def test_the_creator_manages_alone_unless_users_do(client: WorkspaceClient, new_robot: NewRobot) -> None:
    maker, other = new_robot(), new_robot()
    private, shared = f"private-{secrets.token_hex(4)}", f"shared-{secrets.token_hex(4)}"
    maker.client().secrets.create_scope(private)
    maker.client().secrets.create_scope(shared, initial_manage_principal="users")

    maker.client().secrets.put_secret(private, "key", string_value="x")
    with pytest.raises(PermissionDenied, match="READ permission"):
        other.client().secrets.get_secret(private, "key")
    other.client().secrets.put_secret(shared, "key", string_value="y")
    assert [(acl.principal, acl.permission) for acl in client.secrets.list_acls(shared)] == [
        ("users", AclPermission.MANAGE)
    ]
    with pytest.raises(InvalidParameterValue, match="initial_manage_principal"):
        client.secrets.create_scope("another", initial_manage_principal=maker.application_id)


def test_a_permission_goes_with_its_acl_and_with_its_principal(
    client: WorkspaceClient, new_robot: NewRobot, scope: str
) -> None:
    robot = new_robot()
    group = client.groups.create(display_name=f"readers-{secrets.token_hex(4)}")
    client.secrets.put_acl(scope, str(group.display_name), AclPermission.READ)
    client.secrets.put_acl(scope, robot.application_id, AclPermission.READ)

    client.secrets.delete_acl(scope, robot.application_id)
    client.groups.delete(str(group.id))

    with pytest.raises(PermissionDenied):
        list(robot.client().secrets.list_secrets(scope))
    with pytest.raises(NotFound):
        client.secrets.get_acl(scope, str(group.display_name))
    with pytest.raises(NotFound, match="does not exist in this account"):
        client.secrets.put_acl(scope, "nobody@x.org", AclPermission.READ)


def test_names_sizes_and_value_kinds_are_limited(client: WorkspaceClient, scope: str) -> None:
    with pytest.raises(InvalidParameterValue, match="128"):
        client.secrets.create_scope("s" * 129)
    with pytest.raises(InvalidParameterValue, match="letters, digits"):
        client.secrets.put_secret(scope, "a key", string_value="x")
    client.secrets.put_secret(scope, "largest", string_value="x" * 128 * 1024)
    with pytest.raises(InvalidParameterValue, match="128 KB"):
        client.secrets.put_secret(scope, "larger", string_value="x" * (128 * 1024 + 1))
    with pytest.raises(InvalidParameterValue, match="exactly one"):
        client.secrets.put_secret(scope, "neither")
    with pytest.raises(InvalidParameterValue, match="base64"):
        client.secrets.put_secret(scope, "bytes", bytes_value="%%%")


def test_a_key_vault_is_refused_by_name(client: WorkspaceClient) -> None:
    with pytest.raises(DatabricksError, match="Key Vault") as refused:
        client.secrets.create_scope("vault", scope_backend_type=ScopeBackendType.AZURE_KEYVAULT)
    assert refused.value.error_code == "NOT_IMPLEMENTED"


def test_no_file_of_the_home_holds_a_secret_and_a_killed_workspace_still_has_it(
    fresh_local_workspace: LocalWorkspace,
) -> None:
    plain = f"plain-{secrets.token_hex(16)}"
    client = fresh_local_workspace.client()
    client.secrets.create_scope("scope")
    client.secrets.put_secret("scope", "key", string_value=plain)
    client.secrets.put_secret("scope", "bytes", bytes_value=base64.b64encode(plain.encode()).decode())
    assert read(client, "scope", "key").decode() == plain
    with pytest.raises(DatabricksError) as refused:
        client.api_client.do(
            "POST", "/api/2.0/secrets/put", body={"scope": "scope", "key": "k", "string_value": plain, "extra": 1}
        )
    assert plain not in str(refused.value)

    def holding() -> list[Path]:
        needles = [plain.encode(), base64.b64encode(plain.encode())]
        files = [path for path in fresh_local_workspace.home.root.rglob("*") if path.is_file()]
        assert any(path.name == "account.db" for path in files)
        return [path for path in files if any(needle in path.read_bytes() for needle in needles)]

    assert holding() == []
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    assert read(fresh_local_workspace.client(), "scope", "key").decode() == plain
    assert holding() == []
