"""Serving endpoints, driven by the unmodified databricks-sdk; models are logged by the unmodified mlflow client."""

import contextlib
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, DatabricksError, NotFound, OperationFailed, PermissionDenied
from databricks.sdk.service.serving import (
    EndpointCoreConfigInput,
    EndpointStateConfigUpdate,
    EndpointTag,
    Route,
    ServedEntityInput,
    ServingEndpointAccessControlRequest,
    ServingEndpointPermissionLevel,
    TrafficConfig,
)

from brickyard_local.pytest_plugin import LocalWorkspace, until

MINUTES = timedelta(minutes=2)
LOG_MODELS = """
import json, os, sys
import pandas as pd, mlflow
from mlflow.models import infer_signature

class Adds(mlflow.pyfunc.PythonModel):
    def __init__(self, n): self.n = n
    def load_context(self, context):
        if self.n < 0: raise RuntimeError("the weights are gone")
    def predict(self, context, model_input, params=None):
        import time
        if float(model_input["x"].iloc[0]) == 99: time.sleep(2)
        if float(model_input["x"].iloc[0]) == 98: os._exit(3)
        return (model_input["x"] + self.n + float(os.environ.get("EXTRA", 0))).tolist()

frame = pd.DataFrame({"x": [1.0]})
mlflow.set_experiment(sys.argv[2])
for n, task in ((1, {}), (2, {}), (-1, {}), (4, {"task": "llm/v1/chat"})):
    with mlflow.start_run():
        mlflow.pyfunc.log_model(name="model", python_model=Adds(n), signature=infer_signature(frame, [1.0]),
            registered_model_name=sys.argv[1], pip_requirements=[], metadata=task)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A registered model: versions 1, 2 and 4 add as much, 3 cannot be loaded, and 4 says that it chats."""

    name: str
    workspace: LocalWorkspace

    @property
    def client(self) -> WorkspaceClient:
        return self.workspace.client()

    def entity(self, version: int, **more: Any) -> ServedEntityInput:
        settings = {"workload_size": "Small", "scale_to_zero_enabled": True, **more}
        return ServedEntityInput(entity_name=self.name, entity_version=str(version), **settings)

    def config(self, *versions: int) -> EndpointCoreConfigInput:
        return EndpointCoreConfigInput(name="", served_entities=[self.entity(version) for version in versions])

    def serve(self, version: int) -> str:
        name = f"endpoint-{secrets.token_hex(4)}"
        self.client.serving_endpoints.create_and_wait(name, config=self.config(version), timeout=MINUTES)
        return name


def log_models(workspace: LocalWorkspace, folder: Path) -> Model:
    client, catalog = workspace.client(), f"models_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("ml", catalog)
    script = folder / "log_models.py"
    script.write_text(LOG_MODELS)
    name = f"{catalog}.ml.adder"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **workspace.environment()}
    argv = [sys.executable, str(script), name, f"/Shared/{catalog}"]
    done = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Model(name=name, workspace=workspace)


