"""Does it stay quick when it is full? 10,000 tables, 1,000 jobs and 100,000 runs in one home: `python bench/scale.py`.

The objects are written straight into the store, in the documents' own form, since only reading is measured. Every call
is made as the administrator and as a service principal that may see a third of the tables and twenty of the jobs;
figures are milliseconds of a single client. Target: 100 ms at the 99th percentile. Shortened with --tables and --runs.
"""

import argparse
import http.client
import json
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient

from brickyard_local import process
from brickyard_local.account import Home, Workspace, WorkspaceSpec
from brickyard_local.jobs.records import Records
from brickyard_local.store import Store

_UC = "/api/2.1/unity-catalog"
_JOBS = "/api/2.2/jobs"
_FIRST_JOB, _FIRST_RUN = 200_001, 300_001
_ADMIN = "admin@brickyard.local"
_STAMP = {"created_at": 1, "created_by": _ADMIN, "updated_at": 1, "updated_by": _ADMIN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How full the home is."""

    tables: int
    jobs: int
    runs: int


def main() -> None:
    """Fill, start, ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=200, help="per figure")
    options = parser.parse_args()
    size = Size(tables=options.tables, jobs=options.jobs, runs=options.runs)
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
        home = Home(root=Path(folder) / "home", cache=Path(folder) / "cache")
        info = process.start(home, (WorkspaceSpec(name="local"),))
        admin = _client(info.hosts["local"], home.token_file.read_text().strip())
        _make_frame(admin)
        process.stop(home)
        _fill(home, size)
        begin = time.perf_counter()
        process.start(home, (WorkspaceSpec(name="local"),))
        took_s, megabytes = time.perf_counter() - begin, home.database.stat().st_size / 2**20
        print(
            f"{size.tables} tables, {size.jobs} jobs, {size.runs} runs: {megabytes:.0f} MiB, ready in {took_s:.2f} s\n"
        )
        try:
            _measure(
                info.hosts["local"],
                {"admin": home.token_file.read_text().strip(), "reader": _reader(admin)},
                options.calls,
            )
        finally:
            process.stop(home)


def _client(host: str, token: str) -> WorkspaceClient:
    return WorkspaceClient(host=host, token=token, auth_type="pat")


def _make_frame(admin: WorkspaceClient) -> None:
    admin.catalogs.create("big")
    for name in ("one", "many"):
        admin.schemas.create(name, "big")


def _fill(home: Home, size: Size) -> None:
    store = Store(home.database)
    workspace = Workspace(**store.all("workspaces")[0])
    with store.write():
        for number in range(size.tables):
            table = _table(number)
            store.put("tables", table["full_name"], table)
            store.put("table_ids", table["id"], {"full_name": table["full_name"]})
    with store.write():
        for number in range(size.jobs):
            job = _job(_FIRST_JOB + number)
            store.put("jobs", job["job_id"], job, scope=workspace.workspace_id)
    with store.write():
        store.execute("DROP TABLE IF EXISTS run_index")
        store.execute("INSERT INTO ids (id) VALUES (2000000)")
        for run in _runs(size, workspace.workspace_id):
            store.put("runs", run["run_id"], run, scope=workspace.workspace_id)
    Records(store)  # makes the index again, from the runs
    with closing(sqlite3.connect(home.database)) as connection:  # else the start would recover hundreds of MiB of log
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _table(number: int) -> dict[str, Any]:
    schema = "one" if number % 10 == 0 else "many"
    column = {"type_name": "LONG", "type_text": "bigint", "nullable": True}
    return {
        "id": str(uuid.uuid4()),
        "full_name": f"big.{schema}.table_{number:05d}",
        "owner": _ADMIN,
        "grants": {"account users": ["SELECT"]} if number % 3 == 0 else {},
        "table_type": "MANAGED",
        "data_source_format": "DELTA",
        "columns": [{**column, "name": f"column_{n}", "position": n} for n in range(10)],
        "properties": {},
        "storage_location": "file:///nowhere",
        **_STAMP,
    }


def _settings(name: str) -> dict[str, Any]:
    wheel = {"package_name": "p", "entry_point": "main", "parameters": ["--project", "flight_delays"]}
    tasks = [
        {
            "task_key": f"t{n}",
            "environment_key": "default",
            "depends_on": [{"task_key": f"t{n - 1}"}] if n else [],
            "python_wheel_task": wheel,
        }
        for n in range(6)
    ]
    environment = {"environment_key": "default", "spec": {"environment_version": "4"}}
    return {"name": name, "tasks": tasks, "environments": [environment]}


