"""Chat models and agents that mlflow logged, asked as databricks-sdk, OpenAI's and mlflow's clients ask."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.serving import ChatMessage, ChatMessageRole, EndpointCoreConfigInput, ServedEntityInput

from brickyard_local.pytest_plugin import LocalWorkspace

LOG_MODELS = """
import os, sys, warnings
warnings.simplefilter("ignore")
import mlflow
mlflow.set_experiment("/Shared/" + sys.argv[1])
with mlflow.start_run():
    for name in ("chat", "agent"):
        mlflow.pyfunc.log_model(name=name, python_model=os.path.abspath(name + ".py"), pip_requirements=[],
            registered_model_name=sys.argv[1] + ".ml." + name)
"""
CHAT = """
import mlflow
from mlflow.pyfunc import ChatModel
from mlflow.types.llm import (
    ChatChoice, ChatChoiceDelta, ChatChunkChoice, ChatCompletionChunk, ChatCompletionResponse,
    ChatMessage, TokenUsageStats,
)
class Echo(ChatModel):
    def predict(self, context, messages, params):
        said = f"{messages[-1].content} {params.max_tokens}"
        return ChatCompletionResponse(model="echo", choices=[ChatChoice(
            index=0, message=ChatMessage(role="assistant", content=said), finish_reason="stop")],
            usage=TokenUsageStats(prompt_tokens=1, completion_tokens=2, total_tokens=3))
    def predict_stream(self, context, messages, params):
        for word in messages[-1].content.split():
            if word == "fail":
                raise RuntimeError("lost the thread")
            yield ChatCompletionChunk(choices=[ChatChunkChoice(
                index=0, delta=ChatChoiceDelta(role="assistant", content=word), finish_reason=None)])
mlflow.models.set_model(Echo())
"""
AGENT = """
import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentResponse, ResponsesAgentStreamEvent
class Agent(ResponsesAgent):
    def predict(self, request):
        return ResponsesAgentResponse(output=[self.create_text_output_item(text=request.input[-1].content, id="m1")])
    def predict_stream(self, request):
        item = self.create_text_output_item(text=request.input[-1].content, id="m1")
        yield ResponsesAgentStreamEvent(type="response.output_item.done", item=item)
mlflow.models.set_model(Agent())
"""
HELLO = [{"role": "user", "content": "hello there"}]


@pytest.fixture(scope="module")
def endpoints(local_workspace: LocalWorkspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Endpoints of a ChatModel and of a ResponsesAgent."""
    client, catalog = local_workspace.client(), f"chat_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("ml", catalog)
    _log(local_workspace, catalog, tmp_path_factory.mktemp("chat"))
    with ThreadPoolExecutor() as pool:
        named = dict(
            zip(("chat", "agent"), pool.map(lambda name: _serve(client, catalog, name), ("chat", "agent")), strict=True)
        )
    yield named
    for name in named.values():
        client.serving_endpoints.delete(name)


def _log(workspace: LocalWorkspace, catalog: str, folder: Path) -> None:
    for name, code in (("chat.py", CHAT), ("agent.py", AGENT), ("log.py", LOG_MODELS)):
        (folder / name).write_text(code)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **workspace.environment()}
    argv = [sys.executable, "log.py", catalog]
    done = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]


def _serve(client: WorkspaceClient, catalog: str, name: str) -> str:
    endpoint = f"{name}-{secrets.token_hex(4)}"
    entity = ServedEntityInput(entity_name=f"{catalog}.ml.{name}", entity_version="1", scale_to_zero_enabled=True)
    config = EndpointCoreConfigInput(name=endpoint, served_entities=[entity])
    client.serving_endpoints.create_and_wait(endpoint, config=config, timeout=timedelta(minutes=3))
    return endpoint


