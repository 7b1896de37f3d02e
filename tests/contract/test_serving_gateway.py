"""AI Gateways of endpoints through databricks-sdk: inference tables that are real Delta tables, limits that hold."""

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlparse

import httpx
import psutil
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, PermissionDenied
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.serving import (
    AiGatewayConfig,
    AiGatewayInferenceTableConfig,
    AiGatewayRateLimit,
    AiGatewayRateLimitKey,
    AiGatewayRateLimitRenewalPeriod,
    EndpointCoreConfigInput,
    ServedEntityInput,
)
from deltalake import DeltaTable

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace, until

MINUTE = AiGatewayRateLimitRenewalPeriod.MINUTE
MLMODEL = """
flavors:
  python_function:
    loader_module: adder
    code: code
    env: {virtualenv: python_env.yaml}
model_uuid: 0123456789abcdef
"""
ADDER = """
import os
class Adder:
    def predict(self, data, params=None):
        if data["x"].iloc[0] == 98:
            raise ValueError("no 98")
        if data["x"].iloc[0] == 97:
            return [dict(os.environ)]
        return (data["x"] + 1).tolist() if data["x"].iloc[0] != 96 else ["y" * 2_000_000]
def _load_pyfunc(path):
    return Adder()
"""


def place_model(client: WorkspaceClient, catalog: str) -> str:
    """A version made as mlflow's client makes it, without its half minute of imports."""
    name = f"{catalog}.ml.adder"
    registry = "/api/2.0/mlflow/unity-catalog"
    client.registered_models.create(catalog_name=catalog, schema_name="ml", name="adder")
    client.api_client.do("POST", f"{registry}/model-versions/create", body={"name": name, "source": "none"})
    folder = f"/Models/{catalog}/ml/adder/1"
    for path, text in (("MLmodel", MLMODEL), ("code/adder.py", ADDER)):
        client.files.create_directory(f"{folder}/{path}".rpartition("/")[0])
        client.api_client.do(
            "PUT", f"/api/2.0/fs/files{folder}/{path}", data=text.encode(), headers={"Content-Type": "text/plain"}
        )
    client.api_client.do("POST", f"{registry}/model-versions/finalize", body={"name": name, "version": "1"})
    return name


@pytest.fixture(scope="module")
def catalog(local_workspace: LocalWorkspace) -> str:
    client, name = local_workspace.client(), f"gateway_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    client.schemas.create("ml", name)
    place_model(client, name)
    return name


@pytest.fixture(scope="module")
def endpoint(local_workspace: LocalWorkspace, catalog: str) -> Iterator[str]:
    """One endpoint for the tests of limits; each sets the gateway that it wants."""
    client, name = local_workspace.client(), f"limited-{secrets.token_hex(4)}"
    client.serving_endpoints.create_and_wait(name, config=config(catalog), timeout=timedelta(minutes=2))
    yield name
    client.serving_endpoints.delete(name)


def config(catalog: str, **more: Any) -> EndpointCoreConfigInput:
    entity = ServedEntityInput(entity_name=f"{catalog}.ml.adder", entity_version="1", workload_size="Small", **more)
    return EndpointCoreConfigInput(name="", served_entities=[entity])


def table_config(catalog: str, prefix: str, *, enabled: bool = True) -> AiGatewayInferenceTableConfig:
    return AiGatewayInferenceTableConfig(
        catalog_name=catalog, schema_name="ml", table_name_prefix=prefix, enabled=enabled
    )


def ask(workspace: LocalWorkspace, endpoint: str, x: float, *, token: str = "", **more: Any) -> httpx.Response:
    """One request, without the SDK's second tries."""
    return httpx.post(
        f"{workspace.host}/serving-endpoints/{endpoint}/invocations",
        json={"dataframe_records": [{"x": x}], **more},
        headers={"Authorization": f"Bearer {token or workspace.token}"},
        timeout=60,
        trust_env=False,
    )


def rows(client: WorkspaceClient, full_name: str) -> list[dict[str, Any]]:
    location = client.tables.get(full_name).storage_location
    assert location is not None
    found = DeltaTable(unquote(urlparse(location).path)).to_pyarrow_table().to_pylist()
    return sorted(found, key=lambda row: row["request_time"])


