"""Rows of an online store: `python bench/online_store.py --rows 1000000`.

Prints Markdown rows for bench/RESULTS.md. A synced table of the local workspace is filled and refreshed, and asked by
key as a served model asks it, beside a bare pg8000 connection that runs the same statement and makes nothing of its
rows: what is above it are pandas and ours. Postgres, its front with TLS and the clients share this machine's cores.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

sys.path[:0] = [str(Path(__file__).parents[1] / "pipelines")]

from brickyard_local import process  # noqa: E402
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace  # noqa: E402
from brickyard_pipelines.ml.features.brickyard_request.online import Access, OnlineTable, Store, tls  # noqa: E402
from brickyard_pipelines.ml.features.publishing import Publication, publish  # noqa: E402

_STORE, _CATALOG, _TABLE = "bench", "bench", "bench.features.planes_online"
_COLUMNS = {"tail_number": "string", "built_year": "int", "seats": "int"}
_SELECT = (
    'SELECT "tail_number", "built_year", "seats" FROM "features"."planes_online"'
    ' WHERE "tail_number" = ANY(CAST(:keys AS text[]))'
)


def main() -> None:
    """Filling, refreshing, looking up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
        workspace = start_local_workspace(Path(folder))
        try:
            fill(workspace, options.rows)
            look_up(workspace, options.rows, options.seconds)
        finally:
            process.stop(workspace.home)


def fill(workspace: LocalWorkspace, rows: int) -> None:
    """A synced table of so many rows, and once more when all of them are newer."""
    from databricks.sdk.service.catalog import DataSourceFormat, TableType
    from databricks.sdk.service.database import DatabaseInstance
    from deltalake import write_deltalake

    client = workspace.client()
    client.catalogs.create(_CATALOG)
    for schema in ("silver", "features"):
        client.schemas.create(schema, _CATALOG)
    client.database.create_database_instance_and_wait(DatabaseInstance(name=_STORE, capacity="CU_1"))
    staged = client.api_client.do(
        "POST",
        "/api/2.1/unity-catalog/staging-tables",
        body={"catalog_name": _CATALOG, "schema_name": "silver", "name": "planes"},
    )
    folder = str(staged["staging_location"])
    keys = [f"N{number:09d}" for number in range(rows)]
    planes = pd.DataFrame({"tail_number": keys, "built_year": 1999, "seats": 149})
    local = folder.removeprefix("file://")
    write_deltalake(local, planes, configuration={"delta.enableChangeDataFeed": "true"})
    client.tables.create("planes", _CATALOG, "silver", TableType.MANAGED, DataSourceFormat.DELTA, folder)
    for what, version in (("first copy", 0), ("every row newer", 1)):
        if version:
            write_deltalake(local, planes.assign(seats=150), mode="overwrite")
        wanted = Publication(
            store=_STORE,
            source=f"{_CATALOG}.silver.planes",
            version=version,
            key="tail_number",
            table=_TABLE,
            tells_changes=True,
        )
        began = time.perf_counter()
        publish(client, wanted)
        took = time.perf_counter() - began
        print(f"| {what} of {rows:,} rows | {took:.1f} s | {rows / took:,.0f} rows/s |", flush=True)


def look_up(workspace: LocalWorkspace, rows: int, seconds: float) -> None:
    """Look-ups of one and of a hundred keys, by one client and by several at once."""
    found = workspace.client().api_client.do("GET", "/api/local/databases")
    os.environ.update(workspace.environment() | found["environment"])
    print("| keys | clients | bare: look-ups/s, p50, p99 ms | ours: look-ups/s, p50, p99 ms | of the bare |")
    print("|---|---|---|---|---|")
    for count, clients in ((1, 1), (1, 8), (100, 1), (100, 8)):
        made = [bare(), ours()]
        bare_s, ours_s = (run(asked, rows, count, clients, seconds) for asked in made)
        said = [f"{len(each) / seconds:,.0f}, {median(each):.1f}, {p99(each):.1f}" for each in (bare_s, ours_s)]
        print(f"| {count} | {clients} | {said[0]} | {said[1]} | {len(ours_s) / len(bare_s):.0%} |", flush=True)


def run(ask: Callable[[list[str]], Any], rows: int, count: int, clients: int, seconds: float) -> list[float]:
    """How long each look-up took, in seconds, of clients that ask without a pause."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    def client(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - keys to ask for
        while (began := time.perf_counter()) < until:
            ask([f"N{chance.randrange(rows):09d}" for _ in range(count)])
            took.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client, args=[seed]) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def ours() -> Callable[[list[str]], Any]:
    """As a served model asks."""
    table = OnlineTable(Store(_STORE, [_TABLE]), _TABLE, key="tail_number", columns=_COLUMNS)
    return lambda keys: table.rows(pd.Series(keys))


def bare() -> Callable[[list[str]], Any]:
    """A connection per client, and nothing made of the rows."""
    from pg8000.native import Connection

    mine, access = threading.local(), Access.of(_STORE, [_TABLE])

    def ask(keys: list[str]) -> Any:
        if not hasattr(mine, "connection"):
            mine.connection = Connection(
                access.user,
                host=access.host,
                port=int(os.environ["PGPORT"]),
                database=_CATALOG,
                password=access.token,
                ssl_context=tls("require"),
            )
        return mine.connection.run(_SELECT, keys=keys)

    return ask


def median(took: list[float]) -> float:
    """In milliseconds."""
    return statistics.median(took) * 1000


def p99(took: list[float]) -> float:
    """In milliseconds."""
    return sorted(took)[int(len(took) * 0.99)] * 1000


if __name__ == "__main__":
    main()