def post(workspace: LocalWorkspace, path: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {workspace.token}"}
    return httpx.post(workspace.host + path, json=body, headers=headers, timeout=60, trust_env=False)


def events(answer: httpx.Response) -> list[Any]:
    """The pieces of a stream; the last must say that it is the last."""
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


@pytest.mark.slow
def test_the_sdk_chats(client: WorkspaceClient, endpoints: dict[str, str]) -> None:
    message = ChatMessage(role=ChatMessageRole.USER, content="hi")
    assert client.serving_endpoints.get(endpoints["chat"]).task == "agent/v1/chat"
    answer = client.serving_endpoints.query(endpoints["chat"], messages=[message], max_tokens=7)
    assert answer.choices is not None
    assert answer.choices[0].message is not None
    assert answer.choices[0].message.content == "hi 7"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 3


@pytest.mark.slow
def test_openais_paths_name_the_endpoint_in_the_body(
    local_workspace: LocalWorkspace, endpoints: dict[str, str]
) -> None:
    body = {"model": endpoints["chat"], "messages": HELLO, "max_tokens": 5}
    answer = post(local_workspace, "/serving-endpoints/chat/completions", body).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "hello there 5"}
    pieces = events(post(local_workspace, "/serving-endpoints/chat/completions", {**body, "stream": True}))
    assert [piece["choices"][0]["delta"]["content"] for piece in pieces] == ["hello", "there"]
    unknown = post(local_workspace, "/serving-endpoints/chat/completions", {**body, "model": "nobody"})
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.slow
def test_an_agent_answers_responses_whole_and_in_pieces(
    local_workspace: LocalWorkspace, endpoints: dict[str, str]
) -> None:
    body = {"model": endpoints["agent"], "input": HELLO}
    whole = post(local_workspace, "/serving-endpoints/responses", body).json()
    assert whole["output"][0]["content"][0]["text"] == "hello there"
    [piece] = events(post(local_workspace, "/serving-endpoints/responses", {**body, "stream": True}))
    assert piece["item"]["content"][0]["text"] == "hello there"


@pytest.mark.slow
def test_a_stream_that_breaks_says_so(local_workspace: LocalWorkspace, endpoints: dict[str, str]) -> None:
    path = f"/serving-endpoints/{endpoints['chat']}/invocations"
    broken = post(local_workspace, path, {"messages": [{"role": "user", "content": "well fail"}], "stream": True})
    assert "lost the thread" in broken.text
    assert "[DONE]" not in broken.text
    at_once = post(local_workspace, path, {"messages": [{"role": "user", "content": "fail"}], "stream": True})
    assert (at_once.status_code, at_once.json()["error_code"]) == (400, "BAD_REQUEST")


@pytest.mark.slow
def test_mlflows_deployments_client_asks_and_manages(
    local_workspace: LocalWorkspace, endpoints: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.deployments import get_deploy_client

    for name, value in local_workspace.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.delenv("MLFLOW_REGISTRY_URI")
    deployments = get_deploy_client("databricks")
    asked = {"messages": HELLO, "max_tokens": 3}
    answer = deployments.predict(endpoint=endpoints["chat"], inputs=asked)
    assert answer["choices"][0]["message"]["content"] == "hello there 3"
    pieces = deployments.predict_stream(endpoint=endpoints["chat"], inputs=asked)
    assert [piece["choices"][0]["delta"]["content"] for piece in pieces] == ["hello", "there"]
    assert endpoints["chat"] in [endpoint["name"] for endpoint in deployments.list_endpoints()]
    served = deployments.get_endpoint(endpoints["chat"])["config"]["served_entities"][0]
    name = f"made-{secrets.token_hex(4)}"
    entity = {key: served[key] for key in ("entity_name", "entity_version", "scale_to_zero_enabled")}
    made = deployments.create_endpoint(config={"name": name, "config": {"served_entities": [entity]}})
    assert made["state"]["config_update"] == "IN_PROGRESS"
    assert deployments.update_endpoint_tags(name, {"add_tags": [{"key": "a", "value": "b"}]})
    limits = {"rate_limits": [{"calls": 9, "key": "endpoint", "renewal_period": "minute"}]}
    assert deployments.update_endpoint_ai_gateway(name, limits)["rate_limits"] == limits["rate_limits"]
    deployments.delete_endpoint(name)
    assert name not in [endpoint["name"] for endpoint in deployments.list_endpoints()]
