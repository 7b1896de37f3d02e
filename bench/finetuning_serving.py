"""A language model behind the local workspace's endpoint beside `mlflow models serve` of the same registered version.

    pipenv run python bench/finetuning_serving.py --layers 8 --requests 16 --tokens 16

Needs `make setup-finetuning`. The model has SmolLM2-135M's widths and `--layers` of its 30 layers, its weights drawn at
random. Both are asked the same over HTTP, one server after the other, each at concurrency 1, 4 and 16. *Units*: seconds
until the first piece of a streamed answer and until the whole of one that is not streamed (median, worst), answered
tokens per second of all together. A request that is not answered with text counts as failed.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "pipelines"), str(ROOT / "tests" / "unit" / "finetuning_support")]
CATALOG, MODEL, ENDPOINT = "bench", "bench.models.language", "bench-language"
SMOLLM2 = {"hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3}
CONCURRENCY = (1, 4, 16)


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where answers come from."""

    name: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """One request. *Units*: seconds; `tokens` is 0 where it failed."""

    seconds: float
    tokens: int


def main() -> None:
    """A table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--requests", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=16)
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
        workspace = start_local_workspace(Path(folder) / "home")
        try:
            os.environ.update(workspace.environment())
            register(workspace, Path(folder), options.layers)
            print("| server | concurrency | first piece, worst | whole, worst | tokens/s | failed |")
            print("|---|---|---|---|---|---|", flush=True)
            for opened in (served_by_workspace(workspace), served_by_mlflow(workspace, Path(folder))):
                with opened as server:
                    measure(server, options)
        finally:
            process.stop(workspace.home)


def register(workspace: LocalWorkspace, folder: Path, layers: int) -> None:
    """Version 1 of a drawn model, logged as the step `register` logs it."""
    import mlflow
    import torch
    from mlflow.models import Model
    from transformers import LlamaConfig, LlamaForCausalLM

    from brickyard_pipelines.finetuning.registration import language_model
    from brickyard_pipelines.finetuning.registration.register import requirements
    from tiny_models import CHAT_TOKENS, write_tokenizer

    write_tokenizer(folder / "merged", config={"tokenizer_class": "PreTrainedTokenizerFast", **CHAT_TOKENS})
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocab_size": 49_152, "num_hidden_layers": layers, "tie_word_embeddings": False}
    drawn = LlamaForCausalLM(LlamaConfig(**sizes, **SMOLLM2))
    vocabulary: dict[str, int] = json.loads((folder / "merged" / "tokenizer.json").read_text())["model"]["vocab"]
    spoken = [at for word, at in vocabulary.items() if word.startswith("\u0120") and len(word) > 1]
    with torch.no_grad():  # it says words only: what has no spaces is streamed when it ends
        drawn.lm_head.weight[[at for at in range(49_152) if at not in spoken]] = 0.0
    drawn.save_pretrained(folder / "merged")
    workspace.client().catalogs.create(CATALOG)
    workspace.client().schemas.create("models", CATALOG)
    mlflow.set_tracking_uri("databricks")
    mlflow.set_registry_uri("databricks-uc")
    mlflow.set_experiment("/Shared/bench")
    tuned = language_model.Tuned(
        folder=folder / "merged", source="bench", card="# Bench", licence="none", task="llm/v1/chat"
    )
    with mlflow.start_run():
        Model.log(
            artifact_path=None,
            name="model",
            flavor=language_model,
            flavor_name="mlflow.transformers",
            registered_model_name=MODEL,
            pip_requirements=requirements(),
            tuned=tuned,
            look=lambda _: None,
        )


@contextmanager
def served_by_workspace(workspace: LocalWorkspace) -> Iterator[Server]:
    """The endpoint."""
    entity = ServedEntityInput(
        entity_name=MODEL, entity_version="1", scale_to_zero_enabled=False, workload_size="Small"
    )
    endpoints = workspace.client().serving_endpoints
    config = EndpointCoreConfigInput(name=ENDPOINT, served_entities=[entity])
    endpoints.create_and_wait(ENDPOINT, config=config, timeout=timedelta(minutes=15))
    url = f"{workspace.host}/serving-endpoints/{ENDPOINT}/invocations"
    try:
        yield Server(name="endpoint", url=url, headers={"Authorization": f"Bearer {workspace.token}"})
    finally:
        endpoints.delete(ENDPOINT)


@contextmanager
def served_by_mlflow(workspace: LocalWorkspace, folder: Path) -> Iterator[Server]:
    """`mlflow models serve` of the version, in this environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "mlflow", "models", "serve", "-m", f"models:/{MODEL}/1", "--env-manager", "local"]
    environment = {**os.environ, **workspace.environment(), "MLFLOW_REGISTRY_URI": "databricks-uc"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # mlflow runs uvicorn
    with (folder / "serve.log").open("w") as log:
        serving = subprocess.Popen(
            [*argv, "-h", "127.0.0.1", "-p", str(port)], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", serving, folder / "serve.log")
        yield Server(name="mlflow models serve", url=f"http://127.0.0.1:{port}/invocations", headers={})
    finally:
        if serving.poll() is None:
            os.killpg(serving.pid, 15)
            serving.wait()


def wait_for(url: str, serving: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until it answers, or has ended."""
    while serving.poll() is None:
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(1)
    raise SystemExit(log.read_text()[-2000:])


def measure(server: Server, options: argparse.Namespace) -> None:
    """A line per concurrency; the first request, which loads what is lazy, is left out."""
    with httpx.Client(timeout=600, trust_env=False, limits=httpx.Limits(max_connections=32)) as client:
        whole(client, server, options.tokens, 0)
        for concurrency in CONCURRENCY:
            with ThreadPoolExecutor(concurrency) as pool:
                numbers = range(1, options.requests + 1)
                began = time.perf_counter()
                found = list(pool.map(lambda at: whole(client, server, options.tokens, at), numbers))
                took = time.perf_counter() - began
                pieces = list(pool.map(lambda at: first_piece(client, server, options.tokens, at), numbers))
            said = [each for each in pieces if each is not None]
            first = f"{statistics.median(said):.2f}, {max(said):.2f}" if said else "streams nothing"
            times = [each.seconds for each in found if each.tokens] or [0.0]
            print(
                f"| {server.name} | {concurrency} | {first} | {statistics.median(times):.2f}, {max(times):.2f}"
                f" | {sum(each.tokens for each in found) / took:.1f} | {sum(not each.tokens for each in found)} |",
                flush=True,
            )


def body(tokens: int, number: int) -> dict[str, Any]:
    """A question of its own each, of which so many tokens are answered."""
    return {"messages": [{"role": "user", "content": f"Count to {number}."}], "max_tokens": tokens, "temperature": 0.0}


def whole(client: httpx.Client, server: Server, tokens: int, number: int) -> Took:
    """An answer as one."""
    began = time.perf_counter()
    try:
        answer = client.post(server.url, json=body(tokens, number), headers=server.headers)
        document = answer.json()
        found = document[0] if isinstance(document, list) else document  # mlflow's own server wraps it
        return Took(seconds=time.perf_counter() - began, tokens=int(found["usage"]["completion_tokens"]))
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return Took(seconds=time.perf_counter() - began, tokens=0)


def first_piece(client: httpx.Client, server: Server, tokens: int, number: int) -> float | None:
    """Seconds until something of a streamed answer is there; None where nothing is streamed."""
    began = time.perf_counter()
    request = {**body(tokens, number), "stream": True}
    try:
        with client.stream("POST", server.url, json=request, headers=server.headers) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                return None
            for line in answer.iter_lines():
                if line.startswith("data: ") and json.loads(line.removeprefix("data: ")).get("choices"):
                    return time.perf_counter() - began
    except (httpx.HTTPError, ValueError, AttributeError):
        return None
    return None


if __name__ == "__main__":
    main()
