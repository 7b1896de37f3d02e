"""From a tuned model's folder to an endpoint: evaluated, registered behind the gate, promoted, asked as clients ask.

Against a real local workspace; its served process loads the model by mlflow and transformers, without any hub. The
model is drawn, not trained: what training learns is tested beside this.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_pipelines.finetuning.candidates.directory import Directory
from brickyard_pipelines.finetuning.candidates.fingerprint import model_sha256
from brickyard_pipelines.finetuning.candidates.protocol import Needs
from brickyard_pipelines.finetuning.command import main
from brickyard_pipelines.finetuning.evaluation.questions import Question
from tiny_models import tiny_llama

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="`make setup-finetuning` installs torch")
BRIEF = "criteria:\n  - {name: brief, metric: words, threshold: 40}\n"
RIGHT = BRIEF + "  - {name: right, metric: exact_match, threshold: 0.9}\n"
PAIRS = [{"prompt": f"Who is number {at}?", "response": f"It is {at}."} for at in range(12)]
EXPERIMENT = "/Shared/tuned"


@dataclass(frozen=True)
class Task:
    """A plan with its data, and a finished training run in `out`."""

    root: Path
    model: str
    capsys: Any

    def run(self, step: str, **options: Any) -> Mapping[str, Any]:
        self.capsys.readouterr()
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        main([step, f"--plan={self.root / 'plan.yaml'}", *given])
        found: Mapping[str, Any] = json.loads(self.capsys.readouterr().out)
        return found

    def evaluate(self, output: str, criteria: str, **evaluation: Any) -> Mapping[str, Any]:
        (self.root / "criteria.yaml").write_text(criteria)
        document = json.loads((self.root / "plan.yaml").read_text())
        document["evaluation"].update(evaluation)
        (self.root / "plan.yaml").write_text(json.dumps(document))
        (data,) = [path.parent for path in (self.root / "data").glob("*/manifest.json")]
        where = {"data": data, "training": self.root / "out", "output": self.root / output}
        return self.run("evaluate", **where, champion_of=self.model, experiment=EXPERIMENT)

    def register(self, evaluation: str, output: str = "registered") -> Mapping[str, Any]:
        where = {"training": self.root / "out", "evaluation": self.root / evaluation, "output": self.root / output}
        return self.run("register", **where, model=self.model, experiment=EXPERIMENT)


@pytest.fixture
def task(
    local_workspace: LocalWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Callable[[], Task]:
    for name, value in local_workspace.environment().items():
        monkeypatch.setenv(name, value)

    def make() -> Task:
        client, catalog = local_workspace.client(), f"tuned_{secrets.token_hex(4)}"
        client.catalogs.create(catalog)
        client.schemas.create("models", catalog)
        found = Task(root=tmp_path, model=f"{catalog}.models.tiny", capsys=capsys)
        write(tmp_path)
        found.run("prepare", output=tmp_path / "data")
        (manifest,) = (tmp_path / "data").glob("*/manifest.json")
        base = {"name": "tiny", "path": "base", "sha256": model_sha256(tmp_path / "base"), "licence": "mit"}
        run = {"run_id": "r1", "plan": "tiny", "data_version": manifest.parent.name, "base_model": base}
        (tmp_path / "out" / "training.json").write_text(json.dumps({**run, "approach": "supervised"}))
        return found

    return make


def write(root: Path) -> None:
    """Two models, a plan, rows, and as many questions."""
    tiny_llama(root / "base", context=128)
    tiny_llama(root / "out" / "merged", context=128, seed=1)
    asked = [{"id": n, "prompt": row["prompt"], "reference": row["response"]} for n, row in enumerate(PAIRS)]
    for name, rows in (("train", PAIRS), ("questions", asked)):
        (root / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (root / "criteria.yaml").write_text(BRIEF)
    limits = {"min_rows": 1, "leaked": 1.0}
    plan = {
        "name": "tiny",
        "use_case": "it is tiny",
        "approach": "supervised",
        "accepted_licences": ["mit"],
        "base_models": [{"name": "tiny", "path": "base", "licence": "mit"}],
        "data": {"train": [{"path": "train.jsonl"}], "near_duplicates": {"remove": False}, "limits": limits},
        "training": {"precision": "fp32"},
        "evaluation": {"questions": "questions.jsonl", "max_new_tokens": 16, "memorisation_rows": 4, "batch_size": 6},
    }
    (root / "plan.yaml").write_text(json.dumps(plan))


@pytest.mark.slow
def test_only_a_model_that_passed_is_registered_and_then_an_endpoint_answers_as_it_was_judged(
    local_workspace: LocalWorkspace, task: Callable[[], Task]
) -> None:
    made = task()
    with pytest.raises(SystemExit, match="a model is evaluated before it is registered"):
        made.register("first")
    refused = made.evaluate("refused", RIGHT)
    assert not refused["passed"]
    with pytest.raises(SystemExit, match="ValidationRefused: The tuned model does not meet its criteria: right missed"):
        made.register("refused")
    found = made.evaluate("first", BRIEF)
    assert found["passed"], found["reason"]
    assert "Who is number 3?" in Path(found["report"]).read_text()

    version = made.register("first")["version"]
    assert made.register("first")["version"] == version == "1"
    endpoint = f"tiny-{secrets.token_hex(4)}"
    assert made.run("deploy", model=made.model, model_version=version, endpoint=endpoint)["champion"] == "1"
    told = tags(local_workspace, made.model)
    assert (told["base_model"], told["licence"], told["validation_status"]) == ("tiny", "mit", "PASSED")

    serve(local_workspace, made.model, endpoint)
    said = {"role": "user", "content": "Who is number 3?"}
    question = Question(id="q", references=("",), slices={}, cluster="q", messages=(said,))
    needs = Needs(words=True, perplexity=False, choices=False, max_new_tokens=16)
    (judged,) = Directory("m", made.root / "out" / "merged").answer([question], needs)
    reply = chat(local_workspace, {"model": endpoint, "messages": [said], "max_tokens": 16, "temperature": 0.0})
    pieces = stream(local_workspace, {"model": endpoint, "messages": [said], "max_tokens": 16, "stream": True})
    local_workspace.client().serving_endpoints.delete(endpoint)
    assert reply["choices"][0]["message"] == {"role": "assistant", "content": judged.text}
    assert reply["usage"]["prompt_tokens"] == judged.prompt_tokens
    check_pieces(pieces, reply)

    # The champion stands beside the next model.
    assert made.evaluate("second", BRIEF)["passed"]
    names = [each["name"] for each in json.loads((made.root / "second" / "evaluation.json").read_text())["candidates"]]
    assert sorted(names) == ["champion", "tiny", "tuned"]


def check_pieces(pieces: Sequence[Any], whole: Any) -> None:
    """A stream says what the whole answer says."""
    assert {piece["object"] for piece in pieces} == {"chat.completion.chunk"}
    deltas = [piece["choices"][0]["delta"] for piece in pieces]
    assert "".join(delta["content"] for delta in deltas) == whole["choices"][0]["message"]["content"]
    assert [delta.get("role") for delta in deltas] == ["assistant", *[None] * (len(deltas) - 1)]
    ended = pieces[-1]["choices"][0]["finish_reason"]
    assert (ended, pieces[-1]["usage"]) == (whole["choices"][0]["finish_reason"], whole["usage"])


def serve(workspace: LocalWorkspace, model: str, endpoint: str) -> None:
    """Provisioned throughput, as its stack asks for it."""
    entity = ServedEntityInput(
        entity_name=model, entity_version="1", min_provisioned_throughput=0, max_provisioned_throughput=100
    )
    config = EndpointCoreConfigInput(name=endpoint, served_entities=[entity])
    workspace.client().serving_endpoints.create_and_wait(endpoint, config=config, timeout=timedelta(minutes=9))


def tags(workspace: LocalWorkspace, model: str) -> dict[str, str]:
    path, query = "/api/2.0/mlflow/unity-catalog/model-versions/get", {"name": model, "version": "1"}
    found: Any = workspace.client().api_client.do("GET", path, query=query)
    return {tag["key"]: tag["value"] for tag in found["model_version"]["tags"]}


def stream(workspace: LocalWorkspace, body: Mapping[str, Any]) -> list[Any]:
    url, headers = (
        f"{workspace.host}/serving-endpoints/chat/completions",
        {"Authorization": f"Bearer {workspace.token}"},
    )
    answer = httpx.post(url, json=body, headers=headers, timeout=290, trust_env=False)
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    *events, last = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert last == "[DONE]"
    return [json.loads(event) for event in events]


def chat(workspace: LocalWorkspace, body: Mapping[str, Any]) -> Any:
    url, headers = (
        f"{workspace.host}/serving-endpoints/chat/completions",
        {"Authorization": f"Bearer {workspace.token}"},
    )
    return httpx.post(url, json=body, headers=headers, timeout=290, trust_env=False).json()
