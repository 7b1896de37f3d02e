"""Profile and drift of a wide table: the monitors' engine against evidently, on the same rows.

    python bench/monitor.py [--rows 1000000] [--columns 50] [--evidently /path/to/venv/bin/python]

Two windows of rows, half each, of numbers (half of them rounded) and of items; the second drifts from the first in
every third column. Ours reads a Delta table through Spark, as a refresh does, and its time is from the request to the
rows of both metric tables in memory. Evidently gets two pandas frames in memory, which is less work, and computes its
data drift and data summary presets with the tests that ours computes (KS, Jensen-Shannon, PSI, Wasserstein).
Prints Markdown rows for bench/RESULTS.md.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

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
took = {}
for name, preset in (
    ("profile", DataSummaryPreset()),
    ("KS, chi-squared", DataDriftPreset(num_method="ks", cat_method="chisquare")),
    ("Wasserstein, JS", DataDriftPreset(num_method="wasserstein", cat_method="jensenshannon")),
    ("PSI, TV", DataDriftPreset(num_method="psi", cat_method="TVD")),
):
    begin = time.perf_counter()
    try:
        Report([preset]).run(now, before).dict()
    except Exception as error:
        took[name + " refused: " + str(error)[:60]] = 0.0
        continue
    took[name] = time.perf_counter() - begin
print(json.dumps(took))
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
    """Seconds of a refresh on the local workspace's Spark, warm, from request to rows; then with what is written."""
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
    write_deltalake(unquote(urlparse(location).path), rows)
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


def evidently(python: str, frame: pd.DataFrame) -> dict[str, float]:
    """Seconds of each of evidently's reports."""
    with tempfile.TemporaryDirectory(prefix="brickyard bench ") as folder:
        file = Path(folder) / "rows.parquet"
        frame.to_parquet(file)
        done = subprocess.run([python, "-c", EVIDENTLY, str(file)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure both, or ours alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--evidently", metavar="PYTHON", help="a Python that has evidently")
    options = parser.parse_args()
    frame = table(options.rows, options.columns)
    size = f"{options.rows:,} rows, {options.columns} columns"
    for name, seconds in ours(frame).items():
        print(f"| monitors' engine, {name}, {size} | {seconds:.1f} s |")
    if options.evidently:
        took = evidently(options.evidently, frame)
        for name, seconds in took.items():
            print(f"| evidently, {name}, {size} | {seconds:.1f} s |")
        print(f"| evidently, together | {sum(took.values()):.1f} s |")


if __name__ == "__main__":
    main()
