"""A canary on a real endpoint: two versions answer, the endpoint's own metrics decide, the traffic moves or goes back.

Whoever waits for the canary's verdict here asks the endpoint meanwhile, so that nothing depends on a clock.
"""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput
from mlflow import MlflowClient

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_pipelines.errors import CanaryFailed
from brickyard_pipelines.ml.project import Canary
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps.deploy import Hands, roll_out

REGISTRY = "/api/2.0/mlflow/unity-catalog/model-versions"
MLMODEL = """
flavors:
  python_function: {loader_module: answers, code: code, env: {virtualenv: python_env.yaml}}
model_uuid: 0123456789abcdef
signature:
  inputs: '[{"type": "double", "name": "x"}]'
  outputs: '[{"type": "double"}]'
"""
CODE = """
class Model:
    def predict(self, data, params=None):
        return ANSWER
def _load_pyfunc(path):
    return Model()
"""
# The first is champion, the second answers as well, the third fails whenever it is asked.
ANSWERS = {"1": "[1.0] * len(data)", "2": "[2.0] * len(data)", "3": "[1.0 / 0]"}
PLAN = Canary(percent=50, minutes=2, min_requests=3, max_latency_ratio=None)

pytestmark = pytest.mark.slow


@dataclass(kw_only=True, slots=True)
class Tried:
    """A model with three versions, an endpoint that serves the first, and a deployment that asks while it waits."""

    workspace: WorkspaceClient
    registry: MlflowClient
    model: str
    endpoint: str
    minutes: float = 0.0
    seen: set[float] = field(default_factory=set)

    def deploy(self, version: str) -> None:
        settings = StepSettings(
            project="p",
            catalog="c",
            model=self.model,
            model_version=version,
            endpoint=self.endpoint,
            job_run_id="17",
        )
        project: Any = SimpleNamespace(name="p", workflow=SimpleNamespace(promotion=SimpleNamespace(canary=PLAN)))
        hands = Hands(
            client=self.registry,
            endpoints=self.workspace.serving_endpoints,
            who="ann",
            sleep=self.ask_for_a_minute,
            clock_s=lambda: self.minutes * 60,
        )
        roll_out(hands, settings, project)

    def ask_for_a_minute(self, _seconds: float) -> None:
        for _ in range(15):
            with contextlib.suppress(DatabricksError):
                self.seen |= set(self.answers())
        self.minutes += 1

    def answers(self) -> list[float]:
        return list(self.workspace.serving_endpoints.query(self.endpoint, dataframe_records=[{"x": 0}]).predictions)

    def served(self) -> list[str]:
        config = self.workspace.serving_endpoints.get(self.endpoint).config
        return [str(entity.entity_version) for entity in (config.served_entities if config else None) or []]

    def champion(self) -> str:
        return str(self.registry.get_registered_model(self.model).aliases["champion"])

    def tags(self, version: str) -> dict[str, str]:
        return dict(self.registry.get_model_version(self.model, version).tags)


def register(client: WorkspaceClient, model: str, version: str) -> None:
    """A version without mlflow's own saving, which takes longer than all that is tried here."""
    client.api_client.do("POST", f"{REGISTRY}/create", body={"name": model, "source": "none"})
    folder = f"/Models/{model.replace('.', '/')}/{version}"
    for path, text in (("MLmodel", MLMODEL), ("code/answers.py", CODE.replace("ANSWER", ANSWERS[version]))):
        client.files.create_directory(f"{folder}/{path}".rpartition("/")[0])
        headers = {"Content-Type": "text/plain"}
        client.api_client.do("PUT", f"/api/2.0/fs/files{folder}/{path}", data=text.encode(), headers=headers)
    client.api_client.do("POST", f"{REGISTRY}/finalize", body={"name": model, "version": version})
    passed = {"validation_status": "PASSED", "validated_by_job_run": "17", "validation_reason": "good"}
    for key, value in (passed | {"validated_against_champion": "1", "validated_as": f"{model}/{version}"}).items():
        body = {"name": model, "version": version, "key": key, "value": value}
        client.api_client.do("POST", f"{REGISTRY}/set-tag", body=body)


@pytest.fixture
def tried(local_workspace: LocalWorkspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tried]:
    for name, value in local_workspace.environment().items():
        monkeypatch.setenv(name, value)
    client, catalog = local_workspace.client(), f"canary_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("models", catalog)
    client.registered_models.create(catalog_name=catalog, schema_name="models", name="m")
    model = f"{catalog}.models.m"
    for version in ANSWERS:
        register(client, model, version)
    client.registered_models.set_alias(model, "champion", 1)
    entity = ServedEntityInput(entity_name=model, entity_version="1", workload_size="Small", scale_to_zero_enabled=True)
    client.serving_endpoints.create_and_wait(
        catalog, config=EndpointCoreConfigInput(name=catalog, served_entities=[entity])
    )
    registry = MlflowClient(tracking_uri="databricks", registry_uri="databricks-uc")
    yield Tried(workspace=client, registry=registry, model=model, endpoint=catalog)
    client.serving_endpoints.delete(catalog)
    client.catalogs.delete(catalog, force=True)


def test_a_canary_that_fails_gives_the_traffic_back_and_one_that_answers_takes_over(tried: Tried) -> None:
    with pytest.raises(CanaryFailed, match=r"version 3 does not take over: \d+ of \d+ requests were answered with"):
        tried.deploy("3")
    assert (tried.served(), tried.champion(), tried.answers()) == (["1"], "1", [1.0])
    assert tried.tags("3")["canary_status"] == "FAILED"
    assert tried.seen == {1.0}, "the champion answered all the while"

    tried.deploy("2")
    assert (tried.served(), tried.champion(), tried.answers()) == (["2"], "2", [2.0])
    assert tried.tags("2")["canary_status"] == "PASSED"
    assert tried.seen == {1.0, 2.0}, "both answered while it was tried"
