"""Which runs there are, newest first, without reading them: a table beside the documents of runs.

100,000 runs of 1,000 jobs are listed by job, by state or by time from an index; a document holds a run's settings
and all its tasks, so reading them all would take seconds.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_local.store import Document, Store

_ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
_BATCH = 200
_FEW = 5000
_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS run_index (scope INTEGER NOT NULL, run_id INTEGER NOT NULL, "
        "job_id INTEGER NOT NULL, start_time INTEGER NOT NULL, active INTEGER NOT NULL, run_type TEXT NOT NULL, "
        "PRIMARY KEY (scope, run_id)) WITHOUT ROWID"
    ),
    "CREATE INDEX IF NOT EXISTS runs_of_job ON run_index (scope, job_id, run_id)",
    "CREATE INDEX IF NOT EXISTS runs_by_time ON run_index (scope, start_time)",
    "CREATE INDEX IF NOT EXISTS runs_active ON run_index (scope, run_id) WHERE active",
)
_FILL = (
    "INSERT INTO run_index SELECT scope, CAST(key AS INTEGER), json_extract(body, '$.job_id'), "
    "json_extract(body, '$.start_time'), json_extract(body, '$.life_cycle_state') NOT IN (?, ?, ?), "
    "coalesce(json_extract(body, '$.run_type'), 'JOB_RUN') FROM documents WHERE kind = ?"
)


def is_active(state: Mapping[str, Any]) -> bool:
    """Whether a run or a task attempt has not ended."""
    return state["life_cycle_state"] not in _ENDED


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which runs; None leaves a condition out. Times: epoch ms, both ends included."""

    job_id: int | None = None
    jobs: frozenset[int] | None = None
    """Only runs of these jobs."""
    active: bool | None = None
    run_type: str | None = None
    start_from: int | None = None
    start_to: int | None = None
    before: int | None = None
    """Only runs with a smaller id: those after them in a list that is newest first."""

    @property
    def index(self) -> str:
        """Named, because SQLite would walk the whole table in the order asked for."""
        if self.job_id is not None:
            return "INDEXED BY runs_of_job"
        if self.active:
            return "INDEXED BY runs_active"
        return "" if self.jobs is None else "INDEXED BY runs_of_job"

    @property
    def has_times(self) -> bool:
        """Whether only runs of some time are wanted."""
        return self.start_from is not None or self.start_to is not None

    def condition(self) -> tuple[str, list[Any]]:
        """As SQL and its values."""
        parts = {
            "job_id = ?": self.job_id,
            "job_id IN (SELECT value FROM json_each(?))": None if self.jobs is None else json.dumps(list(self.jobs)),
            "run_type = ?": self.run_type,
            "start_time >= ?": self.start_from,
            "start_time <= ?": self.start_to,
            "run_id < ?": self.before,
        }
        given = {text: value for text, value in parts.items() if value is not None}
        texts = list(given) + ([] if self.active is None else ["active" if self.active else "NOT active"])
        return "".join(f" AND {text}" for text in texts), list(given.values())


class RunIndex:
    """The table. Made, and filled from the documents of an older account, when it is not there."""

    def __init__(self, store: Store, kind: str) -> None:
        self._store = store
        with store.write():
            known = store.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name='run_index'")
            for statement in _SCHEMA:
                store.execute(statement)
            if not known:
                store.execute(_FILL, (*_ENDED, kind))

    def put(self, run: Document) -> None:
        """Inside the transaction that writes the run."""
        values = (run["workspace_id"], run["run_id"], run["job_id"], run["start_time"], is_active(run))
        self._store.execute(
            "INSERT OR REPLACE INTO run_index VALUES (?, ?, ?, ?, ?, ?)", (*values, run.get("run_type", "JOB_RUN"))
        )

    def remove(self, run: Document) -> None:
        """Inside the transaction that removes the run."""
        self._store.execute("DELETE FROM run_index WHERE scope=? AND run_id=?", (run["workspace_id"], run["run_id"]))

    def newest(self, workspace_id: int, wanted: Wanted) -> Iterator[tuple[int, int]]:
        """(run id, job id), newest first, read as far as the caller asks."""
        condition, values = wanted.condition()
        table = f"run_index {wanted.index or self._index_of_times(workspace_id, wanted)}"
        query = f"SELECT run_id, job_id FROM {table} WHERE scope=?{condition} ORDER BY run_id DESC"  # noqa: S608
        last: list[Any] = []
        while True:
            further = " AND run_id < ?" if last else ""
            paged = query.replace(" ORDER BY", f"{further} ORDER BY") + f" LIMIT {_BATCH}"
            rows = self._store.execute(paged, (workspace_id, *values, *last))
            yield from rows
            if len(rows) < _BATCH:
                return
            last = [rows[-1][0]]

    def _index_of_times(self, workspace_id: int, wanted: Wanted) -> str:
        """That of times for a short time only: sorting the runs of a long one takes longer than walking past others."""
        if not wanted.has_times:
            return ""
        condition, values = Wanted(start_from=wanted.start_from, start_to=wanted.start_to).condition()
        found = f"SELECT 1 FROM run_index INDEXED BY runs_by_time WHERE scope=?{condition} LIMIT {_FEW}"  # noqa: S608
        count = self._store.execute(f"SELECT count(*) FROM ({found})", (workspace_id, *values))[0][0]  # noqa: S608
        return "INDEXED BY runs_by_time" if count < _FEW else ""
