"""OAuth for machines through unmodified clients: secrets of service principals become tokens that end."""

import base64
import secrets
import time

import httpx
import mlflow
import pytest
from databricks.sdk import WorkspaceClient, errors
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.iam import Patch, PatchOp, PatchSchema, ServicePrincipal

from brickyard_local.pytest_plugin import LocalWorkspace

SCHEMAS = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


@pytest.fixture
def robot(client: WorkspaceClient) -> ServicePrincipal:
    return client.service_principals.create(display_name=f"robot-{secrets.token_hex(4)}", active=True)


def secret_of(client: WorkspaceClient, robot: ServicePrincipal, lifetime: str | None = None) -> str:
    made = client.service_principal_secrets_proxy.create(str(robot.id), lifetime=lifetime)
    assert made.secret is not None
    return made.secret


def signed_in(workspace: LocalWorkspace, robot: ServicePrincipal, secret: str, name: str = "local") -> WorkspaceClient:
    return WorkspaceClient(host=workspace.hosts[name], client_id=robot.application_id, client_secret=secret)


def ask(workspace: LocalWorkspace, form: dict[str, str], headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(f"{workspace.host}/oidc/v1/token", data=form, headers=headers)


def test_the_sdk_signs_in_with_a_secret(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    theirs = signed_in(local_workspace, robot, secret_of(client, robot))
    assert theirs.config.auth_type == "oauth-m2m"
    assert theirs.current_user.me().user_name == robot.application_id
    assert theirs.config.oauth_token().expiry is not None


def test_mlflow_signs_in_with_a_secret(
    local_workspace: LocalWorkspace,
    client: WorkspaceClient,
    robot: ServicePrincipal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", local_workspace.host)
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", str(robot.application_id))
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", secret_of(client, robot))
    monkeypatch.delenv("DATABRICKS_TOKEN", raising=False)
    name = f"/Shared/oauth-{secrets.token_hex(4)}"
    made = mlflow.MlflowClient(tracking_uri="databricks").create_experiment(name)
    assert client.experiments.get_experiment(made).experiment.name == name  # type: ignore[union-attr]


def test_a_client_with_a_token_does_not_sign_in_again(local_workspace: LocalWorkspace) -> None:
    """The metadata names the token endpoint; a client that has a token asks it for nothing and warns of nothing."""
    metadata = httpx.get(f"{local_workspace.host}/.well-known/databricks-config").json()
    assert metadata["oidc_endpoint"] == f"{local_workspace.host}/oidc"
    client = WorkspaceClient(host=local_workspace.host, token=local_workspace.token)
    assert client.config.auth_type == "pat"


def test_credentials_in_the_body_work_too_and_the_token_ends_in_an_hour(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    secret = secret_of(client, robot)
    answer = ask(
        local_workspace,
        {
            "grant_type": "client_credentials",
            "scope": "all-apis",
            "client_id": str(robot.application_id),
            "client_secret": secret,
        },
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 3600
    theirs = local_workspace.client(token=answer.json()["access_token"])
    assert theirs.current_user.me().user_name == robot.application_id
    assert list(theirs.tokens.list()) == []


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "sql"}, 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "authorization_details": "[]"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
    ],
)
def test_refusals_have_the_shape_of_rfc_6749(
    local_workspace: LocalWorkspace, form: dict[str, str], status: int, error: str
) -> None:
    answer = ask(local_workspace, form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_an_unknown_client_and_a_wrong_secret_get_the_same_answer(
    local_workspace: LocalWorkspace, robot: ServicePrincipal
) -> None:
    grant = {"grant_type": "client_credentials"}
    answers = []
    for client_id in (str(robot.application_id), "00000000-0000-0000-0000-00000000000b"):
        pair = base64.b64encode(f"{client_id}:dosewrong".encode()).decode()
        answers.append(ask(local_workspace, grant, {"authorization": f"Basic {pair}"}))
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


def test_one_principals_secret_is_not_anothers(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    other = client.service_principals.create(display_name="other")
    with pytest.raises(ValueError, match="invalid_client"):
        signed_in(local_workspace, other, secret_of(client, robot)).current_user.me()


def test_a_deleted_or_expired_secret_signs_nobody_in(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    made = client.service_principal_secrets_proxy.create(str(robot.id))
    short = secret_of(client, robot, "1s")
    client.service_principal_secrets_proxy.delete(str(robot.id), str(made.id))
    time.sleep(1.1)
    assert list(client.service_principal_secrets_proxy.list(str(robot.id))) == []
    for secret in (str(made.secret), short):
        with pytest.raises(ValueError, match="invalid_client"):
            signed_in(local_workspace, robot, secret).current_user.me()


def test_there_are_at_most_five_secrets_and_their_values_are_shown_once(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    values = [secret_of(client, robot) for _ in range(5)]
    with pytest.raises(InvalidParameterValue, match="has 5 secrets"):
        secret_of(client, robot)
    listed = list(client.service_principal_secrets_proxy.list(str(robot.id)))
    assert len(listed) == 5
    assert all(info.status == "ACTIVE" and info.expire_time for info in listed)
    assert not any(value in str(listed) for value in values)
    stored = b"".join(file.read_bytes() for file in local_workspace.home.root.glob("account.db*"))
    assert not any(value.encode() in stored for value in values)


def test_a_lifetime_that_is_none_is_refused(client: WorkspaceClient, robot: ServicePrincipal) -> None:
    for lifetime in ("0s", "3600", "63072001s", "-1s"):
        with pytest.raises(InvalidParameterValue, match="lifetime"):
            secret_of(client, robot, lifetime)
    with pytest.raises(errors.NotImplemented, match="scopes"):
        client.service_principal_secrets_proxy.create(str(robot.id), scopes=["sql"])
    with pytest.raises(NotFound):
        client.service_principal_secrets_proxy.create("1")


def test_an_inactive_principal_cannot_sign_in_and_can_again_once_active(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    secret = secret_of(client, robot)
    for active, works in ((False, False), (True, True)):
        operation = Patch(op=PatchOp.REPLACE, path="active", value=str(active).lower())
        client.service_principals.patch(str(robot.id), operations=[operation], schemas=SCHEMAS)
        if works:
            assert signed_in(local_workspace, robot, secret).current_user.me().user_name == robot.application_id
        else:
            with pytest.raises(ValueError, match="invalid_client"):
                signed_in(local_workspace, robot, secret).current_user.me()


def test_strangers_make_no_secrets(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    theirs = local_workspace.client(token=local_workspace.act_as(str(robot.application_id)))
    with pytest.raises(PermissionDenied, match=r"roles/servicePrincipal\.manager"):
        theirs.service_principal_secrets_proxy.create(str(robot.id))


def test_secrets_outlive_a_kill(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    robot = client.service_principals.create(display_name="robot")
    secret = secret_of(client, robot)
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    assert signed_in(fresh_local_workspace, robot, secret).current_user.me().user_name == robot.application_id


def test_another_accounts_endpoint_gives_no_token(
    local_workspace: LocalWorkspace, client: WorkspaceClient, robot: ServicePrincipal
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": str(robot.application_id),
        "client_secret": secret_of(client, robot),
    }
    account_id = httpx.get(f"{local_workspace.host}/.well-known/databricks-config").json()["account_id"]
    for asked, status in ((account_id, 200), ("00000000-0000-0000-0000-000000000000", 404)):
        answer = httpx.post(f"{local_workspace.host}/oidc/accounts/{asked}/v1/token", data=form)
        assert answer.status_code == status
        assert ("access_token" in answer.json()) is (status == 200)