def _job(job_id: int) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "creator": _ADMIN,
        "run_as": _ADMIN,
        "created_time": 1,
        "queue_by_default": True,
        "settings": _settings(f"job {job_id}"),
    }


def _runs(size: Size, workspace_id: int) -> Iterator[dict[str, Any]]:
    begin = int(time.time() * 1000) - size.runs * 1000
    done = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "code": "SUCCESS"}
    settings = _settings("job")
    for number in range(size.runs):
        now = begin + number * 1000
        tasks = [
            {"run_id": 10_000_000 + number * 6 + n, "task_key": f"t{n}", "attempt_number": 0, **done}
            | {"start_time": now, "end_time": now}
            for n in range(6)
        ]
        yield {
            "run_id": _FIRST_RUN + number,
            "job_id": _FIRST_JOB + number * 7919 % size.jobs,
            "workspace_id": workspace_id,
            "creator": _ADMIN,
            "run_as": _ADMIN,
            "settings": settings,
            "job_parameters": [],
            "start_time": now,
            "end_time": now,
            "tasks": tasks,
            **done,
        }


def _reader(admin: WorkspaceClient) -> str:
    """A token of a service principal with some rights."""
    name = admin.service_principals.create(display_name="reader").application_id
    changes = {"changes": [{"principal": name, "add": ["USE_CATALOG", "USE_SCHEMA"]}]}
    admin.api_client.do("PATCH", f"{_UC}/permissions/catalog/big", body=changes)
    for number in range(20):
        entry = {"service_principal_name": name, "permission_level": "CAN_VIEW"}
        path = f"/api/2.0/permissions/jobs/{_FIRST_JOB + number * 50}"
        admin.api_client.do("PATCH", path, body={"access_control_list": [entry]})
    return str(admin.token_management.create_obo_token(str(name), lifetime_seconds=3600).token_value)


def _calls() -> Mapping[str, str]:
    tables = f"{_UC}/tables?catalog_name=big&schema_name=many"
    table, run = "big.many.table_00501", f"{_JOBS}/runs"
    hour = int(time.time() * 1000) - 50_000_000
    return {
        "tables, a page of 50": f"{tables}&max_results=50",
        "tables, the page that the server chooses": f"{tables}&max_results=0",
        "tables searched by pattern": f"{_UC}/table-summaries?catalog_name=big&table_name_pattern=table_0999%25",
        "a table": f"{_UC}/tables/{table}",
        "effective privileges of a table": f"{_UC}/effective-permissions/table/{table}",
        "schemas of the catalog": f"{_UC}/schemas?catalog_name=big&max_results=0",
        "jobs, first page": f"{_JOBS}/list",
        "jobs, 100 with their tasks": f"{_JOBS}/list?limit=100&expand_tasks=true",
        "a job by name": f"{_JOBS}/list?name=job%20{_FIRST_JOB + 50}",
        "a job": f"{_JOBS}/get?job_id={_FIRST_JOB + 50}",
        "runs, newest 25": f"{run}/list?limit=25",
        "runs of a job, 25": f"{run}/list?limit=25&job_id={_FIRST_JOB + 50}",
        "runs that are active": f"{run}/list?active_only=true",
        "runs, a page far back": f"{run}/list?limit=25&page_token={_FIRST_RUN + 700}",
        "runs of a past hour": f"{run}/list?start_time_from={hour}&start_time_to={hour + 3_600_000}",
        "a run": f"{run}/get?run_id={_FIRST_RUN}",
    }


def _measure(host: str, tokens: Mapping[str, str], calls: int) -> None:
    print("| call | " + " | ".join(f"{who}: p50, p99 ms" for who in tokens) + " |\n|---|" + "---|" * len(tokens))
    for name, path in _calls().items():
        shown = [_figure(host, token, path, calls) for token in tokens.values()]
        print(f"| {name} | {' | '.join(shown)} |", flush=True)


def _figure(host: str, token: str, path: str, calls: int) -> str:
    connection = http.client.HTTPConnection(host.removeprefix("http://"), timeout=60)
    took = []
    for _ in range(calls):
        begin = time.perf_counter()
        connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        content = answer.read()
        took.append((time.perf_counter() - begin) * 1000)
        if answer.status != 200:
            code = json.loads(content).get("error_code")
            return f"{answer.status} {code}"
    took.sort()
    return f"{statistics.median(took):.1f}, {took[int(len(took) * 0.99) - 1]:.1f}"


if __name__ == "__main__":
    main()
