"""Profile and drift of a wide table: the monitors' engine against evidently, on the same rows.

    python bench/monitor.py [--rows 1000000] [--columns 50] [--evidently PYTHON [--only-evidently] [--stop-after S]]

Two windows of rows, half each, of numbers (half of them rounded) and of items; the second drifts from the first in
every third column. Ours is a refresh: it reads a Delta table through Spark and writes both metric tables to Delta,
and its time is what the refresh itself tells, from start to end. Evidently gets two pandas frames in memory, which is
less work, and computes its data drift and data summary presets with the tests that ours computes (KS, Jensen-Shannon,
PSI, Wasserstein), but for the TV distance: evidently adds a permutation test of a thousand rounds to it, which ours
does not make.
Prints Markdown rows for bench/RESULTS.md.
"""

import argparse
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_ROWS_PER_FILE = 250_000  # as bench/batch_inference.py writes
EVIDENTLY = """
import json, sys, time
import pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset, DataSummaryPreset

frame = pd.read_parquet(sys.argv[1])
half = frame["at"] < frame["at"].max().normalize()
numbers = [name for name in frame if name.startswith("number")]
items = [name for name in frame if name.startswith("item")]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=items)
parts = [part[numbers + items] for part in (frame[half], frame[~half])]
before, now = (Dataset.from_pandas(part, data_definition=definition) for part in parts)
for name, preset in (
    ("profile", DataSummaryPreset()),
    ("KS, chi-squared", DataDriftPreset(num_method="ks", cat_method="chisquare")),
    ("Wasserstein, JS", DataDriftPreset(num_method="wasserstein", cat_method="jensenshannon")),
    ("PSI", DataDriftPreset(num_method="psi", cat_method="psi")),
):
    begin, used = time.perf_counter(), time.process_time()
    try:
        Report([preset]).run(now, before).dict()
    except Exception as error:
        name += " refused: " + str(error)[:60]
    print(json.dumps([name, time.perf_counter() - begin, time.process_time() - used]), flush=True)
"""


def table(rows: int, columns: int) -> pd.DataFrame:
    """Rows of two days, half of the columns numbers."""
    generator = np.random.default_rng(5)
    late = np.arange(rows) >= rows // 2
    noon = np.datetime64("today") + np.timedelta64(12, "h") - np.timedelta64(2, "D")
    made: dict[str, Any] = {"at": np.where(late, noon + np.timedelta64(1, "D"), noon)}
    for n in range(columns // 2):
        values = generator.normal(10, 3, rows) + (late * 0.5 if n % 3 == 0 else 0)
        made[f"number{n}"] = np.round(values, 1) if n % 2 else values
    for n in range(columns - columns // 2):
        weights = generator.dirichlet(np.ones(12))
        items = generator.choice(12, rows, p=weights)
        made[f"item{n}"] = pd.Series(np.where(late & (n % 3 == 0), (items + 1) % 12, items)).map("item {}".format)
    return pd.DataFrame(made)


def ours(frame: pd.DataFrame) -> dict[str, float]:
    """Seconds of each refresh on the local workspace's Spark: the first, which starts it, then warm ones."""
    from brickyard_local import process
    from brickyard_local.pytest_plugin import start_local_workspace

    with tempfile.TemporaryDirectory(prefix="brickyard bench ") as folder:
        workspace = start_local_workspace(Path(folder) / "home")
        try:
            return _refreshes(workspace, frame)
        finally:
            process.stop(workspace.home)


def _refreshes(workspace: Any, frame: pd.DataFrame) -> dict[str, float]:
    from urllib.parse import unquote, urlparse

    import pyarrow as pa
    from databricks.sdk.service.catalog import MonitorTimeSeries
    from deltalake import write_deltalake

    client = workspace.client()
    client.catalogs.create("bench")
    client.schemas.create("s", "bench")
    body = {"catalog_name": "bench", "schema_name": "s", "name": "t"}
    staged: Any = client.api_client.do("POST", "/api/2.1/unity-catalog/staging-tables", body=body)
    location = str(staged["staging_location"])
    timed = frame.assign(at=pd.to_datetime(frame["at"], utc=True))
    rows = pa.Table.from_pandas(timed, preserve_index=False)
    for first in range(0, rows.num_rows, _ROWS_PER_FILE):
        write_deltalake(unquote(urlparse(location).path), rows.slice(first, _ROWS_PER_FILE), mode="append")
    body |= {"table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": location}
    client.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=body)
    series = MonitorTimeSeries(timestamp_col="at", granularities=["1 day"])
    client.quality_monitors.create(
        "bench.s.t", output_schema_name="bench.s", assets_dir="/Shared/bench", time_series=series
    )
    took = {"first refresh, Spark cold": _ended(client)}
    for name in ("all windows again", "all windows again (2)", "nothing changed"):
        if name != "nothing changed":  # a table without a change feed: one row more, and every window is computed
            write_deltalake(unquote(urlparse(location).path), rows.slice(0, 1), mode="append")
        client.quality_monitors.run_refresh("bench.s.t")
        took[name] = _ended(client)
    return took


def _ended(client: Any) -> float:
    while True:
        newest = (client.quality_monitors.list_refreshes("bench.s.t").refreshes or [])[0]
        state = newest.state.value if newest.state else ""
        if state in ("SUCCESS", "FAILED", "CANCELED"):
            if state != "SUCCESS":
                raise SystemExit(f"the refresh is {state}: {newest.message}")
            return ((newest.end_time_ms or 0) - (newest.start_time_ms or 0)) / 1000
        time.sleep(0.2)


def evidently(python: str, frame: pd.DataFrame, stop_after_s: float) -> Iterator[tuple[str, float, float]]:
    """Each of evidently's reports with its seconds, of processor too, and that it was stopped, if it was."""
    with tempfile.TemporaryDirectory(prefix="brickyard bench ") as folder:
        file = Path(folder) / "rows.parquet"
        frame.to_parquet(file)
        began = time.monotonic()
        child = subprocess.Popen([python, "-c", EVIDENTLY, str(file)], stdout=subprocess.PIPE, text=True)
        stop = threading.Timer(stop_after_s, child.kill)
        stop.start()
        assert child.stdout is not None  # noqa: S101 - it was asked for
        for line in child.stdout:
            name, seconds, processor_s = json.loads(line)
            yield name, seconds, processor_s
        stop.cancel()
        if child.wait():
            spent = time.monotonic() - began
            yield f"stopped after {spent:.0f} s, and what came then not counted", spent, float("nan")


def main() -> None:
    """Measure both, or ours alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--evidently", metavar="PYTHON", help="a Python that has evidently")
    parser.add_argument("--only-evidently", action="store_true", help="not ours")
    parser.add_argument("--stop-after", type=float, default=3600, metavar="S", help="when evidently is stopped")
    options = parser.parse_args()
    frame = table(options.rows, options.columns)
    size = f"{options.rows:,} rows, {options.columns} columns"
    for name, seconds in ({} if options.only_evidently else ours(frame)).items():
        print(f"| monitors' engine, {name}, {size} | {seconds:.1f} s |")
    if options.evidently:
        for name, seconds, processor_s in evidently(options.evidently, frame, options.stop_after):
            print(f"| evidently, {name}, {size} | {seconds:.1f} s | {processor_s:.1f} s of processor |", flush=True)


if __name__ == "__main__":
    main()
