"""Batch inference beside the bare model: `python bench/batch_inference.py --rows 1000000 5000000 10000000`.

Prints Markdown rows for bench/RESULTS.md. Ours is the step `batch_inference` as it is deployed, in its process,
on the local workspace with the bulk profile of Spark. The floor is the scikit-learn model's own `predict` in one
process per core, without mlflow, on the same Delta files, appending its predictions with the features to a Delta table.
Both are warm: the floor's processes have their model, Spark has scored a thousand rows with the version before.
Memory is the peak of all processes of each (proportional set size): flat means that it is alike whatever the rows.
Processor seconds are of all processes of each, too: on a machine that does other things, compare these.
"""

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
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

_CATALOG, _MODEL = "bench", "bench.ml.model"
_FIRST = 1_000
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
began = time.perf_counter()
batch_inference(settings, project)
took = time.perf_counter() - began
scored = session().table("`bench`.`inference`.`flight_delays_predictions`").groupBy("model_version").count().collect()
print(took, {{row["model_version"]: row["count"] for row in scored}}[max(row["model_version"] for row in scored)])
"""


@dataclass(kw_only=True, slots=True)
class Used:
    """Peak memory of processes and all that they start, and their processor time, while it is open."""

    pids: list[int]
    peak_mb: float = 0.0
    processor_s: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.processor_s = -self._processor_s()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.processor_s += self._processor_s()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            memory = (_asked(each, lambda one: float(one.memory_full_info().pss)) for each in self._processes())
            self.peak_mb = max(self.peak_mb, sum(memory) / 2**20)

    def _processor_s(self) -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        alive = (_asked(each, lambda one: float(sum(one.cpu_times()[:2]))) for each in self._processes())
        return sum(alive) + ended.ru_utime + ended.ru_stime

    def _processes(self) -> set[psutil.Process]:
        return {each for pid in self.pids for each in _tree(pid)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """Of one of the two."""

    seconds: float
    used: Used


def main() -> None:
    """The floor and ours, on each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000, 10_000_000])
    options = parser.parse_args()
    os.environ["BRICKYARD_SPARK_PROFILE"] = "bulk"
    print(f"load before: {os.getloadavg()[0]:.1f}")
    print("| rows | what | rows/s | processor s | peak MB |\n|---|---|---|---|---|")
    for rows in options.rows:
        with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
            compare(Path(folder), rows)


def compare(folder: Path, rows: int) -> None:
    """Both on the same rows; ours as a share of the floor."""
    save(folder / "model")
    workspace = start_local_workspace(folder / "home")
    try:
        source = lay(workspace, folder / "model")
        step(workspace, folder, _FIRST)
        grow(workspace, folder / "model", source, rows)
        bare = floor(folder, source)
        ours = step(workspace, folder, rows + _FIRST)
    finally:
        process.stop(workspace.home)
    for name, figure in (("bare predict, a process per core", bare), ("step", ours)):
        per_s, used = rows / figure.seconds, figure.used
        print(f"| {rows} | {name} | {per_s:.0f} | {used.processor_s:.0f} | {used.peak_mb:.0f} |", flush=True)
    by_time, by_processor = bare.seconds / ours.seconds, bare.used.processor_s / ours.used.processor_s
    print(f"step / bare at {rows} rows: {by_time:.0%}; by processor time {by_processor:.0%}", flush=True)


def lay(workspace: LocalWorkspace, model: Path) -> str:
    """The feature table as the step `features` makes it, with its first rows, and a champion. Answers its folder."""
    from databricks.sdk.service.catalog import DataSourceFormat, TableType
    from deltalake import write_deltalake

    client = workspace.client()
    client.catalogs.create(_CATALOG)
    for schema in ("ml", "features", "inference"):
        client.schemas.create(schema, _CATALOG)
    client.registered_models.create(catalog_name=_CATALOG, schema_name="ml", name="model")
    place(client, model, "1")
    client.registered_models.set_alias(_MODEL, "champion", 1)
    staged = client.api_client.do(
        "POST",
        "/api/2.1/unity-catalog/staging-tables",
        body={"catalog_name": _CATALOG, "schema_name": "features", "name": "flight_delays"},
    )
    folder = str(staged["staging_location"]).removeprefix("file://")
    write_deltalake(folder, part(0, _FIRST), configuration={"delta.enableChangeDataFeed": "true"})
    client.tables.create(
        "flight_delays",
        _CATALOG,
        "features",
        TableType.MANAGED,
        DataSourceFormat.DELTA,
        str(staged["staging_location"]),
    )
    return folder


def grow(workspace: LocalWorkspace, model: Path, folder: str, rows: int) -> None:
    """Many more rows, and a new champion, whose all of them are."""
    from deltalake import write_deltalake

    for number in range(_FIRST, _FIRST + rows, _ROWS_PER_FILE):
        write_deltalake(folder, part(number, min(_ROWS_PER_FILE, _FIRST + rows - number)), mode="append")
    client = workspace.client()
    place(client, model, "2")
    client.registered_models.set_alias(_MODEL, "champion", 2)


def part(first: int, rows: int) -> Any:
    """Rows with their key and moment, as Arrow."""
    import numpy as np
    import pyarrow as pa

    features = frame(rows, seed=first)
    moments = np.datetime64("2013-11-01", "us") + np.arange(first, first + rows).astype("timedelta64[s]")
    keys = pa.array([f"flight-{number:012d}" for number in range(first, first + rows)])
    columns = {name: pa.array(features[name], from_pandas=True) for name in features.columns}
    return pa.table({"flight_id": keys, "prediction_at": pa.array(moments, pa.timestamp("us", "UTC")), **columns})


def floor(folder: Path, source: str) -> Figure:
    """Bare processes over the files of the table."""
    from deltalake import DeltaTable

    files, cores = DeltaTable(source).file_uris(), os.cpu_count() or 1
    os.environ |= ENTRY
    with multiprocessing.get_context("spawn").Pool(
        cores, _load, (str(folder / "model"), str(folder / "floor"))
    ) as pool:
        pool.map(_ready, range(cores), chunksize=1)
        with Used(pids=[os.getpid()]) as used:
            began = time.perf_counter()
            pool.map(_score, files, chunksize=1)
            seconds = time.perf_counter() - began
    return Figure(seconds=seconds, used=used)


def step(workspace: LocalWorkspace, folder: Path, rows: int) -> Figure:
    """The step with Spark and its workers; `rows` are those that the newest version has scored then."""
    folders = [str(ROOT / name) for name in ("pipelines", "local", "projects/flight_delays")]
    code = _STEP.format(folders=folders, copies=str(folder))
    info = process.running(workspace.home)
    assert info is not None  # noqa: S101 - it was just started
    with Used(pids=[info.pid, os.getpid()]) as used:
        child = subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | workspace.environment(), stdout=subprocess.PIPE, text=True
        )
        said, _ = child.communicate()
    seconds, written = said.splitlines()[-1].split()
    if int(written) != rows:
        raise SystemExit(f"{written} rows were scored by the newest version, not {rows}")
    return Figure(seconds=float(seconds), used=used)


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


def _tree(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def _asked(one: psutil.Process, what: Callable[[psutil.Process], float]) -> float:
    """Of a process that may end at any moment."""
    try:
        return what(one)
    except (psutil.Error, OSError):
        return 0.0


if __name__ == "__main__":
    main()
