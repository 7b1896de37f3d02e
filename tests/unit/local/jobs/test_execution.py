"""A fault of the local workspace ends the run; it never stays RUNNING."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brickyard_local.jobs.records import JOBS, Records, is_active
from brickyard_local.jobs.runner import Runner
from brickyard_local.store import Document, Store

WORKSPACE_ID = 7


def run_of(records: Records) -> Document:
    run_id = records.store.next_id()
    run = {
        "run_id": run_id,
        "job_id": 1,
        "workspace_id": WORKSPACE_ID,
        "run_as": "somebody",
        "settings": {"tasks": [{"task_key": "first"}]},
        "job_parameters": [],
        "start_time": 0,
        "life_cycle_state": "PENDING",
        "tasks": [],
    }
    return records.add_run(run, None)


def ended(records: Records, run: Document) -> Document:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        stored = records.run(WORKSPACE_ID, run["run_id"])
        if stored is not None and not is_active(stored):
            return stored
        time.sleep(0.01)
    raise AssertionError("the run is still active")


def caller(*_: Any) -> Any:
    return SimpleNamespace(workspace=SimpleNamespace(workspace_id=WORKSPACE_ID, host="http://127.0.0.1"))


def broken(*_: Any) -> Any:
    raise RuntimeError("no space left")


def test_a_fault_in_the_thread_of_a_run_ends_it_with_the_reason(tmp_path: Path) -> None:
    records = Records(Store(tmp_path / "account.db"))
    runner = Runner(records, broken, caller)
    stored = ended(records, runner.submit(run_of(records), queue=True))
    assert stored["life_cycle_state"] == "INTERNAL_ERROR"
    assert "no space left" in stored["state_message"]
    assert [task["life_cycle_state"] for task in stored["tasks"]] == ["INTERNAL_ERROR"]
    runner.close()


def test_a_run_whose_caller_cannot_be_found_ends_too(tmp_path: Path) -> None:
    records = Records(Store(tmp_path / "account.db"))
    run = run_of(records)
    with pytest.raises(RuntimeError, match="no space left"):
        Runner(records, broken, broken).submit(run, queue=True)
    assert ended(records, run)["life_cycle_state"] == "INTERNAL_ERROR"


def test_a_run_lost_with_the_process_ends_before_queued_ones_start(tmp_path: Path) -> None:
    records = Records(Store(tmp_path / "account.db"))
    lost, queued = run_of(records), run_of(records)
    records.store.put(JOBS, queued["job_id"], {"job_id": queued["job_id"]}, scope=WORKSPACE_ID)
    records.change_run(queued, life_cycle_state="QUEUED")
    runner = Runner(records, broken, caller)
    runner.recover([WORKSPACE_ID])
    assert ended(records, lost)["life_cycle_state"] == "INTERNAL_ERROR"
    assert (records.run(WORKSPACE_ID, queued["run_id"]) or {})["life_cycle_state"] == "QUEUED"
    runner.start([WORKSPACE_ID])
    ended(records, queued)
    runner.close()


def test_what_a_deleted_job_left_in_the_queue_never_starts(tmp_path: Path) -> None:
    records = Records(Store(tmp_path / "account.db"))
    queued = records.change_run(run_of(records), life_cycle_state="QUEUED")
    Runner(records, broken, caller).recover([WORKSPACE_ID])
    assert ended(records, queued)["result_state"] == "CANCELED"


def test_a_run_that_began_after_it_was_seen_to_wait_is_not_cancelled_with_what_waits(tmp_path: Path) -> None:
    records = Records(Store(tmp_path / "account.db"))
    seen = dict(records.change_run(run_of(records), life_cycle_state="QUEUED"))
    records.change_run(seen, life_cycle_state="RUNNING")

    Runner(records, broken, caller).cancel_queued(seen)

    assert (records.run(WORKSPACE_ID, seen["run_id"]) or {})["life_cycle_state"] == "RUNNING"
