"""What the crash test compares by would show a loss, a half-made change, and nothing else."""

import random
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from crash_loads import applies as applies_module
from crash_loads.applies import TerraformApplies
from crash_loads.sql_tables import SqlTables
from crash_loads.writer import ABSENT, Writer

CLIENT = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={})), base_url="http://w")
MAIN = Path(applies_module.__file__).with_name("main.tf")
NAMELESS = {"databricks_grants", "databricks_permissions"}  # settings of another object: applied again, as they are
FOUND = {
    "Resources": [{"id": "7"}],
    "jobs": [{"job_id": 7}],
    "experiment": {"experiment_id": "7"},
}


class Cells(Writer):
    """Cells of a server that is a dict."""

    def __post_init__(self) -> None:
        self.server: dict[str, Any] = {}

    def step(self) -> None:
        raise NotImplementedError

    def actual(self, key: str) -> Any:
        return self.server.get(key, ABSENT)


@pytest.fixture
def cells() -> Cells:
    """`a` was acknowledged; `b` was changed from 1 to 2, which nobody answered."""
    made = Cells(name="cells", random=random.Random(1))  # noqa: S311 - a sequence that can be repeated
    for key in ("a", "b"):
        made.pending = {key: 1}
        made.acknowledge()
    made.pending = {"b": 2}
    return made


@pytest.mark.parametrize("server", [{"a": 1, "b": 1}, {"a": 1, "b": 2}])
def test_what_was_under_way_may_have_happened_or_not(cells: Cells, server: dict[str, Any]) -> None:
    cells.server = server
    assert cells.check(CLIENT) == []
    assert cells.acknowledged == server
    cells.server = {**server, "b": 3}
    assert cells.check(CLIENT, everything=True) == [f"cells: b is 3, acknowledged was {server['b']}"]


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({"b": 1}, "a is None, acknowledged was 1"),
        ({"a": 2, "b": 1}, "a is 2, acknowledged was 1"),
        ({"a": 1}, "b is half-made: None; it was 1, becoming 2"),
    ],
)
def test_a_loss_and_a_half_made_change_are_told(cells: Cells, server: dict[str, Any], told: str) -> None:
    cells.server = server
    assert [text for text in cells.check(CLIENT) if told in text]


def test_a_table_with_some_of_an_inserts_rows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = SqlTables(name="sql", random=random.Random(1))  # noqa: S311 - as above
    tables.values, tables.acknowledged = {"t": [1, 2]}, {"table t": "v: 2 rows, sum 3"}
    for found, right in (("v: 2 rows, sum 3", True), ("v: 4 rows, sum 10", True), ("v: 3 rows, sum 6", False)):
        tables.values["t"] = [1, 2]
        tables.acknowledged["table t"] = "v: 2 rows, sum 3"
        tables.wanted, tables.pending = {"t": [1, 2, 3, 4]}, {"table t": "v: 4 rows, sum 10"}
        monkeypatch.setattr(tables, "actual", lambda _key, found=found: found)
        if right:
            tables.read_back(["t"])
            assert sum(tables.values["t"]) == int(found.rpartition(" ")[2])
        else:
            with pytest.raises(AssertionError, match="table t is v: 3 rows"):
                tables.read_back(["t"])


def test_an_object_of_the_state_that_is_gone_and_one_that_nobody_said_had_failed_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    applies = TerraformApplies(name="tf", random=random.Random(1))  # noqa: S311 - as above
    address = "databricks_catalog.main"
    monkeypatch.setattr(applies, "folder", type("Folder", (), {"path": tmp_path}), raising=False)
    monkeypatch.setattr(applies, "creations", lambda: {address: {"name": "c"}})
    monkeypatch.setattr(applies, "stray", lambda *_: "c")
    with pytest.raises(AssertionError, match="was never said to have failed"):
        applies.recover()
    (tmp_path / "terraform.tfstate").touch()
    monkeypatch.setattr(applies, "told", lambda *_: address)
    with pytest.raises(AssertionError, match="is in Terraform's state and not in the workspace"):
        applies.recover()


def test_every_object_that_is_applied_is_looked_for_by_what_names_it() -> None:
    """A kill before the answer leaves it out of Terraform's state: it must be found to be imported."""
    applies = TerraformApplies(name="tf", random=random.Random(1))  # noqa: S311 - as above
    names = {"name": "n", "path": "/p", "display_name": "d"}
    kinds = set(re.findall(r'^resource "(\w+)"', MAIN.read_text(), re.MULTILINE)) - NAMELESS
    for kind in sorted(kinds):
        for status, found in ((404, ABSENT), (200, "7")):
            applies.client = httpx.Client(
                transport=httpx.MockTransport(lambda _, status=status: httpx.Response(status, json=FOUND)),
                base_url="http://w",
            )
            got = applies.stray(f'{kind}.each["a"]', names)
            assert (got is ABSENT) == (found is ABSENT), kind