@pytest.fixture(scope="module")
def model(local_workspace: LocalWorkspace, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return log_models(local_workspace, tmp_path_factory.mktemp("models"))


@pytest.fixture
def serving(model: Model) -> Any:
    """Deletes the endpoints that a test leaves: each holds a process."""
    before = {endpoint.name for endpoint in model.client.serving_endpoints.list()}
    yield model.client.serving_endpoints
    for endpoint in model.client.serving_endpoints.list():
        if endpoint.name not in before:
            with contextlib.suppress(NotFound):
                model.client.serving_endpoints.delete(endpoint.name)


@pytest.fixture(scope="module")
def endpoint(model: Model) -> str:
    """An endpoint that serves version 1, for tests that only ask."""
    return model.serve(1)


def ask_once(workspace: LocalWorkspace, path: str, body: dict[str, Any]) -> httpx.Response:
    """The SDK would try again."""
    headers = {"Authorization": f"Bearer {workspace.token}"}
    return httpx.post(workspace.host + path, json=body, headers=headers, timeout=30, trust_env=False)


@pytest.mark.parametrize(
    "question",
    [
        {"dataframe_split": {"columns": ["x"], "data": [[1], [2]]}},
        {"dataframe_records": [{"x": 1}, {"x": 2}]},
        {"inputs": {"x": [1, 2]}},
        {"instances": [{"x": 1}, {"x": 2}]},
    ],
)
def test_an_endpoint_answers_every_form_of_a_question(model: Model, endpoint: str, question: dict[str, Any]) -> None:
    answer = model.client.api_client.do("POST", f"/serving-endpoints/{endpoint}/invocations", body=question)
    assert answer["predictions"] == [2.0, 3.0]


def test_the_sdk_asks_and_learns_who_answered(model: Model, endpoint: str) -> None:
    answer = model.client.serving_endpoints.query(endpoint, dataframe_records=[{"x": 5}])
    assert answer.predictions == [6.0]
    assert answer.served_model_name == "adder-1"


def test_a_wrong_question_is_answered_as_model_serving_does(model: Model, endpoint: str) -> None:
    with pytest.raises(BadRequest, match="Failed to enforce schema"):
        model.client.serving_endpoints.query(endpoint, dataframe_records=[{"y": 5}])


def test_an_endpoint_reads_as_it_was_made(model: Model, serving: Any) -> None:
    name = f"endpoint-{secrets.token_hex(4)}"
    tags = [EndpointTag(key="team", value="ml")]
    made = serving.create(name, config=model.config(1), tags=tags).response
    assert made.state.config_update == EndpointStateConfigUpdate.IN_PROGRESS
    assert made.state.ready.value == "NOT_READY"
    found = serving.wait_get_serving_endpoint_not_updating(name, timeout=MINUTES)
    assert found.state.ready.value == "READY"
    entity = found.config.served_entities[0]
    assert (entity.name, entity.workload_size, entity.scale_to_zero_enabled) == ("adder-1", "Small", True)
    assert entity.state.deployment.value == "DEPLOYMENT_READY"
    assert found.config.traffic_config.routes[0].as_dict() == {
        "served_entity_name": "adder-1",
        "served_model_name": "adder-1",
        "traffic_percentage": 100,
    }
    serving.patch(name, add_tags=[EndpointTag(key="stage", value="dev")], delete_tags=["team"])
    assert [tag.key for tag in serving.get(name).tags] == ["stage"]
    assert name in [endpoint.name for endpoint in serving.list()]
    serving.delete(name)
    with pytest.raises(NotFound):
        serving.get(name)


def test_the_old_version_answers_until_the_new_one_is_ready(model: Model, serving: Any) -> None:
    name = model.serve(1)
    serving.update_config(name, served_entities=[model.entity(2)])
    answers = []

    def is_updated() -> bool:
        answers.extend(serving.query(name, dataframe_records=[{"x": 0}]).predictions)
        return bool(answers[-1] == 2.0)

    until(is_updated)
    assert set(answers) == {1.0, 2.0}
    assert serving.wait_get_serving_endpoint_not_updating(name).config.config_version == 2


@pytest.mark.slow
def test_an_update_loses_no_request(model: Model, serving: Any) -> None:
    """Requests all the while, slow ones among them that began with the old version and end with it."""
    name = model.serve(1)
    path, done = f"/serving-endpoints/{name}/invocations", threading.Event()

    def keep_asking(x: float) -> list[tuple[int, str]]:
        answers = []
        while not done.is_set():
            answer = ask_once(model.workspace, path, {"dataframe_records": [{"x": x}]})
            answers.append((answer.status_code, answer.text))
        return answers

    with ThreadPoolExecutor() as pool:
        asking = [pool.submit(keep_asking, x) for x in (99, 1, 2)]
        try:
            serving.update_config_and_wait(name, served_entities=[model.entity(2)], timeout=MINUTES)
            until(lambda: serving.query(name, dataframe_records=[{"x": 0}]).predictions == [2.0])
        finally:
            done.set()
        answers = [answer for each in asking for answer in each.result()]
    assert {status for status, _ in answers} == {200}, [text for status, text in answers if status != 200][:3]
    assert {'{"predictions": [100.0]}', '{"predictions": [2.0]}'} <= {text for _, text in answers}


def test_a_model_that_cannot_load_fails_the_update_and_the_old_one_stays(model: Model, serving: Any) -> None:
    name = model.serve(1)
    with pytest.raises(OperationFailed, match="UPDATE_FAILED"):
        serving.update_config_and_wait(name, served_entities=[model.entity(3)], timeout=MINUTES)
    found = serving.get(name)
    state = found.pending_config.served_entities[0].state
    assert state.deployment.value == "DEPLOYMENT_FAILED"
    assert "the weights are gone" in state.deployment_state_message
    assert found.state.ready.value == "READY"
    assert serving.query(name, dataframe_records=[{"x": 0}]).predictions == [1.0]
    assert "the weights are gone" in serving.logs(name, "adder-3").logs


def test_an_endpoint_whose_first_model_cannot_load_is_not_ready(model: Model, serving: Any) -> None:
    name = f"endpoint-{secrets.token_hex(4)}"
    with pytest.raises(OperationFailed, match="UPDATE_FAILED"):
        serving.create_and_wait(name, config=model.config(3), timeout=MINUTES)
    assert serving.get(name).state.ready.value == "NOT_READY"
    with pytest.raises(DatabricksError, match="the weights are gone"):
        model.client.api_client.do("POST", f"/serving-endpoints/{name}/invocations", body={"inputs": {"x": [1]}})


def test_traffic_is_split_by_percentage(model: Model, serving: Any) -> None:
    name = f"endpoint-{secrets.token_hex(4)}"
    entities = [model.entity(1), model.entity(2, name="challenger", environment_vars={"EXTRA": "10"})]
    routes = [
        Route(served_entity_name="adder-1", served_model_name="adder-1", traffic_percentage=70),
        Route(served_entity_name="challenger", served_model_name="challenger", traffic_percentage=30),
    ]
    config = EndpointCoreConfigInput(name=name, served_entities=entities, traffic_config=TrafficConfig(routes=routes))
    serving.create_and_wait(name, config=config, timeout=MINUTES)
    answers = [serving.query(name, dataframe_records=[{"x": 0}]) for _ in range(100)]
    share = sum(answer.served_model_name == "challenger" for answer in answers)
    assert {tuple(answer.predictions) for answer in answers} == {(1.0,), (12.0,)}
    assert 10 <= share <= 52


def test_a_slow_request_keeps_nobody_waiting(model: Model, endpoint: str) -> None:
    query = model.client.serving_endpoints.query
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(query, endpoint, dataframe_records=[{"x": 99}]) for _ in range(3)]
        time.sleep(0.3)
        begin = time.monotonic()
        assert query(endpoint, dataframe_records=[{"x": 1}]).predictions == [2.0]
        assert model.client.current_user.me().user_name
        assert time.monotonic() - begin < 1.5
        assert [answer.result().predictions for answer in slow] == [[100.0]] * 3


