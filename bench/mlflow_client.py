"""The mlflow client against the local workspace and against a plain `mlflow server` on SQLite, side by side.

`python bench/mlflow_client.py` prints Markdown rows for bench/RESULTS.md: seconds for 1,000 metrics one by one and in
one batch, and for an artifact of 100 MB up and down. Each server is asked by a process of its own, in turns; figures
are the median of the rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec, free_port

_CALLS = ("1,000 metrics one by one", "1,000 metrics in a batch", "100 MB artifact up", "100 MB artifact down")

_CLIENT = """
import json, os, sys, tempfile, time
from pathlib import Path
import mlflow
from mlflow.entities import Metric
mlflow.set_experiment(sys.argv[1])
client, took = mlflow.MlflowClient(), []
def measure(act):
    begin = time.perf_counter(); act(); took.append(time.perf_counter() - begin)
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "artifact.bin"
    file.write_bytes(os.urandom(100_000_000))
    run = mlflow.start_run().info.run_id
    def one_by_one():
        for step in range(1000):
            client.log_metric(run, "a", step / 7, step=step)
    now = int(time.time() * 1000)
    batch = [Metric("b", step / 7, now, step) for step in range(1000)]
    measure(one_by_one)
    measure(lambda: client.log_batch(run, metrics=batch))
    measure(lambda: client.log_artifact(run, str(file)))
    measure(lambda: client.download_artifacts(run, "artifact.bin", folder + "/.."))
    assert len(client.get_metric_history(run, "a")) == len(client.get_metric_history(run, "b")) == 1000
    Path(folder, "..", "artifact.bin").unlink()
    mlflow.end_run()
print(json.dumps(took))
"""


def main() -> None:
    """Both servers, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder, ExitStack() as stack:
        root = Path(folder)
        servers = {
            "local workspace": stack.enter_context(_brickyard(root)),
            "mlflow server": stack.enter_context(_mlflow(root)),
        }
        took: dict[str, list[list[float]]] = {name: [] for name in servers}
        for _ in range(options.rounds):
            for name, environment in servers.items():
                took[name].append(_ask(environment))
        print("| call | local workspace, s | mlflow server, s | ratio |\n|---|---|---|---|")
        for number, call in enumerate(_CALLS):
            ours, plain = (statistics.median(round_[number] for round_ in took[name]) for name in servers)
            print(f"| {call} | {ours:.2f} | {plain:.2f} | {ours / plain:.2f} |")


def _ask(environment: dict[str, str]) -> list[float]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DATABRICKS_"))}
    experiment = "/Shared/bench" if "DATABRICKS_HOST" in environment else "bench"
    argv = [sys.executable, "-c", _CLIENT, experiment]
    quiet = {
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(argv, env={**kept, **quiet, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    took: list[float] = json.loads(done.stdout.strip().splitlines()[-1])
    return took


@contextmanager
def _brickyard(root: Path) -> Iterator[dict[str, str]]:
    home = Home(root=root / "home", cache=root / "cache")
    info = process.start(home, (WorkspaceSpec(name="local"),))
    try:
        yield {
            "DATABRICKS_HOST": info.hosts["local"],
            "DATABRICKS_TOKEN": home.token_file.read_text().strip(),
            "MLFLOW_TRACKING_URI": "databricks",
        }
    finally:
        process.stop(home)


@contextmanager
def _mlflow(root: Path) -> Iterator[dict[str, str]]:
    port = free_port()
    folder = root / "mlflow"
    folder.mkdir()
    argv = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    where = [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*argv, *where], stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}/health")
        yield {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def _wait(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(1800):
        try:
            opener.open(url, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} does not answer")


if __name__ == "__main__":
    main()
