"""Requests reach their Delta table once, and whole, whoever is killed in between."""

import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from brickyard_local.serving import payload_child
from brickyard_local.serving.payload_table import COLUMNS, FIRST_COMMIT, first_commit
from brickyard_local.serving.spool import Spool, rows, segments

ROW: dict[str, Any] = {
    "databricks_request_id": "r",
    "request_date": 20_000,
    "client_request_id": None,
    "request_time": 1_728_000_000_123_000,
    "status_code": 200,
    "sampling_fraction": 1.0,
    "execution_duration_ms": 5,
    "request": "{}",
    "response": None,
    "logging_error_codes": ["MAX_RESPONSE_SIZE_EXCEEDED"],
    "served_entity_id": "e",
    "requester": "me",
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    folder = tmp_path / "tables" / "t"
    (folder / "_delta_log").mkdir(parents=True)
    (folder / "_delta_log" / FIRST_COMMIT).write_text(first_commit("t", 0))
    return folder


def spool(tmp_path: Path, start: int = 1) -> Spool:
    return Spool(tmp_path / "spool" / "t", count(start).__next__)


def read(table: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DeltaTable(str(table)).to_pyarrow_table().to_pylist()
    return found


def test_a_recorded_request_becomes_a_row(tmp_path: Path, table: Path) -> None:
    recorded = spool(tmp_path)
    recorded.add(ROW)
    assert recorded.cut()
    assert payload_child.write_all(tmp_path / "spool", tmp_path / "tables") == (1, 0)
    [row] = read(table)
    assert tuple(row) == COLUMNS
    assert row["request_date"].isoformat() == "2024-10-04"
    assert row["request_time"].isoformat() == "2024-10-04T00:00:00.123000+00:00"
    assert {name: row[name] for name in ROW if not name.startswith("request_")} == {
        name: value for name, value in ROW.items() if not name.startswith("request_")
    }
    assert not recorded.cut(), "nothing is left to write"


def test_text_that_no_table_can_hold_does_not_hold_up_the_others(tmp_path: Path, table: Path) -> None:
    recorded = spool(tmp_path)
    recorded.add({**ROW, "client_request_id": "half \ud800"})
    recorded.cut()
    assert payload_child.write_all(tmp_path / "spool", tmp_path / "tables") == (1, 0)
    assert [row["client_request_id"] for row in read(table)] == ["half ?"]


def test_a_segment_that_was_written_before_a_kill_is_not_written_again(tmp_path: Path, table: Path) -> None:
    recorded = spool(tmp_path)
    recorded.add(ROW)
    recorded.cut()
    [segment] = segments(tmp_path / "spool" / "t")
    payload_child.append(segment, table)  # killed here, before the segment is removed
    payload_child.write_all(tmp_path / "spool", tmp_path / "tables")
    assert len(read(table)) == 1
    assert not segments(tmp_path / "spool" / "t")


def test_half_a_line_of_a_killed_server_is_left_out_and_spoils_no_later_one(tmp_path: Path, table: Path) -> None:
    first = spool(tmp_path)
    first.add(ROW)
    with (tmp_path / "spool" / "t" / "current.jsonl").open("ab") as torn:
        torn.write(b'{"databricks_request_id": "torn')
    second = spool(tmp_path, start=2)  # the next server
    second.add({**ROW, "databricks_request_id": "later"})
    second.cut()
    payload_child.write_all(tmp_path / "spool", tmp_path / "tables")
    assert sorted(row["databricks_request_id"] for row in read(table)) == ["later", "r"]


def test_requests_of_a_dropped_table_go_with_it(tmp_path: Path) -> None:
    recorded = spool(tmp_path)
    recorded.add(ROW)
    recorded.cut()
    assert payload_child.write_all(tmp_path / "spool", tmp_path / "tables") == (0, 0)
    assert not segments(tmp_path / "spool" / "t")
    recorded.add(ROW)
    assert recorded.cut()
    assert rows(segments(tmp_path / "spool" / "t")[0]) == [ROW]


def test_one_unwritable_table_keeps_no_other_waiting(tmp_path: Path, table: Path) -> None:
    broken = tmp_path / "tables" / "a" / "_delta_log"
    broken.mkdir(parents=True)
    (broken / FIRST_COMMIT).write_text("no commit\n")
    for name in ("a", "t"):
        recorded = Spool(tmp_path / "spool" / name, count(1).__next__)
        recorded.add(ROW)
        recorded.cut()
    assert payload_child.write_all(tmp_path / "spool", tmp_path / "tables") == (1, 1)
    assert len(read(table)) == 1
    assert segments(tmp_path / "spool" / "a"), "what could not be written waits"


def test_a_full_disk_spoils_no_later_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded, write, calls = spool(tmp_path), os.write, iter([5, None])

    def full(file: int, data: bytes) -> int:
        room = next(calls)
        if room is None:
            raise OSError("no space left on device")
        return write(file, data[:room])

    recorded.add(ROW)
    with monkeypatch.context() as patched:
        patched.setattr("brickyard_local.serving.spool.os.write", full)
        with pytest.raises(OSError, match="no space"):
            recorded.add({**ROW, "databricks_request_id": "lost"})
    recorded.add({**ROW, "databricks_request_id": "later"})
    recorded.cut()
    [segment] = segments(tmp_path / "spool" / "t")
    assert [row["databricks_request_id"] for row in rows(segment)] == ["r", "later"]