def robot(client: WorkspaceClient, workspace: LocalWorkspace) -> tuple[str, str, WorkspaceClient]:
    """A service principal: its application id, its token and its client."""
    name = str(client.service_principals.create(display_name=f"r-{secrets.token_hex(4)}").application_id)
    token = str(client.token_management.create_obo_token(name, lifetime_seconds=600).token_value)
    return name, token, workspace.client(token=token)


def test_requests_and_answers_are_rows_of_a_table_of_the_endpoints_creator(
    local_workspace: LocalWorkspace, client: WorkspaceClient, catalog: str
) -> None:
    name = f"recorded-{secrets.token_hex(4)}"
    gateway = AiGatewayConfig(inference_table_config=table_config(catalog, "seen"))
    made = client.serving_endpoints.create(name, config=config(catalog), ai_gateway=gateway).response
    assert made.ai_gateway is not None
    assert made.ai_gateway.inference_table_config == gateway.inference_table_config
    table = client.tables.get(f"{catalog}.ml.seen_payload")
    assert table.owner == client.current_user.me().user_name
    types = {column.name: column.type_text for column in table.columns or []}
    assert (types["request_time"], types["logging_error_codes"]) == ("timestamp", "array<string>")
    client.serving_endpoints.wait_get_serving_endpoint_not_updating(name, timeout=timedelta(minutes=2))
    answered = ask(local_workspace, name, 1, client_request_id="mine")
    assert answered.json() == {"predictions": [2.0]}
    failed = ask(local_workspace, name, 98)
    assert failed.status_code == 400
    long = ask(local_workspace, name, 96)
    assert len(long.content) > 2_000_000
    found = until(lambda: len(seen := rows(client, f"{catalog}.ml.seen_payload")) == 3 and seen)
    assert [row["databricks_request_id"] for row in found] == [
        a.headers["x-request-id"] for a in (answered, failed, long)
    ]
    first, second, third = found
    assert json.loads(first["request"]) == {"dataframe_records": [{"x": 1}], "client_request_id": "mine"}
    assert json.loads(first["response"]) == {"predictions": [2.0]}
    assert (first["status_code"], first["client_request_id"], first["logging_error_codes"]) == (200, "mine", [])
    assert (first["request_date"], first["sampling_fraction"]) == (first["request_time"].date(), 1.0)
    assert (first["requester"], len(first["served_entity_id"])) == (client.current_user.me().user_name, 32)
    assert (second["status_code"], second["client_request_id"]) == (400, None)
    assert (third["response"], third["logging_error_codes"]) == (None, ["MAX_RESPONSE_SIZE_EXCEEDED"])
    client.serving_endpoints.delete(name)
    assert client.tables.get(f"{catalog}.ml.seen_payload"), "the table stays with its owner"


def test_a_table_is_switched_off_and_on_again_and_never_takes_a_strangers(
    local_workspace: LocalWorkspace, client: WorkspaceClient, catalog: str, endpoint: str
) -> None:
    put = client.serving_endpoints.put_ai_gateway
    shown = put(endpoint, inference_table_config=table_config(catalog, "again"))
    assert shown.inference_table_config == table_config(catalog, "again")
    with pytest.raises(InvalidParameterValue, match="disable inference tables first"):
        put(endpoint, inference_table_config=table_config(catalog, "other"))
    assert ask(local_workspace, endpoint, 1).status_code == 200
    put(endpoint, inference_table_config=table_config(catalog, "again", enabled=False))
    assert ask(local_workspace, endpoint, 2).status_code == 200
    put(endpoint, inference_table_config=table_config(catalog, "again"))
    assert ask(local_workspace, endpoint, 3).status_code == 200
    found = until(lambda: len(seen := rows(client, f"{catalog}.ml.again_payload")) == 2 and seen)
    assert [json.loads(row["response"])["predictions"] for row in found] == [[2.0], [4.0]]
    with pytest.raises(DatabricksError, match="already exists"):
        client.serving_endpoints.create(
            "stranger", ai_gateway=AiGatewayConfig(inference_table_config=table_config(catalog, "again"))
        )
    assert "stranger" not in [found.name for found in client.serving_endpoints.list()]
    put(endpoint)
    assert client.serving_endpoints.get(endpoint).ai_gateway is None