def test_a_served_entity_that_dies_comes_back(model: Model, serving: Any) -> None:
    name = model.serve(1)
    path = f"/serving-endpoints/{name}/invocations"
    with contextlib.suppress(Exception):
        ask_once(model.workspace, path, {"dataframe_records": [{"x": 98}]})
    until(lambda: serving.get(name).state.ready.value == "NOT_READY", timeout_s=10)
    until(lambda: serving.get(name).state.ready.value == "READY")
    assert serving.query(name, dataframe_records=[{"x": 1}]).predictions == [2.0]


def test_who_may_query_may_not_change_and_who_lacks_execute_may_not_serve(model: Model, endpoint: str) -> None:
    admin = model.client
    asks = admin.service_principals.create(display_name=f"asks-{secrets.token_hex(4)}").application_id
    token = admin.token_management.create_obo_token(asks, lifetime_seconds=600).token_value
    other = model.workspace.client(token=token)
    with pytest.raises(PermissionDenied):
        other.serving_endpoints.query(endpoint, dataframe_records=[{"x": 1}])
    assert endpoint not in [found.name for found in other.serving_endpoints.list()]
    endpoint_id = admin.serving_endpoints.get(endpoint).id
    body = {"access_control_list": [{"service_principal_name": asks, "permission_level": "CAN_QUERY"}]}
    admin.api_client.do("PATCH", f"/api/2.0/permissions/serving-endpoints/{endpoint_id}", body=body)
    assert other.serving_endpoints.query(endpoint, dataframe_records=[{"x": 1}]).predictions == [2.0]
    with pytest.raises(PermissionDenied):
        other.serving_endpoints.delete(endpoint)
    with pytest.raises(DatabricksError):
        other.serving_endpoints.create("not-mine", config=model.config(1))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"workload_type": "GPU_SMALL"}, "GPU_SMALL"),
        ({"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}, "external_model"),
        ({"instance_profile_arn": "arn:aws:iam::1:x"}, "instance_profile_arn"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(model: Model, change: dict[str, Any], named: str) -> None:
    body = {"name": "refused", "config": {"served_entities": [{**model.entity(1).as_dict(), **change}]}}
    with pytest.raises(DatabricksError, match=named) as refused:
        model.client.api_client.do("POST", "/api/2.0/serving-endpoints", body=body)
    assert refused.value.error_code == "NOT_IMPLEMENTED"


@pytest.mark.parametrize(
    "extra",
    [
        {"route_optimized": True},
        {"ai_gateway": {"usage_tracking_config": {"enabled": True}}},
        {"ai_gateway": {"guardrails": {"input": {"safety": True}}}},
        {"ai_gateway": {"fallback_config": {"enabled": True}}},
        {"ai_gateway": {"rate_limits": [{"tokens": 1, "renewal_period": "minute"}]}},
    ],
)
def test_endpoint_settings_that_would_do_nothing_are_refused(model: Model, extra: dict[str, Any]) -> None:
    body = {"name": "refused", "config": model.config(1).as_dict(), **extra}
    with pytest.raises(DatabricksError) as refused:
        model.client.api_client.do("POST", "/api/2.0/serving-endpoints", body=body)
    assert refused.value.error_code == "NOT_IMPLEMENTED"


def test_provisioned_throughput_is_kept_for_language_models_and_said_to_be_nobodys(model: Model, serving: Any) -> None:
    def entity(version: int, **size: int) -> dict[str, Any]:
        return {"entity_name": model.name, "entity_version": str(version), **size}

    units = {
        "name": f"units-{secrets.token_hex(4)}",
        "config": {"served_entities": [entity(4, provisioned_model_units=50)]},
    }
    model.client.api_client.do("POST", "/api/2.0/serving-endpoints/pt", body=units)
    made = serving.wait_get_serving_endpoint_not_updating(units["name"], timeout=MINUTES)
    (served,) = made.config.served_entities
    assert served.provisioned_model_units == 50
    assert "provisions none" in served.state.deployment_state_message
    assert serving.query(units["name"], dataframe_records=[{"x": 1}]).predictions == [5.0]

    tokens = entity(4, min_provisioned_throughput=10, max_provisioned_throughput=20)
    for refused, why in ((tokens, "in model units"), (entity(1, provisioned_model_units=50), "language models")):
        body = {"config": {"served_entities": [refused]}}
        with pytest.raises(DatabricksError, match=why):
            model.client.api_client.do("PUT", f"/api/2.0/serving-endpoints/pt/{units['name']}/config", body=body)
    serving.update_config_and_wait(
        units["name"], served_entities=[ServedEntityInput.from_dict(tokens)], timeout=MINUTES
    )
    assert serving.get(units["name"]).config.served_entities[0].max_provisioned_throughput == 20


def test_endpoints_come_back_after_a_kill(fresh_local_workspace: LocalWorkspace, tmp_path: Path) -> None:
    model = log_models(fresh_local_workspace, tmp_path)
    name = model.serve(1)
    model.client.serving_endpoints.update_config(name, served_entities=[model.entity(2)])
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    serving = model.client.serving_endpoints
    serving.wait_get_serving_endpoint_not_updating(name, timeout=MINUTES)
    assert serving.query(name, dataframe_records=[{"x": 0}]).predictions == [2.0]


@pytest.mark.slow
def test_the_secrets_of_an_endpoint_are_its_creators_whoever_configures_it(
    model: Model, serving: Any, new_robot: Callable[[], Any]
) -> None:
    """As documented: the recorded creator must have READ, the caller of an update need not."""
    client, robot, scope = model.client, new_robot(), f"scope-{secrets.token_hex(4)}"
    client.secrets.create_scope(scope)
    client.secrets.put_secret(scope, "key", string_value="hidden")
    catalog = model.name.partition(".")[0]
    use = ["USE_CATALOG", "USE_SCHEMA", "EXECUTE"]
    body = {"changes": [{"principal": robot.application_id, "add": use}]}
    client.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/catalog/{catalog}", body=body)
    with_secret = model.entity(1, environment_vars={"KEY": f"{{{{secrets/{scope}/key}}}}"})
    config = EndpointCoreConfigInput(name="", served_entities=[with_secret])
    with pytest.raises(PermissionDenied):
        robot.client().serving_endpoints.create(f"theirs-{secrets.token_hex(4)}", config=config)

    name = model.serve(1)
    access = ServingEndpointAccessControlRequest(
        service_principal_name=robot.application_id, permission_level=ServingEndpointPermissionLevel.CAN_MANAGE
    )
    endpoint_id = str(serving.get(name).id)
    serving.update_permissions(endpoint_id, access_control_list=[access])
    robot.client().serving_endpoints.update_config(name, served_entities=[with_secret])
    assert serving.get(name).creator == client.current_user.me().user_name
    with pytest.raises(PermissionDenied):
        robot.client().secrets.get_secret(scope, "key")
