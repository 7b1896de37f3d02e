"""Batch inference beside the bare model: `python bench/batch_inference.py --rows 5000000`.

Prints Markdown rows for bench/RESULTS.md. Ours is the step `batch_inference` as it is deployed, on the local workspace
with the bulk profile of Spark. The floor is the scikit-learn model's own `predict` in one process per core, without
mlflow, on the same Delta files, appending its predictions with the features to a Delta table. Memory is the peak of all
processes of each (proportional set size), over a third of the rows and over all: flat means that they are alike.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "bench")]

from demo_model import ENTRY, frame, save  # noqa: E402 - beside this script
from realtime import place  # noqa: E402

from brickyard_local import process  # noqa: E402
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace  # noqa: E402

_CATALOG = "bench"
_ROWS_PER_FILE = 250_000
_STEP = """
import sys, time
sys.path[:0] = {folders!r}
from pathlib import Path
from brickyard_local.runtime import lazy_spark, shared_models
lazy_spark.install([])
shared_models.install(Path({copies!r}))
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps.batch_inference import batch_inference
settings = StepSettings(project="flight_delays", catalog="bench", model="bench.ml.model")
project = load_project("flight_delays")
session().range(1).count()
features = "`bench`.`features`.`flight_delays`"
began = time.perf_counter()
batch_inference(settings, project)
print(time.perf_counter() - began, session().table("`bench`.`inference`.`flight_delays_predictions`").count())
"""


@dataclass(kw_only=True, slots=True)
class Memory:
    """The peak memory of processes and all that they start, while it is open."""

    pids: list[int]
    peak_mb: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            self.peak_mb = max(self.peak_mb, sum(_tree_mb(pid) for pid in self.pids))


def main() -> None:
    """The floor and ours, on a part of the rows and on all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    options = parser.parse_args()
    os.environ["BRICKYARD_SPARK_PROFILE"] = "bulk"
    print(f"load before: {os.getloadavg()[0]:.1f}\n| rows | what | rows/s | peak MB |\n|---|---|---|---|")
    for rows in (options.rows // 3, options.rows):
        with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
            ratio = compare(Path(folder), rows)
        print(f"ours / floor at {rows} rows: {ratio:.0%}", flush=True)


def compare(folder: Path, rows: int) -> float:
    """Both on the same rows; ours as a share of the floor."""
    save(folder / "model")
    workspace = start_local_workspace(folder / "home")
    try:
        source = lay(workspace, rows, folder / "model")
        floor_s, floor_mb = floor(folder, source)
        ours_s, ours_mb = ours(workspace, folder, rows)
    finally:
        process.stop(workspace.home)
    for name, seconds, mb in (("bare predict, a process per core", floor_s, floor_mb), ("step", ours_s, ours_mb)):
        print(f"| {rows} | {name} | {rows / seconds:.0f} | {mb:.0f} |", flush=True)
    return floor_s / ours_s


def lay(workspace: LocalWorkspace, rows: int, model: Path) -> str:
    """The feature table with its rows, and the model as champion. Answers the table's folder."""
    from databricks.sdk.service.catalog import DataSourceFormat, TableType
    from deltalake import write_deltalake

    client = workspace.client()
    client.catalogs.create(_CATALOG)
    for schema in ("ml", "features", "inference"):
        client.schemas.create(schema, _CATALOG)
    client.registered_models.create(catalog_name=_CATALOG, schema_name="ml", name="model")
    place(client, model, "1")
    client.registered_models.set_alias("bench.ml.model", "champion", 1)
    staged = client.api_client.do(
        "POST",
        "/api/2.1/unity-catalog/staging-tables",
        body={"catalog_name": _CATALOG, "schema_name": "features", "name": "flight_delays"},
    )
    folder = str(staged["staging_location"]).removeprefix("file://")
    for number in range(0, rows, _ROWS_PER_FILE):
        write_deltalake(folder, part(number, min(_ROWS_PER_FILE, rows - number)), mode="append")
    client.tables.create(
        "flight_delays",
        _CATALOG,
        "features",
        TableType.MANAGED,
        DataSourceFormat.DELTA,
        str(staged["staging_location"]),
    )
    return folder


def part(first: int, rows: int) -> Any:
    """Rows with their key and moment, as Arrow."""
    import numpy as np
    import pyarrow as pa

    features = frame(rows, seed=first)
    moments = np.datetime64("2013-11-01", "us") + np.arange(first, first + rows).astype("timedelta64[s]")
    keys = pa.array([f"flight-{number:012d}" for number in range(first, first + rows)])
    columns = {name: pa.array(features[name], from_pandas=True) for name in features.columns}
    return pa.table({"flight_id": keys, "prediction_at": pa.array(moments, pa.timestamp("us", "UTC")), **columns})


def floor(folder: Path, source: str) -> tuple[float, float]:
    """Seconds and peak memory of bare processes over the files of the table."""
    from deltalake import DeltaTable

    files, cores = DeltaTable(source).file_uris(), os.cpu_count() or 1
    os.environ |= ENTRY
    with multiprocessing.get_context("spawn").Pool(
        cores, _load, (str(folder / "model"), str(folder / "floor"))
    ) as pool:
        pool.map(_ready, range(cores), chunksize=1)
        with Memory(pids=[os.getpid()]) as memory:
            began = time.perf_counter()
            pool.map(_score, files, chunksize=1)
            return time.perf_counter() - began, memory.peak_mb


def ours(workspace: LocalWorkspace, folder: Path, rows: int) -> tuple[float, float]:
    """Seconds of the step and peak memory of the step, Spark and its workers."""
    folders = [str(ROOT / name) for name in ("pipelines", "local", "projects/flight_delays")]
    code = _STEP.format(folders=folders, copies=str(folder))
    info = process.running(workspace.home)
    assert info is not None  # noqa: S101 - it was just started
    child = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | workspace.environment(), stdout=subprocess.PIPE, text=True
    )
    with Memory(pids=[info.pid, child.pid]) as memory:
        said, _ = child.communicate()
    seconds, written = said.splitlines()[-1].split()
    if int(written) != rows:
        raise SystemExit(f"{written} rows were written, not {rows}")
    return float(seconds), memory.peak_mb


_state: dict[str, Any] = {}


def _load(model: str, target: str) -> None:
    from mlflow import sklearn

    _state.update(model=sklearn.load_model(model), target=target)


def _ready(_number: int) -> None:
    _state["model"].predict(frame(100))


def _score(file: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from deltalake import write_deltalake

    rows = pq.read_table(file.removeprefix("file://"))
    predictions = _state["model"].predict(rows.drop_columns(["flight_id", "prediction_at"]).to_pandas())
    write_deltalake(_state["target"], rows.append_column("prediction", pa.array(predictions)), mode="append")


def _tree_mb(pid: int) -> float:
    try:
        parent = psutil.Process(pid)
        return sum(each.memory_full_info().pss for each in (parent, *parent.children(recursive=True))) / 2**20
    except (psutil.Error, OSError):
        return 0.0


if __name__ == "__main__":
    main()
