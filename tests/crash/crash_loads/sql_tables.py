"""Writers of tables and views through the statements API, on Spark.

What is told of a statement that was under way must be true, and its table is as it was before, or as it should become.
Tables are read back by SQL when Spark runs again: in the next round, before anything else is written.
"""

# ruff: noqa: S608 - the names in these statements are of the writers themselves

import time
from collections.abc import Iterable
from typing import Any

import httpx

from crash_loads.writer import ABSENT, Json, Writer

SCHEMA = "crash.sql"
_STATEMENTS = "/api/2.0/sql/statements"
_TABLES = "/api/2.1/unity-catalog/tables"
_TOLD = ("SUCCEEDED", "FAILED", "CANCELED")
_PATIENCE_S = 500.0  # on a machine that has other things to do, Spark takes minutes to start


class SqlTables(Writer):
    """Tables `v BIGINT[, extra INT]`. The state of one is its columns, and number and sum of its values.

    `values` are what the tables hold when all that was acknowledged happened; `wanted` what the statement under way
    would make of them.
    """

    warehouse_id = ""
    statement_id = ""
    writing = False

    def __post_init__(self) -> None:
        self.values: dict[str, list[int]] = {}
        self.wanted: dict[str, list[int] | None] = {}
        self.extra: set[str] = set()
        self.unread: set[str] = set()

    def step(self) -> None:
        if self.unread:
            self.read_back(sorted(self.unread))
            self.unread.clear()
        known = sorted(self.values)
        if len(known) < 2:
            self.create()
            return
        table = self.random.choice(known)
        acts = (self.insert, self.insert, self.update, self.delete, self.replace, self.widen, self.view, self.drop)
        self.random.choice(acts)(table)

    def create(self) -> None:
        count = self.random.randrange(1, 3000)
        table = f"{self.name}_{self.next()}"
        as_ = f"CREATE TABLE {SCHEMA}.{table} COMMENT 'of {self.name}' AS SELECT id AS v FROM range({count})"
        self.write(table, list(range(count)), as_)

    def insert(self, table: str) -> None:
        begin, count = self.random.randrange(10_000), self.random.randrange(1, 3000)
        rows = f"SELECT id FROM range({begin}, {begin + count})"
        self.write(
            table, [*self.values[table], *range(begin, begin + count)], f"INSERT INTO {SCHEMA}.{table} (v) {rows}"
        )

    def update(self, table: str) -> None:
        self.write(table, [v + 1 for v in self.values[table]], f"UPDATE {SCHEMA}.{table} SET v = v + 1")

    def delete(self, table: str) -> None:
        kept = [v for v in self.values[table] if v % 3]
        self.write(table, kept, f"DELETE FROM {SCHEMA}.{table} WHERE v % 3 = 0")

    def replace(self, table: str) -> None:
        count = self.random.randrange(1, 3000)
        as_ = f"CREATE OR REPLACE TABLE {SCHEMA}.{table} AS SELECT id * 7 AS v FROM range({count})"
        self.write(table, [7 * v for v in range(count)], as_, extra=False)

    def widen(self, table: str) -> None:
        if table in self.extra:
            self.update(table)
        else:
            self.write(table, self.values[table], f"ALTER TABLE {SCHEMA}.{table} ADD COLUMN extra INT", extra=True)

    def view(self, table: str) -> None:
        """The same view again and again: it is the old one, or the new."""
        of = f"SELECT v FROM {SCHEMA}.{table} WHERE v > {self.next()}"
        self.say({f"view {self.name}_view": of}, f"CREATE OR REPLACE VIEW {SCHEMA}.{self.name}_view AS {of}")

    def drop(self, table: str) -> None:
        self.write(table, None, f"DROP TABLE {SCHEMA}.{table}")

    def write(self, table: str, values: list[int] | None, text: str, *, extra: bool | None = None) -> None:
        """One statement that makes these values of a table."""
        has_extra = table in self.extra if extra is None else extra
        self.wanted = {table: values}
        self.say({f"table {table}": ABSENT if values is None else _state(has_extra, values)}, text)
        self.settle(table, self.acknowledged[f"table {table}"])

    def settle(self, table: str, state: Any) -> None:
        """Take up what became of the table."""
        if self.wanted and state == _of(self.wanted.get(table), state):
            values = self.wanted[table]
            self.values.pop(table, None)
            if values is not None:
                self.values[table] = values
        self.wanted = {}
        (self.extra.add if state is not ABSENT and "extra" in state else self.extra.discard)(table)

    def say(self, states: Json, text: str) -> None:
        self.pending = states
        self.writing = True
        told = self.execute(text)
        assert told["status"]["state"] == "SUCCEEDED", f"{text}: {told['status']}"
        self.acknowledge()
        self.writing = False

    def execute(self, text: str) -> Json:
        """The answer once the statement ended; half of them are waited for by asking again."""
        wait = self.random.choice(("0s", "10s"))
        body = {"warehouse_id": self.warehouse_id, "statement": text, "wait_timeout": wait}
        self.statement_id = ""
        told = self.client.post(_STATEMENTS, json=body).raise_for_status().json()
        self.statement_id = told["statement_id"]
        deadline = time.monotonic() + _PATIENCE_S
        while told["status"]["state"] not in _TOLD and time.monotonic() < deadline:
            time.sleep(0.05)
            told = self.client.get(f"{_STATEMENTS}/{self.statement_id}").raise_for_status().json()
        self.statement_id = ""
        answer: Json = told
        return answer

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        """By REST what exists, and what the statement is said to have become; rows are read in the next round."""
        self.client = client
        wrong = self.told_untrue()
        changing = {key.partition(" ")[2] for key in self.pending}
        self.unread |= {key.partition(" ")[2] for key in self.fresh if key.startswith("table")} | changing
        self.unread |= set(self.values) if everything else set()
        self.unread &= set(self.values) | changing
        self.fresh.clear()
        found, known = self.listed() - changing, self.known() - changing
        if found != known:
            wrong.append(f"{self.name}: there are {sorted(found)}, acknowledged were {sorted(known)}")
        return wrong

    def told_untrue(self) -> list[str]:
        """A statement that was under way has ended: as it succeeded, or by the restart."""
        wrong = self.noted()
        if self.statement_id:
            told = (self.get(f"{_STATEMENTS}/{self.statement_id}") or {"status": {"state": "forgotten"}})["status"]
            if told["state"] == "SUCCEEDED":
                self.settle_pending()
            elif (told["state"], told.get("error", {}).get("error_code")) != ("FAILED", "ABORTED"):
                wrong.append(f"{self.name}: a statement that was under way is {told}")
        self.statement_id, self.writing = "", False
        return wrong

    def listed(self) -> set[str]:
        listed = (self.get(_TABLES, catalog_name="crash", schema_name="sql", max_results=50) or {})["tables"]
        return {each["name"] for each in listed if each["name"].startswith(f"{self.name}_")}

    def known(self) -> set[str]:
        return {key.partition(" ")[2] for key, state in self.acknowledged.items() if state is not ABSENT}

    def settle_pending(self) -> None:
        """It is said to have succeeded: then what it wrote is there."""
        if not self.writing:
            return
        self.acknowledge()
        for table in list(self.wanted):
            self.settle(table, self.acknowledged[f"table {table}"])

    def read_back(self, names: Iterable[str]) -> None:
        """Compare rows and columns with what was acknowledged, by SQL. Errors: AssertionError."""
        for name in names:
            kind = "view" if name.endswith("_view") else "table"
            key = f"{kind} {name}"
            found, before = self.actual(key), self.acknowledged.get(key, ABSENT)
            allowed = (before, self.pending[key]) if key in self.pending else (before,)
            self.acknowledged[key] = found
            if key in self.pending:
                self.pending = {}
                if kind == "table":
                    self.settle(name, found)
            assert found in allowed, f"{key} is {found}, it should be one of {allowed}"

    def actual(self, key: str) -> Any:
        kind, _, name = key.partition(" ")
        shown = self.get(f"{_TABLES}/{SCHEMA}.{name}")
        if shown is None:
            return ABSENT
        if kind == "view":
            return shown["view_definition"]
        told = self.execute(f"SELECT count(*), coalesce(sum(v), 0) FROM {SCHEMA}.{name}")
        assert told["status"]["state"] == "SUCCEEDED", f"{key} cannot be read: {told['status']}"
        count, total = told["result"]["data_array"][0]
        columns = ", ".join(column["name"] for column in shown["columns"])
        return f"{columns}: {count} rows, sum {total}"


def _state(extra: bool, values: list[int]) -> str:
    return f"{'v, extra' if extra else 'v'}: {len(values)} rows, sum {sum(values)}"


def _of(values: list[int] | None, like: Any) -> Any:
    """The state of a table with these values, as wide as another state."""
    return ABSENT if values is None else _state(like is not ABSENT and "extra" in like, values)