def test_who_may_not_create_the_table_gets_no_endpoint(
    local_workspace: LocalWorkspace, client: WorkspaceClient, catalog: str
) -> None:
    name, _, theirs = robot(client, local_workspace)
    change = PermissionsChange(principal=name, add=[Privilege.USE_CATALOG, Privilege.USE_SCHEMA, Privilege.EXECUTE])
    client.grants.update("catalog", catalog, changes=[change])
    gateway = AiGatewayConfig(inference_table_config=table_config(catalog, "denied"))
    with pytest.raises(PermissionDenied, match="CREATE"):
        theirs.serving_endpoints.create("denied", config=config(catalog), ai_gateway=gateway)
    assert "denied" not in [found.name for found in client.serving_endpoints.list()]
    assert not client.tables.exists(f"{catalog}.ml.denied_payload").table_exists


def test_limits_hold_for_users_and_for_the_endpoint(
    local_workspace: LocalWorkspace, client: WorkspaceClient, endpoint: str
) -> None:
    name, token, _ = robot(client, local_workspace)
    entry = AccessControlRequest(service_principal_name=name, permission_level=PermissionLevel.CAN_QUERY)
    endpoint_id = client.serving_endpoints.get(endpoint).id
    assert endpoint_id is not None
    client.permissions.update("serving-endpoints", endpoint_id, access_control_list=[entry])
    limits = [
        AiGatewayRateLimit(calls=5, renewal_period=MINUTE, key=AiGatewayRateLimitKey.ENDPOINT),
        AiGatewayRateLimit(calls=1, renewal_period=MINUTE, key=AiGatewayRateLimitKey.USER),
        AiGatewayRateLimit(calls=3, renewal_period=MINUTE, key=AiGatewayRateLimitKey.SERVICE_PRINCIPAL, principal=name),
    ]
    assert client.serving_endpoints.put_ai_gateway(endpoint, rate_limits=limits).rate_limits == limits
    mine = [ask(local_workspace, endpoint, 1) for _ in range(2)]
    theirs = [ask(local_workspace, endpoint, 1, token=token) for _ in range(4)]
    assert [answer.status_code for answer in mine] == [200, 429]
    assert [answer.status_code for answer in theirs] == [200, 200, 200, 429]
    assert 1 <= int(mine[1].headers["retry-after"]) <= 60
    assert mine[1].json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    client.serving_endpoints.put_ai_gateway(endpoint)
    assert ask(local_workspace, endpoint, 1).status_code == 200


def test_a_model_sees_no_secret_of_the_workspace_but_those_it_was_given(
    local_workspace: LocalWorkspace, client: WorkspaceClient, catalog: str
) -> None:
    scope, name = f"s-{secrets.token_hex(4)}", f"secret-{secrets.token_hex(4)}"
    client.secrets.create_scope(scope)
    client.secrets.put_secret(scope, "key", string_value="hunter2-hunter2")
    variables = {"API_KEY": f"{{{{secrets/{scope}/key}}}}", "MODE": "plain"}
    made = config(catalog, environment_vars=variables)
    client.serving_endpoints.create_and_wait(name, config=made, timeout=timedelta(minutes=2))
    shown = client.serving_endpoints.get(name).config
    assert shown is not None
    assert shown.served_entities is not None
    assert shown.served_entities[0].environment_vars == variables
    [environment] = ask(local_workspace, name, 97).json()["predictions"]
    assert (environment["API_KEY"], environment["MODE"]) == ("hunter2-hunter2", "plain")
    assert not {"DATABRICKS_TOKEN", "DATABRICKS_HOST", "DATABRICKS_CONFIG_FILE"} & set(environment)
    assert local_workspace.token not in json.dumps(environment)
    client.serving_endpoints.delete(name)


