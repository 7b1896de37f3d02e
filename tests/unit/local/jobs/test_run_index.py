"""Runs are found by job, state, type and time; an older account is indexed when it is opened."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.jobs import run_index
from brickyard_local.jobs.records import Records
from brickyard_local.jobs.run_index import Wanted, is_active
from brickyard_local.store import Document, Store

STATES = ["RUNNING", "QUEUED", "TERMINATED", "SKIPPED", "INTERNAL_ERROR"]


def run_of(run_id: int, job_id: int, start_time: int, state: str, run_type: str = "JOB_RUN") -> Document:
    return {
        "run_id": run_id,
        "job_id": job_id,
        "workspace_id": 7,
        "start_time": start_time,
        "life_cycle_state": state,
        "run_type": run_type,
        "tasks": [],
    }


runs = st.lists(
    st.builds(
        run_of,
        st.integers(1, 10**7),
        st.integers(1, 3),
        st.integers(0, 9),
        st.sampled_from(STATES),
        st.sampled_from(["JOB_RUN", "SUBMIT_RUN"]),
    ),
    max_size=20,
    unique_by=lambda run: run["run_id"],
)
wanted = st.builds(
    Wanted,
    job_id=st.none() | st.integers(1, 3),
    jobs=st.none() | st.frozensets(st.integers(1, 4)),
    active=st.none() | st.booleans(),
    run_type=st.none() | st.sampled_from(["JOB_RUN", "SUBMIT_RUN"]),
    start_from=st.none() | st.integers(0, 9),
    start_to=st.none() | st.integers(0, 9),
    before=st.none() | st.integers(1, 10**7),
)


def fits(run: Document, asked: Wanted) -> bool:
    return (
        (asked.job_id is None or run["job_id"] == asked.job_id)
        and (asked.jobs is None or run["job_id"] in asked.jobs)
        and (asked.active is None or is_active(run) == asked.active)
        and (asked.run_type is None or run["run_type"] == asked.run_type)
        and (asked.start_from is None or run["start_time"] >= asked.start_from)
        and (asked.start_to is None or run["start_time"] <= asked.start_to)
        and (asked.before is None or run["run_id"] < asked.before)
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return Records(Store(tmp_path_factory.mktemp("index") / "account.db"))


@settings(deadline=None, max_examples=60)
@given(runs, wanted)
def test_the_index_finds_what_a_walk_over_all_runs_finds(
    shared: Records, stored: list[Document], asked: Wanted
) -> None:
    workspace_id = shared.store.next_id()
    with shared.store.write():
        for run in stored:
            shared.add_run(run | {"workspace_id": workspace_id}, None)
    found = [run_id for run_id, _ in shared.newest_ids(workspace_id, asked)]
    assert found == sorted((run["run_id"] for run in stored if fits(run, asked)), reverse=True)


@pytest.mark.parametrize("few", [5, 6])
def test_a_short_time_and_a_long_one_are_found_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(run_index, "_FEW", few)
    monkeypatch.setattr(run_index, "_BATCH", 2)
    records = Records(Store(tmp_path / "account.db"))
    for run_id in range(1, 9):
        records.add_run(run_of(run_id, 1, 10 - run_id, "TERMINATED"), None)
    found = [run_id for run_id, _ in records.newest_ids(7, Wanted(start_from=3, start_to=7))]
    assert found == [7, 6, 5, 4, 3]


def test_a_change_and_a_deletion_reach_the_index(tmp_path: Path) -> None:
    records = Records(Store(tmp_path / "account.db"))
    run = records.add_run(run_of(1, 2, 3, "RUNNING"), None)
    records.change_run(run, life_cycle_state="TERMINATED")
    assert list(records.newest_ids(7, Wanted(active=True))) == []
    assert list(records.newest_ids(7, Wanted(active=False))) == [(1, 2)]
    records.delete_run(run)
    assert list(records.newest_ids(7, Wanted())) == []


def test_an_account_from_before_the_index_is_indexed_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "account.db")
    older = run_of(1_000_000, 2, 3, "QUEUED")
    older.pop("run_type")
    for run in (run_of(999_999, 2, 3, "TERMINATED"), older):
        store.put("runs", run["run_id"], run, scope=7)
    for _ in range(2):
        records = Records(Store(tmp_path / "account.db"))
        assert list(records.newest_ids(7, Wanted(job_id=2, run_type="JOB_RUN"))) == [(1_000_000, 2), (999_999, 2)]
        assert list(records.newest_ids(7, Wanted(active=True))) == [(1_000_000, 2)]
