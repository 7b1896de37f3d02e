"""Loads beside other runs, without Spark: which number a load takes, and what two runs add to one table."""

from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import PySparkException

from brickyard_pipelines.errors import Disturbed
from brickyard_pipelines.ml.data import bronze, loading, tables
from brickyard_pipelines.ml.data.bronze import Load
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.landing import LandedFile
from brickyard_pipelines.ml.data.tables import ColumnDefinition
from brickyard_pipelines.ml.settings import StepSettings

CONTRACT = TableContract(name="planes", comment="Planes", source_columns=("tail",), columns=())
SETTINGS = StepSettings(project="p", catalog="c")
FILES = (LandedFile(table="planes", path="/1.csv", size=1), LandedFile(table="planes", path="/2.csv", size=2))


class Bronze:
    """A table with numbered loads; Delta leaves out a number that is not above the last."""

    def __init__(self, *does: str) -> None:
        self.does = list(does)  # of each try: refused, unreadable, left out, or loads
        self.numbers: list[int] = []
        self.last = 0
        self.held: set[str] = set()

    def pending(self, *_: Any) -> tuple[LandedFile, ...]:
        return tuple(file for file in FILES if file.path not in self.held)

    def load(self, _spark: Any, _settings: Any, _contract: Any, _looks: Any, news: Any, this: Load) -> bool:
        self.numbers.append(this.number)
        did = self.does.pop(0)
        if did == "loads":
            self.last = this.number
            self.held |= {file.path for file in news}
        return did in {"loads", "left out"}


def load(monkeypatch: pytest.MonkeyPatch, table: Bronze) -> list[int]:
    """The numbers that a step asked for."""
    monkeypatch.setattr(bronze, "last_load", lambda *_: table.last)
    monkeypatch.setattr(bronze, "pending", table.pending)
    monkeypatch.setattr(loading, "load_readable", table.load)
    monkeypatch.setattr(loading, "whole_files", lambda *given: {file.path: None for file in given[-1]})
    monkeypatch.setattr(tables, "state", lambda *_: None)
    nothing: Any = None
    loading.load(nothing, nothing, SETTINGS, CONTRACT, FILES)
    return table.numbers


@pytest.mark.parametrize("did", ["unreadable", "refused"])
def test_a_load_that_committed_nothing_asks_for_the_number_that_another_run_would_take(
    monkeypatch: pytest.MonkeyPatch, did: str
) -> None:
    """With a higher one both would be let in, each with the same files."""
    assert load(monkeypatch, Bronze(did, did, "loads")) == [1, 1, 1]


def test_a_number_that_delta_left_out_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The note of the load that took it may be older than the history that is read."""
    assert load(monkeypatch, Bronze("left out", "unreadable", "loads")) == [1, 2, 2]


def test_a_load_that_is_refused_again_and_again_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Disturbed, match="in 6 tries other runs loaded"):
        load(monkeypatch, Bronze(*["refused"] * 6))


class Table:
    """A Delta table that another run widens, or makes, just before our statement."""

    def __init__(self, columns: list[str] | None, theirs: list[str], error: str = "") -> None:
        self.columns, self.theirs, self.error = columns, theirs, error
        self.said: list[str] = []
        self.catalog = SimpleNamespace(tableExists=lambda _: self.columns is not None)

    def table(self, _name: str) -> Any:
        return SimpleNamespace(columns=list(self.columns or []))

    def sql(self, text: str) -> None:
        self.said.append(text)
        if self.error:
            error, self.error = self.error, ""
            if self.theirs:
                self.columns = [*(self.columns or []), *self.theirs]
            raise PySparkException(error)
        self.columns = [*(self.columns or []), *(name for name in ("crew", "cabin") if f"`{name}`" in text)]


WANTED = [ColumnDefinition(name=name, type="string") for name in ("tail", "crew", "cabin")]


def test_columns_that_another_run_adds_first_are_not_added_again() -> None:
    part: Any = Table(["tail"], ["CREW"], "[FIELD_ALREADY_EXISTS] Cannot add column, because `crew` already exists")
    assert tables.add_columns(part, "t", WANTED) == ("cabin",)
    assert ["`crew`" in said for said in part.said] == [True, False]
    whole: Any = Table(["tail"], ["crew", "cabin"], "[DELTA_METADATA_CHANGED] by a concurrent update")
    assert tables.add_columns(whole, "t", WANTED) == ()
    assert len(whole.said) == 1


def test_an_error_that_no_other_run_explains_is_raised() -> None:
    full: Any = Table(["tail"], [], "no space left")
    with pytest.raises(PySparkException, match="no space left"):
        tables.add_columns(full, "t", WANTED)
    nowhere: Any = Table(None, [], "no such schema")
    with pytest.raises(PySparkException, match="no such schema"):
        bronze.widen(nowhere, CONTRACT, "t")


def test_a_table_that_another_run_makes_first_is_widened() -> None:
    made: Any = Table(None, ["tail", *(column.name for column in bronze._ORIGIN)], "[TABLE_OR_VIEW_ALREADY_EXISTS]")
    assert bronze.widen(made, CONTRACT, "t", ["crew"]) == ("crew",)


@pytest.mark.parametrize("name", ["DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED"])
def test_a_table_that_changes_before_the_append_is_looked_at_again(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(bronze, "_read", lambda *_: None)
    spark: Any = Table(["tail"], [], f"[{name}] by a concurrent update")
    looks: Any = {file.path: SimpleHashable() for file in FILES}
    this = Load(number=1, offered=FILES)
    monkeypatch.setattr(bronze, "reduce", lambda *_: None)
    assert bronze.load(spark, CONTRACT, looks, FILES, "t", this=this) is False
    disk: Any = Table(["tail"], [], "no space left")
    with pytest.raises(PySparkException, match="no space left"):
        bronze.load(disk, CONTRACT, looks, FILES, "t", this=this)


class SimpleHashable:
    """What was seen of a file: its columns."""

    header = ("tail",)
