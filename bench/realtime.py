"""A model behind an endpoint beside `mlflow models serve` of the same model: `python bench/realtime.py`.

Prints Markdown rows for bench/RESULTS.md: requests per second, p50 and p99 of single rows, the endpoint with its
payload table on. Clients are processes of their own with one kept connection each; the two servers take turns, and a
figure is the median of the rounds. Then the endpoint changes its version under load; answers but 200 are counted.
The model is a scikit-learn pipeline of the size of flight_delays', trained on random rows.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "bench")]

from demo_model import ENTRY, row, save  # noqa: E402 - beside this script

from brickyard_local import process  # noqa: E402
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace, until  # noqa: E402

_CATALOG, _MODEL, _ENDPOINT = "bench", "bench.ml.model", "bench"
_MINUTES = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where requests go."""

    name: str
    port: int
    path: str
    token: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """Of all clients together; failures are answers that are no 200."""

    per_s: float
    p50_ms: float
    p99_ms: float
    failures: int


def main() -> None:
    """Both servers in turns, then a change of version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="per measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
        save(Path(folder) / "model")
        workspace = start_local_workspace(Path(folder) / "home")
        peer = None
        try:
            endpoint = deploy(workspace, Path(folder) / "model")
            peer, other = serve(Path(folder) / "model", Path(folder) / "peer.log")
            compare((endpoint, other), options)
            change_version(workspace, endpoint, options)
        finally:
            if peer is not None:
                peer.terminate()
                peer.wait(30)
            process.stop(workspace.home)


def compare(targets: tuple[Target, Target], options: argparse.Namespace) -> None:
    """A row per number of clients and server."""
    print("| clients | server | requests/s | p50 ms | p99 ms | failures |\n|---|---|---|---|---|---|")
    for clients in options.clients:
        found: dict[str, list[Figure]] = {target.name: [] for target in targets}
        for _ in range(options.rounds):
            for target in targets:
                found[target.name].append(load(target, clients, options.seconds))
        for name, figures in found.items():
            per_s, p50, p99 = (
                statistics.median(getattr(figure, field) for figure in figures)
                for field in ("per_s", "p50_ms", "p99_ms")
            )
            failures = sum(figure.failures for figure in figures)
            print(f"| {clients} | {name} | {per_s:.0f} | {p50:.1f} | {p99:.1f} | {failures} |", flush=True)


def change_version(workspace: LocalWorkspace, endpoint: Target, options: argparse.Namespace) -> None:
    """Move the endpoint to another version while eight clients ask it."""
    endpoints = workspace.client().serving_endpoints
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        asked = pool.submit(load, endpoint, 8, max(options.seconds * 2, 30))
        time.sleep(2)
        endpoints.update_config(_ENDPOINT, served_entities=[served("2")]).result(timeout=_MINUTES)
        took = time.monotonic() - began - 2
        figure = asked.result()
    print(f"version change under load of 8 clients: {took:.1f} s until it served, {figure.failures} of ", end="")
    print(f"{figure.per_s * max(options.seconds * 2, 30):.0f} requests failed, p99 {figure.p99_ms:.1f} ms")


def deploy(workspace: LocalWorkspace, model: Path) -> Target:
    """Two versions of the model, and an endpoint of the first with a payload table."""
    from databricks.sdk.service.serving import (
        AiGatewayConfig,
        AiGatewayInferenceTableConfig,
        EndpointCoreConfigInput,
    )

    client = workspace.client()
    client.catalogs.create(_CATALOG)
    client.schemas.create("ml", _CATALOG)
    client.registered_models.create(catalog_name=_CATALOG, schema_name="ml", name="model")
    for version in ("1", "2"):
        place(client, model, version)
        table = AiGatewayInferenceTableConfig(catalog_name=_CATALOG, schema_name="ml", enabled=True)
    client.serving_endpoints.create_and_wait(
        _ENDPOINT,
        config=EndpointCoreConfigInput(name=_ENDPOINT, served_entities=[served("1")]),
        ai_gateway=AiGatewayConfig(inference_table_config=table),
        timeout=_MINUTES,
    )
    port = urlsplit(workspace.host).port or 0
    path = f"/serving-endpoints/{_ENDPOINT}/invocations"
    return Target(name="endpoint, payloads kept", port=port, path=path, token=workspace.token)


def served(version: str) -> Any:
    """A version that never sleeps."""
    from databricks.sdk.service.serving import ServedEntityInput

    return ServedEntityInput(
        entity_name=_MODEL, entity_version=version, workload_size="Small", scale_to_zero_enabled=False
    )


def place(client: Any, model: Path, version: str) -> None:
    """A version made of the files of a folder."""
    registry = "/api/2.0/mlflow/unity-catalog/model-versions"
    client.api_client.do("POST", f"{registry}/create", body={"name": _MODEL, "source": "none"})
    for file in sorted(path for path in model.rglob("*") if path.is_file()):
        target = f"/Models/{_CATALOG}/ml/model/{version}/{file.relative_to(model).as_posix()}"
        client.files.create_directory(target.rpartition("/")[0])
        client.api_client.do(
            "PUT",
            f"/api/2.0/fs/files{target}",
            data=file.read_bytes(),
            headers={"Content-Type": "application/octet-stream"},
        )
    client.api_client.do("POST", f"{registry}/finalize", body={"name": _MODEL, "version": version})


def serve(model: Path, log: Path) -> tuple["subprocess.Popen[bytes]", Target]:
    """`mlflow models serve` in a process of its own, with its defaults."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", str(port)]
    # mlflow starts `uvicorn` by its name.
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*command, "--env-manager", "local"], stdout=output, stderr=output, env=os.environ | ENTRY | path
        )
    until(lambda: child.poll() is not None or _answers(port), timeout_s=600)
    if child.poll() is not None:
        raise SystemExit(log.read_text())
    return child, Target(name="mlflow models serve", port=port, path="/invocations")


def load(target: Target, clients: int, seconds: float) -> Figure:
    """Ask from as many processes for some seconds, after one of warming up."""
    with multiprocessing.get_context("spawn").Pool(clients) as pool:
        found = pool.starmap(_ask, [(target, seconds)] * clients)
    times = sorted(ms for each, _ in found for ms in each)
    failures = sum(failed for _, failed in found)
    place: Callable[[float], float] = lambda share: times[min(len(times) - 1, int(len(times) * share))]  # noqa: E731
    return Figure(per_s=len(times) / seconds, p50_ms=place(0.5), p99_ms=place(0.99), failures=failures)


def _ask(target: Target, seconds: float) -> tuple[list[float], int]:
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=300)
    headers = {"content-type": "application/json", "authorization": f"Bearer {target.token}"}
    body = json.dumps({"dataframe_records": [row()]})
    times, failures = [], 0
    warm = time.perf_counter() + 1
    end = warm + seconds
    while (began := time.perf_counter()) < end:
        connection.request("POST", target.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        failures += answer.status != http.client.OK
        if began >= warm:
            times.append((time.perf_counter() - began) * 1000)
    return times, failures


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/ping")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False


if __name__ == "__main__":
    main()