@pytest.mark.slow
def test_what_was_answered_before_a_kill_is_in_the_table(
    fresh_local_workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, client = fresh_local_workspace, fresh_local_workspace.client()
    workspace.kill()
    monkeypatch.setenv("BRICKYARD_INFERENCE_TABLE_S", "0.2")
    workspace.start()
    client.catalogs.create("kill")
    client.schemas.create("ml", "kill")
    place_model(client, "kill")
    gateway = AiGatewayConfig(inference_table_config=table_config("kill", "e"))
    client.serving_endpoints.create_and_wait(
        "e", config=config("kill"), ai_gateway=gateway, timeout=timedelta(minutes=2)
    )
    answered = []
    for _ in range(3):
        begin = time.monotonic()
        until(lambda: ask(workspace, "e", 0).status_code == 200)
        while time.monotonic() - begin < 1.5:
            answered.append(ask(workspace, "e", 1).headers["x-request-id"])
        workspace.kill()
        workspace.start()

    def recorded() -> list[str]:
        return [row["databricks_request_id"] for row in rows(client, "kill.ml.e_payload")]

    until(lambda: set(answered) <= set(recorded()))
    ids = recorded()
    assert len(ids) == len(set(ids)), "nothing is written twice"


@pytest.mark.slow
def test_an_endpoint_scales_to_zero_and_wakes_for_the_next_request(
    fresh_local_workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, client = fresh_local_workspace, fresh_local_workspace.client()
    workspace.kill()
    monkeypatch.setenv("BRICKYARD_SCALE_TO_ZERO_S", "0.5")
    workspace.start()
    client.catalogs.create("zero")
    client.schemas.create("ml", "zero")
    place_model(client, "zero")
    sleeps, stays = config("zero", scale_to_zero_enabled=True), config("zero", scale_to_zero_enabled=False)
    for name, made in (("sleeps", sleeps), ("stays", stays)):
        client.serving_endpoints.create_and_wait(name, config=made, timeout=timedelta(minutes=2))

    def message() -> str:
        shown = client.serving_endpoints.get("sleeps")
        assert shown.state is not None
        assert str(shown.state.ready).endswith("READY")
        assert "NOT_READY" not in str(shown.state.ready)
        return str(shown.config.served_entities[0].state.deployment_state_message)  # type: ignore[union-attr, index]

    until(lambda: message() == "Scaled to zero")
    assert len(served_children(workspace)) == 1, "one sleeps, one stays"
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda x: ask(workspace, "sleeps", x), (1, 2, 3)))
    assert [answer.json()["predictions"] for answer in answers] == [[2.0], [3.0], [4.0]]
    until(lambda: message() == "Scaled to zero")
    workspace.kill()
    workspace.start()
    assert message() == "Scaled to zero", "it is back at once, and starts for who asks"
    assert ask(workspace, "sleeps", 4).json() == {"predictions": [5.0]}


def served_children(workspace: LocalWorkspace) -> list[int]:
    info = process.running(workspace.home)
    assert info is not None
    children = psutil.Process(info.pid).children(recursive=True)
    return [child.pid for child in children if "brickyard_local.serving.child" in child.cmdline()]


def test_requests_that_are_too_large_are_refused_and_all_are_counted(
    local_workspace: LocalWorkspace, client: WorkspaceClient, endpoint: str
) -> None:
    client.serving_endpoints.put_ai_gateway(endpoint)
    large = ask(local_workspace, endpoint, 1, padding="x" * (16 * 1024 * 1024))
    assert (large.status_code, "16777216" in large.text) == (413, True)
    assert ask(local_workspace, endpoint, 1).status_code == 200
    metrics = client.serving_endpoints.export_metrics(endpoint).contents
    assert metrics is not None
    lines = metrics.read().decode().splitlines()
    labels = f'endpoint_name="{endpoint}",served_model_name="adder-1"'
    counted = [line for line in lines if line.startswith(f"request_count_total{{{labels}}}")]
    assert int(counted[0].split()[-1]) >= 1
    assert any(line.startswith(f"mem_usage_percentage{{{labels}}}") for line in lines)
    schema = client.serving_endpoints.get_open_api(endpoint).contents
    assert schema is not None
    assert "/served-models/adder-1/invocations" in json.loads(schema.read())["paths"]
    assert "builds no container image" in client.serving_endpoints.build_logs(endpoint, "adder-1").logs


def test_csv_is_answered_too(local_workspace: LocalWorkspace, client: WorkspaceClient, endpoint: str) -> None:
    client.serving_endpoints.put_ai_gateway(endpoint)
    answer = httpx.post(
        f"{local_workspace.host}/serving-endpoints/{endpoint}/invocations",
        content="x\n1\n2\n",
        headers={"Authorization": f"Bearer {local_workspace.token}", "Content-Type": "text/csv"},
        timeout=60,
        trust_env=False,
    )
    assert answer.json() == {"predictions": [2, 3]}
