"""Streaming inference on the local workspace: `python bench/streaming.py --rows 1000000`.

Prints Markdown rows for bench/RESULTS.md. Sustained: rows per second from a full feature table through the stream of
`streaming_inference`, after its first micro-batch. Lag: from the commit of a few feature rows to the commit of their
predictions, while the stream waits for more. Restart: from the start of a new process after `kill -9`, on the same
checkpoint, to the commit of the predictions of rows that came meanwhile.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "bench")]

from batch_inference import lay, part  # noqa: E402 - beside this script
from demo_model import save  # noqa: E402

from brickyard_local import process  # noqa: E402
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace, until  # noqa: E402

_CODE = """
import sys
sys.path[:0] = {folders!r}
from pathlib import Path
from brickyard_local.runtime import lazy_spark, shared_models
lazy_spark.install([])
shared_models.install(Path({copies!r}))
from dataclasses import replace
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.project.inference import Inference, Streaming
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps.streaming_inference import streaming_inference
settings = StepSettings(project="flight_delays", catalog="bench", model="bench.ml.model")
project = load_project("flight_delays")
how = Inference(streaming=Streaming(every_s=1, files_per_batch=1))
streaming_inference(settings, replace(project, workflow=replace(project.workflow, inference=how)))
"""
_WAIT_S = 1800.0


def main() -> None:
    """One stream: what is there, what comes, and after a kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--lags", type=int, default=10, help="small batches whose lag is measured")
    options = parser.parse_args()
    os.environ["BRICKYARD_SPARK_PROFILE"] = "bulk"
    print(f"load before: {os.getloadavg()[0]:.1f}\n| what | figure |\n|---|---|")
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
        save(Path(folder) / "model")
        workspace = start_local_workspace(Path(folder) / "home")
        try:
            measure(workspace, Path(folder), options)
        finally:
            process.stop(workspace.home)


def measure(workspace: LocalWorkspace, folder: Path, options: argparse.Namespace) -> None:
    """The three figures."""
    from databricks.sdk.service.catalog import VolumeType

    source = lay(workspace, options.rows, folder / "model")
    client = workspace.client()
    client.schemas.create("bronze", "bench")
    client.volumes.create("bench", "bronze", "landing", VolumeType.MANAGED)
    stream = begin(workspace, folder)
    try:
        first_s, first = reached(workspace, 1)
        last_s, _ = reached(workspace, options.rows)
        print(f"| sustained | {(options.rows - first) / max(last_s - first_s, 1e-9):.0f} rows/s |", flush=True)
        lags = [lag(workspace, source, options.rows + number * 100) for number in range(options.lags)]
        print(f"| lag of 100 rows, median and worst | {statistics.median(lags):.1f} s, {max(lags):.1f} s |", flush=True)
        stream.send_signal(signal.SIGKILL)
        stream.wait()
        add(source, options.rows + options.lags * 100, 100)
        began = time.perf_counter()
        stream = begin(workspace, folder)
        done_s, _ = reached(workspace, options.rows + (options.lags + 1) * 100)
        print(f"| restart after kill -9 | {done_s - began:.1f} s |")
    finally:
        stream.kill()


def begin(workspace: LocalWorkspace, folder: Path) -> "subprocess.Popen[bytes]":
    """The step, as a task's process."""
    folders = [str(ROOT / name) for name in ("pipelines", "local", "projects/flight_delays")]
    code = _CODE.format(folders=folders, copies=str(folder))
    with (folder / "stream.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | workspace.environment(), stdout=log, stderr=log
        )


def lag(workspace: LocalWorkspace, source: str, there: int) -> float:
    """Seconds from the commit of 100 rows to that of their predictions."""
    add(source, there, 100)
    began = time.perf_counter()
    done_s, _ = reached(workspace, there + 100)
    return done_s - began


def add(source: str, first: int, rows: int) -> None:
    """Rows that come."""
    from deltalake import write_deltalake

    write_deltalake(source, part(first, rows), mode="append")


def reached(workspace: LocalWorkspace, rows: int) -> tuple[float, int]:
    """When there were as many predictions, and how many there were then."""
    until(lambda: scored(workspace) >= rows, timeout_s=_WAIT_S)
    return time.perf_counter(), scored(workspace)


def scored(workspace: LocalWorkspace) -> int:
    """How many predictions there are, by Delta's log."""
    from databricks.sdk.errors import NotFound
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        location = workspace.client().tables.get("bench.inference.flight_delays_predictions").storage_location
        actions = DeltaTable(str(location).removeprefix("file://")).get_add_actions(flatten=True)
    except (NotFound, TableNotFoundError):
        return 0
    return sum(number.as_py() for number in actions.column("num_records"))


if __name__ == "__main__":
    main()
